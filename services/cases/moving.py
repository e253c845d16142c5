"""网格调整 at the case desk: a case of a grid that was redrawn lies where its place now is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from contracts.cases import CaseMoved, Place
from contracts.grid import Successor
from contracts.shared import TimelineEntry
from services.cases.domain import CaseRecord, announce
from services.cases.machine import Outcome
from services.chassis.ground import Ground

ACTOR = "grid"


class Redrawing(NamedTuple):
    """What follows a grid: the ground of its successors, and who takes what has no place of its own."""

    ground: Ground
    successors: Mapping[str, Successor]
    main: str | None

    @classmethod
    def to(cls, successors: Sequence[Successor], main: str | None) -> "Redrawing":
        """As the grid registry tells it."""
        ground = Ground((one.code, one.geometry.model_dump()) for one in successors)
        return cls(ground, {one.code: one for one in successors}, main)

    def follower(self, place: Place) -> Successor | None:
        """The successor that holds a place; None: nobody follows there."""
        point = place.point
        hit = self.ground.locate(point.longitude, point.latitude) if point else None
        code = hit.code if hit else self.main
        return self.successors.get(code) if code else None


def followed(place: Place, first: Redrawing, later: Mapping[str, Redrawing]) -> Place:
    """The place in the grid that now holds it; `later` are the ends of grids that themselves followed."""
    left = dict(later)
    redrawing: Redrawing | None = first
    while redrawing and (successor := redrawing.follower(place)) and successor.code != place.grid:
        place = place.model_copy(update={"grid": successor.code, "path": successor.path})
        redrawing = left.pop(successor.code, None)
    return place


def moved(record: CaseRecord, place: Place, now: datetime, trace_id: str | None) -> Outcome:
    """The case in its new grid; who has it and what runs stay as they are."""
    before = record.place.grid or ""
    after = replace(record, place=place, version=record.version + 1)
    entry = TimelineEntry(
        at=now,
        actor=ACTOR,
        action="move",
        from_state=record.state,
        to_state=record.state,
        note=f"网格调整: {before} → {place.grid}",
        trace_id=trace_id,
    )
    return Outcome(after, [entry], [announce(CaseMoved, after, from_grid=before)])

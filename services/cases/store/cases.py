"""Cases: opened in batches, changed one step at a time, listed newest first, looked at when their clocks say so."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pymongo import IndexModel
from pymongo.database import Database

from contracts.cases import ActOnCase, Case, ListCases, Place
from contracts.faults import NotFound
from contracts.shared import Page
from services.cases.domain import CaseRecord
from services.cases.effects import Setting
from services.cases.intake import Report, open_case
from services.cases.machine import OWNING, Outcome
from services.cases.numbers import area_of, case_number
from services.cases.responsible import rosters_needed
from services.cases.store.documents import UNLISTED, Document, StoredCase, change, new_document
from services.cases.store.figures import Figures
from services.cases.store.positions import Positions
from services.cases.store.redrawn import Redrawn
from services.cases.store.surroundings import Surroundings
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Changed, New
from services.chassis.messages import Received
from services.chassis.stretches import newest
from services.chassis.territories import way_down

# the narrowest first
FILTERS = {"alert": "alert", "grid": "place.grid", "assignee": "assignee", "category": "category", "state": "state"}
INDEXES = [
    IndexModel([("origin", 1)], unique=True),
    IndexModel([("watch_at", 1)], sparse=True),
    IndexModel([("closed_at", 1)], sparse=True),
    IndexModel([("position", 1)]),
    *(IndexModel([(field, 1), ("position", 1)]) for field in FILTERS.values()),
]
FIRST_WINDOW = 200
WIDER = 4
LOOKS = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CaseStore(Surroundings):
    """Built once at start."""

    def __init__(self, database: Database[Document]) -> None:
        super().__init__(database)
        self.cases = Aggregates(database, "cases", INDEXES)
        self.redrawn = Redrawn(database, self.cases)
        self._positions = Positions(database["counters"])
        self.figures = Figures(self.cases, self._positions, self.categories)

    def get(self, case_no: str) -> StoredCase:
        """The whole case. Raises NotFound."""
        found = self.cases.get(case_no)
        if found is None:
            raise NotFound("case_unknown", "没有此工单", "no such case")
        return StoredCase(found)

    def of_origin(self, origin: str) -> StoredCase | None:
        """The case that a report has become already."""
        found = self.cases.collection.find_one({"origin": origin})
        return StoredCase(found) if found else None

    def open(self, report: Report) -> StoredCase:
        """The new case of a report, or the one that it became before."""
        [new] = self._new([report])
        if self.cases.insert(new.document, new.events):
            opened = StoredCase({**new.document, "version": 1})
            return self.get(new.document["_id"]) if self.redrawn.overtaken([opened.record.place]) else opened
        standing = self.of_origin(report.origin)
        if standing is None:
            raise AssertionError("a case number was given twice")
        return standing

    def open_many(self, reports: Sequence[Report], causes: Sequence[Received[Any]]) -> None:
        """Cases of all reports that have none yet, in one write."""
        new = self._new(reports)
        self.cases.insert_many([one._replace(cause=cause) for one, cause in zip(new, causes, strict=True)])
        self.redrawn.overtaken([Place.model_validate(one.document["place"]) for one in new])

    def setting(self, record: CaseRecord, command: ActOnCase) -> Setting:
        """What surrounds a step: limits, and rosters where somebody is to be found."""
        way = way_down(record.place.path, record.place.grid)
        org_path = self.way_to(command.org) if command.org and not way else []
        targets = rosters_needed(record.place.grid, way or org_path or record.owner_path)
        return Setting(
            caller=command.caller,
            now=context.now(),
            limits=self.categories([record.category])[record.category],
            rosters=self.rosters.of(targets) if command.action in OWNING else {},
            org_path=org_path,
            trace_id=context.trace_id(),
        )

    def write(self, standing: StoredCase, outcome: Outcome) -> StoredCase:
        """The case after a step, as it then stands. Raises Conflict when somebody was faster."""
        changed = change(outcome, context.now())
        before = standing.document
        if not self.cases.update(before["_id"], before["version"], changed, outcome.events):
            return self.get(before["_id"])
        timeline = [*before["timeline"], *changed.push["timeline"]]
        left = {name: value for name, value in before.items() if name not in changed.unset}
        return StoredCase({**left, **changed.set, "version": outcome.record.version, "timeline": timeline})

    def due(self, now: datetime) -> list[CaseRecord]:
        """Some of the cases whose clocks want a look."""
        found = self.cases.collection.find({"watch_at": {"$gt": _EPOCH, "$lte": now}}, UNLISTED).limit(LOOKS)
        return [StoredCase(document).record for document in found]

    def write_looks(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """What the looks brought; a case that somebody overtook is left to the next look."""
        self.cases.update_many(
            [Changed(one.record.case_no, one.record.version - 1, change(one, now), one.events) for one in outcomes]
        )

    def page(self, query: ListCases) -> Page[Case]:
        """Newest first."""
        top = int(cursors.decode(query.cursor, 1)[0] or 0) if query.cursor else self._positions.last()
        wanted = {field: value for name, field in FILTERS.items() if (value := getattr(query, name)) is not None}
        count = query.limit + 1
        ranges = _ranges(top, max(FIRST_WINDOW, count))
        found = newest(self.cases.collection, "position", ranges, wanted, limit=count, hidden=UNLISTED)
        rest = cursors.encode(found[query.limit]["position"]) if len(found) > query.limit else None
        return Page[Case](items=[StoredCase(one).shown_to(query.caller) for one in found[: query.limit]], next=rest)

    def _new(self, reports: Sequence[Report]) -> list[New]:
        now = context.now()
        settled = self.redrawn.settled([report.place for report in reports])
        reports = [replace(report, place=place) for report, place in zip(reports, settled, strict=True)]
        places = {(report.place.grid, tuple(report.place.path)) for report in reports}
        rosters = self.rosters.of(code for grid, path in places for code in rosters_needed(grid, way_down(path, grid)))
        new = []
        for report, position in zip(reports, self._positions.take(len(reports)), strict=True):
            way = way_down(report.place.path, report.place.grid)
            case_no = case_number(now, area_of(report.place.grid or (way[-1] if way else None)), position)
            outcome = open_case(report, case_no, rosters, now)
            new.append(New(new_document(report, outcome, position, now), outcome.events))
        return new


def _ranges(top: int, window: int) -> Iterator[dict[str, int]]:
    """From the newest position down, in windows that widen."""
    while top > 0:
        yield {"$gt": top - window, "$lte": top}
        top, window = top - window, window * WIDER

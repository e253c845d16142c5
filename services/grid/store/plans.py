"""Collection `plans` 调整方案: _id, kind, state, sources[], grids[] as laid out, successors[], assessment, timeline[].

`touched[]` are all codes that a plan names. `unfinished` stands from a decision until the grids have followed it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid4, uuid5

from pymongo import DESCENDING, IndexModel
from pymongo.database import Database

from contracts.grid import Assessment, GroundRedrawn, ListPlans, Plan, PlanChange, PlanKind, PlanState
from contracts.shared import Page
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change
from services.chassis.records import entry
from services.grid.geometry import Surveyed
from services.grid.planning.laying import Laid
from services.grid.planning.rules import ALLOWED

INDEXES = [
    IndexModel([("order", 1)], name="order"),
    IndexModel([("state", 1), ("order", 1)], name="state"),
    IndexModel([("touched", 1), ("order", 1)], name="touched"),
    IndexModel([("unfinished", 1)], name="unfinished", sparse=True),
]


class Kept(NamedTuple):
    """A plan as it stands, its grids as they were laid out, who decided last and when.

    `done`: the present command was already applied.
    """

    plan: Plan
    laid: Sequence[Laid]
    actor: str
    at: datetime
    done: bool


class Plans(Aggregates):
    """All plans that were ever prepared."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "plans", INDEXES)

    def id(self) -> str:
        """Of the plan that the present command prepares: the same when it comes again."""
        message = context.message_id()
        return (uuid5(NAMESPACE_URL, message) if message else uuid4()).hex

    def one(self, id: str) -> Kept | None:
        """With all that carrying it out needs."""
        found = self.get(id)
        return _kept(found) if found else None

    def prepare(self, id: str, command: PlanChange, laid: Sequence[Laid], assessment: Assessment) -> None:
        """A new plan; one that stands already stays."""
        now = context.now()
        document = {
            "_id": id,
            "order": f"{now:%Y%m%d%H%M%S%f} {id}",
            "kind": command.kind,
            "state": PlanState.PREPARED,
            "sources": list(command.sources),
            "grids": [asdict(one) for one in laid],
            "successors": list(command.successors),
            "touched": sorted({*command.sources, *command.successors, *(one.code for one in laid)}),
            "note": command.note,
            "assessment": assessment.model_dump(),
            "prepared_at": now,
            "unfinished": True,
            "timeline": [entry(command.caller.who, "prepare", None, PlanState.PREPARED, at=now).model_dump()],
        }
        self.insert(document)

    def commit(self, kept: Kept, laid: Sequence[Laid], assessment: Assessment, told: GroundRedrawn, actor: str) -> None:
        """The one write that decides: from here on the plan is carried out, whatever happens."""
        fields = {
            "state": PlanState.COMMITTED,
            "grids": [asdict(one) for one in laid],
            "assessment": assessment.model_dump(),
            "committed_at": told.at,
            "unfinished": True,
        }
        record = entry(actor, "commit", PlanState.PREPARED, PlanState.COMMITTED, at=told.at)
        self.update(
            kept.plan.id, kept.plan.version, Change(set=fields, push={"timeline": [record.model_dump()]}), [told]
        )

    def cancel(self, kept: Kept, actor: str) -> None:
        """Given up: its grids have to be set free."""
        record = entry(actor, "cancel", PlanState.PREPARED, PlanState.CANCELLED)
        fields = {"state": PlanState.CANCELLED, "unfinished": True}
        self.update(kept.plan.id, kept.plan.version, Change(set=fields, push={"timeline": [record.model_dump()]}))

    def unfinished(self) -> Iterator[Kept]:
        """Those whose grids may not have followed yet."""
        for found in self.collection.find({"unfinished": True}):
            yield _kept(found)

    def finished(self, kept: Kept) -> None:
        """Its grids have followed this decision; no part of the plan's own history."""
        self.collection.update_one({"_id": kept.plan.id, "state": kept.plan.state}, {"$unset": {"unfinished": ""}})

    def page(self, query: ListPlans) -> Page[Plan]:
        """The newest first."""
        criteria: dict[str, Any] = {"order": {"$lt": str(cursors.decode(query.cursor, 1)[0])}} if query.cursor else {}
        if query.state:
            criteria["state"] = query.state
        if query.grid:
            criteria["touched"] = query.grid
        hidden = {"applied": 0, "outbox": 0, "timeline": 0}
        found = list(self.collection.find(criteria, hidden).sort("order", DESCENDING).limit(query.limit + 1))
        shown, following = cursors.cut(found, query.limit, "order")
        return Page(items=[_plan(one) for one in shown], next=following)


def _kept(found: dict[str, Any]) -> Kept:
    last = found["timeline"][-1]
    return Kept(_plan(found), [_laid(one) for one in found["grids"]], last["actor"], last["at"], context.applied(found))


def _plan(found: dict[str, Any]) -> Plan:
    state = PlanState(found["state"])
    return Plan(
        id=found["_id"],
        kind=PlanKind(found["kind"]),
        state=state,
        sources=found["sources"],
        grids=[_laid(one).planned for one in found["grids"]],
        successors=found["successors"],
        note=found["note"],
        assessment=Assessment.model_validate(found["assessment"]),
        allowed_actions=[*ALLOWED.get(state, ())],
        prepared_at=found["prepared_at"],
        committed_at=found.get("committed_at"),
        version=found["version"],
        timeline=found.get("timeline", []),
    )


def _laid(one: dict[str, Any]) -> Laid:
    ground = one["ground"]
    return Laid(**{**one, "ground": Surveyed(**{**ground, "bounds": tuple(ground["bounds"])})})

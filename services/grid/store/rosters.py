"""Collection `assignments` 任职: one document a target: _id its code, postings[] (those that stand or are to come),
past[] (those that are over, the newest 200), held[] (the roles in which somebody is there), next_at (when the clock has
something to do, absent where it has nothing)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database

from contracts.base import Event
from contracts.grid import GridStaffed, GridUnstaffed, Posting, Role, StaffOnLeave
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key
from services.grid.rosters import Roster, lost, next_at, roles_held

INDEXES = [IndexModel([("held", 1)], name="held"), IndexModel([("next_at", 1)], name="next_at", sparse=True)]
DUE = 100


class Standing(NamedTuple):
    """A roster, its version (0: none was ever made), and whether the present command has already been applied."""

    roster: Roster = Roster()
    version: int = 0
    done: bool = False


class Rosters(Aggregates):
    """Who is posted where."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "assignments", INDEXES)

    def standing(self, targets: Collection[str]) -> dict[str, Standing]:
        """The rosters of those targets that have one."""
        fields = {"postings": 1, "past": 1, "version": 1, "applied": 1}
        return {one["_id"]: _standing(one) for one in by_key(self.collection, targets, fields)}

    def postings(self, targets: Collection[str], at: datetime | None = None) -> Mapping[str, Sequence[Posting]]:
        """The postings that stand; for another time also those that are over."""
        fields = {"postings": 1, "past": 1} if at else {"postings": 1}
        found = by_key(self.collection, targets, fields)
        return {one["_id"]: _postings([*one["postings"], *one.get("past", ())]) for one in found}

    def with_role(self, role: Role, among: Collection[str] | None = None) -> set[str]:
        """Targets where somebody is there in the role now."""
        if among is None:
            return {one["_id"] for one in self.collection.find({"held": role}, {"_id": 1})}
        return {one["_id"] for one in by_key(self.collection, among, {"_id": 1}, held=role)}

    def due(self, now: datetime) -> dict[str, Standing]:
        """Rosters on which the clock has something to do, a hundred at most."""
        found = self.collection.find({"next_at": {"$lte": now}}, {"_id": 1}).limit(DUE)
        return self.standing([one["_id"] for one in found])

    def next(self, target: str, standing: Standing, after: Roster, *, active: bool) -> New | Changed:
        """The roster as it is to be, and what that tells; of an `active` grid also who is missing now."""
        before, version = standing.roster.postings, standing.version + 1
        events: list[Event] = [GridStaffed(target=target, postings=_told(after.postings), version=version)]
        events += _left(target, before, after.postings, version)
        if active and (roles := lost(before, after.postings)):
            events.append(GridUnstaffed(target=target, roles=roles, version=version))
        fields: dict[str, Any] = {
            "postings": _documents(after.postings),
            "held": [role.value for role in roles_held(after.postings)],
        }
        if after.past != standing.roster.past:
            fields["past"] = _documents(after.past)
        moment = next_at(after)
        if moment:
            fields["next_at"] = moment
        if standing.version == 0:
            return New({"_id": target, **fields}, events)
        unset = () if moment else ("next_at",)
        return Changed(target, standing.version, Change(set=fields, unset=unset), events)


def _left(target: str, before: Sequence[Posting], after: Sequence[Posting], version: int) -> list[Event]:
    """Who is on leave now and was not before."""
    away = {(one.staff_no, one.role, one.post) for one in before if one.state == "on_leave"}
    return [
        StaffOnLeave(
            target=target,
            staff_no=one.staff_no,
            role=one.role,
            backup=one.leaves[-1].backup,
            until=one.leaves[-1].until,
            version=version,
        )
        for one in after
        if one.state == "on_leave" and (one.staff_no, one.role, one.post) not in away
    ]


def _told(postings: Sequence[Posting]) -> list[Posting]:
    """What others copy: when somebody was on leave is nobody else's business."""
    return [one.model_copy(update={"leaves": []}) for one in postings]


def _documents(postings: Sequence[Posting]) -> list[dict[str, Any]]:
    return [one.model_dump(exclude_none=True) for one in postings]


def _postings(documents: Sequence[Mapping[str, Any]]) -> list[Posting]:
    return [Posting(**each) for each in documents]


def _standing(found: Mapping[str, Any]) -> Standing:
    roster = Roster(_postings(found["postings"]), _postings(found.get("past", ())))
    return Standing(roster, found["version"], context.applied(found))

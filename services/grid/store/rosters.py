"""Collection `assignments` 任职: one document a target: _id its code, postings[], held[] (the roles that stand)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database

from contracts.grid import GridStaffed, Posting, Role
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key
from services.grid.rosters import roles_held

INDEXES = [IndexModel([("held", 1)], name="held")]


class Roster(NamedTuple):
    """The postings of one target and the version they stand at (0: none were ever made)."""

    postings: Sequence[Posting] = ()
    version: int = 0


class Rosters(Aggregates):
    """Who is posted where."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "assignments", INDEXES)

    def standing(self, targets: Collection[str]) -> dict[str, Roster]:
        """The rosters of those targets that have one."""
        found = by_key(self.collection, targets, {"postings": 1, "version": 1})
        return {one["_id"]: Roster([Posting(**each) for each in one["postings"]], one["version"]) for one in found}

    def postings(self, targets: Collection[str]) -> Mapping[str, Sequence[Posting]]:
        """The same without versions."""
        return {target: roster.postings for target, roster in self.standing(targets).items()}

    def with_role(self, role: Role, among: Collection[str] | None = None) -> set[str]:
        """Targets where somebody holds the role now."""
        if among is None:
            return {one["_id"] for one in self.collection.find({"held": role}, {"_id": 1})}
        return {one["_id"] for one in by_key(self.collection, among, {"_id": 1}, held=role)}

    def new(self, target: str, postings: Sequence[Posting]) -> New:
        """The first roster of a target."""
        told = GridStaffed(target=target, postings=list(postings), version=1)
        return New({"_id": target, **_fields(postings)}, [told])

    def changed(self, target: str, version: int, postings: Sequence[Posting]) -> Changed:
        """The whole roster anew."""
        told = GridStaffed(target=target, postings=list(postings), version=version + 1)
        return Changed(target, version, Change(set=_fields(postings)), [told])


def _fields(postings: Sequence[Posting]) -> dict[str, Any]:
    return {
        "postings": [one.model_dump(exclude_none=True) for one in postings],
        "held": [role.value for role in roles_held(postings)],
    }

"""Collection `visits` 走访: _id, place, household_no, grid, staff_no, purpose, visited_at, private.note.

Collection `accesses` 查阅记录: _id, place, household_no, who, client, purpose, fields[], at, trace_id.
"""

from typing import Any

from pymongo.database import Database

from contracts.grid import Access, ListAccesses, ListVisits, LookAtHousehold, RecordVisit, Visit
from contracts.shared import Page
from services.chassis import context
from services.chassis.diary import Diary


class Visits(Diary):
    """Who was visited, by whom and why."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "visits", ["household_no", "grid"])

    def recorded(self) -> Visit | None:
        """The visit that the present command has recorded before, without its note."""
        found = self.entered()
        return _visit(found, private=False) if found else None

    def record(self, command: RecordVisit, grid: str) -> Visit:
        """Write a visit down. The note is not told back: answers to commands may be kept for a retry."""
        at = command.visited_at or context.now()
        fields = command.model_dump(include={"household_no", "staff_no", "purpose"})
        note = {"private": {"note": command.note}} if command.note else {}
        return _visit(self.enter(at, {**fields, "grid": grid, "visited_at": at, **note}), private=False)

    def listed(self, query: ListVisits, *, private: bool) -> Page[Visit]:
        """The newest first; notes only when `private`."""
        subjects = {"household_no": query.household_no, "grid": query.grid}
        found, following = self.page(subjects, query.cursor, query.limit)
        return Page(items=[_visit(one, private=private) for one in found], next=following)


class Accesses(Diary):
    """Who was shown private fields of a household, which and why."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "accesses", ["household_no"])

    def record(self, command: LookAtHousehold) -> Access:
        """Write a look down; of a repeated command the entry of its first time."""
        at = context.now()
        caller, asked = command.caller, command.model_dump(include={"household_no", "purpose"})
        seen = {"who": caller.who, "client": caller.client, "fields": sorted(set(command.fields))}
        return _access(self.enter(at, {**asked, **seen, "at": at, "trace_id": context.trace_id()}))

    def listed(self, query: ListAccesses) -> Page[Access]:
        """The newest first."""
        found, following = self.page({"household_no": query.household_no}, query.cursor, query.limit)
        return Page(items=[_access(one) for one in found], next=following)


def _visit(found: dict[str, Any], *, private: bool) -> Visit:
    note = found.get("private", {}).get("note") if private else None
    return Visit.model_validate({**found, "id": found["_id"], "note": note})


def _access(found: dict[str, Any]) -> Access:
    return Access.model_validate({**found, "id": found["_id"]})

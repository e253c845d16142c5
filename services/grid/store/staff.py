"""Collection `staff` 网格人员: _id staff number, name, role, org, state, phone_masked, private.phone."""

from collections.abc import Collection
from typing import Any, NamedTuple

from pymongo.database import Database

from contracts.grid import Role, StaffMember
from contracts.shared import Page
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key
from services.grid.domain import mask_phone

PUBLIC = {"private": 0, "applied": 0, "outbox": 0}
WHOLE = {"applied": 0, "outbox": 0}
SAID = ("name", "role", "phone", "org")


class Person(NamedTuple):
    """What a row or a form says of a person; None: not said."""

    staff_no: str
    name: str
    role: Role
    phone: str | None = None
    org: str | None = None


class Staff(Aggregates):
    """The city's grid staff. The number itself is read only for those who may see it."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "staff")

    def one(self, staff_no: str, *, private: bool) -> StaffMember | None:
        """By staff number; the phone in full only when `private`."""
        found = self.collection.find_one({"_id": staff_no}, WHOLE if private else PUBLIC)
        return _member(found) if found else None

    def page(self, cursor: str | None, limit: int, *, private: bool) -> Page[StaffMember]:
        """By staff number."""
        criteria = {"_id": {"$gt": str(cursors.decode(cursor, 1)[0])}} if cursor else {}
        found = list(self.collection.find(criteria, WHOLE if private else PUBLIC).sort("_id", 1).limit(limit + 1))
        shown, following = cursors.cut(found, limit)
        return Page(items=[_member(one) for one in shown], next=following)

    def standing(self, numbers: Collection[str]) -> dict[str, StaffMember]:
        """Those of the numbers that exist, with their phones, for comparing."""
        return {one["_id"]: _member(one) for one in by_key(self.collection, numbers, WHOLE)}

    def done(self, staff_no: str) -> bool:
        """Whether the present message has already been applied to this person."""
        found = self.get(staff_no)
        return found is not None and context.applied(found)

    def known(self, numbers: Collection[str]) -> set[str]:
        """Those of the numbers that exist and have not left."""
        found = by_key(self.collection, numbers, {"_id": 1}, state="active")
        return {one["_id"] for one in found}

    def names(self, numbers: Collection[str]) -> dict[str, str]:
        """The names of those of the numbers that exist."""
        return {one["_id"]: one["name"] for one in by_key(self.collection, numbers, {"name": 1})}

    def new(self, person: Person) -> New:
        """Somebody new."""
        return New({"_id": person.staff_no, "state": "active", **_fields(person)})

    def changed(self, person: Person, standing: StaffMember) -> Changed | None:
        """What of a known person is now said otherwise; None when nothing is."""
        differing = [name for name in SAID if getattr(person, name) not in (None, getattr(standing, name))]
        if not differing:
            return None
        return Changed(person.staff_no, standing.version, Change(set=_fields(person, differing)))

    def count(self) -> int:
        """How many are active."""
        return self.collection.count_documents({"state": "active"})


def _fields(person: Person, only: Collection[str] = SAID) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(person, name) for name in only if name != "phone"}
    if "phone" in only and person.phone:
        fields |= {"private": {"phone": person.phone}, "phone_masked": mask_phone(person.phone)}
    return fields


def _member(found: dict[str, Any]) -> StaffMember:
    return StaffMember(
        staff_no=found["_id"],
        name=found["name"],
        phone=found.get("private", {}).get("phone") or found.get("phone_masked"),
        role=found["role"],
        org=found.get("org"),
        state=found["state"],
        version=found["version"],
    )

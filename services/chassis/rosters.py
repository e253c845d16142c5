"""A service's own copy of the rosters, fed by grid.staffed, and who stands there in a role."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pymongo.database import Database

from contracts.grid import GridStaffed, Posting, Role
from services.chassis.aggregates import Document
from services.chassis.copies import LocalCopy
from services.chassis.messages import Received
from services.chassis.portions import by_key
from services.chassis.territories import level_of

NOBODY = "none"
Rosters = Mapping[str, Sequence[Posting]]


class RosterCopies:
    """The newest roster of each grid and territory."""

    def __init__(self, database: Database[Document]) -> None:
        self._copies = LocalCopy(database, "roster_copies", fed_by=(GridStaffed,))

    def absorb(self, heard: Sequence[Received[GridStaffed]]) -> None:
        """Keep the newest of each."""
        told = [one.data for one in heard]
        self._copies.absorb([(one.target, one.version, one.model_dump(include={"postings"})) for one in told])

    def of(self, targets: Iterable[str]) -> Rosters:
        """Those that are known, by target."""
        found = by_key(self._copies.collection, set(targets))
        return {one["_id"]: [Posting.model_validate(posting) for posting in one["postings"]] for one in found}


def holders(roster: Sequence[Posting], role: Role, now: datetime) -> list[str]:
    """Staff numbers of who stands there in the role: the primary one or their stand-in first, then the smallest.

    Nobody on leave does.
    """
    leading = {(one.staff_no, one.role, one.post) for one in roster if one.primary}
    there = [one for one in roster if one.role is role and _stands(one, now)]
    ranked = sorted(((one.backup_for or one.staff_no, role, one.post) not in leading, one.staff_no) for one in there)
    return list(dict.fromkeys(staff_no for _, staff_no in ranked))


def rule_of(target: str, role: Role) -> str:
    """How the holders of a role are found: `grid_worker`, `street_chief`."""
    return f"{level_of(target)}_{role}"


def _stands(posting: Posting, now: datetime) -> bool:
    begun = posting.starts_at is None or posting.starts_at <= now
    return posting.state == "current" and begun and (posting.ends_at is None or now < posting.ends_at)

"""Whose a place is: territory codes on the way up, and the person who answers for it 责任人."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from contracts.grid import Posting, Role

LEVELS = {2: "province", 4: "city", 6: "county", 9: "street", 12: "community", 15: "grid"}
ANSWERING = (Role.WORKER, Role.CHIEF, Role.SUPERVISOR)
NOBODY = "none"
NAMED = "named"

Rosters = Mapping[str, Sequence[Posting]]


def significant(code: str) -> str:
    """A territory's code without the zeros that fill the national form: 230902000000 → 230902."""
    for length in (2, 4, 6, 9):
        if len(code) <= 12 and not code[length:].strip("0"):
            return code[:length]
    return code


def national(code: str) -> str:
    """The 12-digit form of a territory's code (a grid's 15 digits stay)."""
    return code.ljust(12, "0")


def is_above(upper: str, lower: str) -> bool:
    """Whether the territory `upper` holds the other one and is not the same."""
    high, low = significant(upper), significant(lower)
    return high != low and low.startswith(high)


def way_down(path: Sequence[str], grid: str | None) -> list[str]:
    """The territories over a place from the province to its community, which a grid's code names by itself."""
    codes = list(path)
    if grid and all(significant(code) != grid[:12] for code in codes):
        codes.append(grid[:12])
    return codes


def way_to(org: str, path: Sequence[str]) -> list[str]:
    """The part of a way down that ends at `org`; empty when it does not lie on the way."""
    for at, code in enumerate(path):
        if significant(code) == significant(org):
            return list(path[: at + 1])
    return []


def rosters_needed(grid: str | None, path: Sequence[str]) -> list[str]:
    """Targets whose rosters may name somebody: the grid, and the community and street over it."""
    upward = [national(code) for code in reversed(path) if len(significant(code)) >= 9]
    return [grid, *upward] if grid else upward


def responsible(targets: Sequence[str], rosters: Rosters, now: datetime) -> tuple[str | None, str]:
    """The first who answers, worker before chief before supervisor at each target, and the rule that named them.

    A rule reads level_role (`grid_worker`, `street_chief`), or `none`. Within a role the primary one or their stand-in
    comes first, then the smallest staff number; nobody on leave does.
    """
    for target in targets:
        roster = rosters.get(target, ())
        leading = {(one.staff_no, one.role, one.post) for one in roster if one.primary}
        present = [posting for posting in roster if _stands(posting, now)]
        for role in ANSWERING:
            holders = [
                ((one.backup_for or one.staff_no, role, one.post) not in leading, one.staff_no)
                for one in present
                if one.role is role
            ]
            if holders:
                return min(holders)[1], f"{LEVELS[len(significant(target))]}_{role}"
    return None, NOBODY


def _stands(posting: Posting, now: datetime) -> bool:
    begun = posting.starts_at is None or posting.starts_at <= now
    return posting.state == "current" and begun and (posting.ends_at is None or now < posting.ends_at)

"""The person who answers for a place 责任人."""

from collections.abc import Sequence
from datetime import datetime

from contracts.grid import Role
from services.chassis.rosters import NOBODY, Rosters, holders, rule_of
from services.chassis.territories import national, significant

ANSWERING = (Role.WORKER, Role.CHIEF, Role.SUPERVISOR)
NAMED = "named"


def rosters_needed(grid: str | None, path: Sequence[str]) -> list[str]:
    """Targets whose rosters may name somebody: the grid, and the community and street over it."""
    upward = [national(code) for code in reversed(path) if len(significant(code)) >= 9]
    return [grid, *upward] if grid else upward


def responsible(targets: Sequence[str], rosters: Rosters, now: datetime) -> tuple[str | None, str]:
    """The first who answers, worker before chief before supervisor at each target, and the rule that named them.

    A rule reads level_role (`grid_worker`, `street_chief`), or `none`.
    """
    for target in targets:
        for role in ANSWERING:
            if there := holders(rosters.get(target, ()), role, now):
                return there[0], rule_of(target, role)
    return None, NOBODY

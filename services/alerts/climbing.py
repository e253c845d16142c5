"""逐级上报: who of the five levels 五级 is told of an incident, by which rule, and until when they may wait.

A level where nobody stands is passed at once and stays on record as a notice to nobody; the last one is told even
where nobody is known, so that no incident ends without a word.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.alerts import Level, Notice
from contracts.grid import Role
from services.chassis.rosters import NOBODY, Rosters, holders, rule_of
from services.chassis.territories import level_of, national, way_down

LEVELS = tuple(Level)
_LEADING = (Role.SUPERVISOR, Role.CHIEF, Role.WORKER)
# where a level's people are posted, by what the digits of the code say, and in which role: the first found are told
_POSTS: Mapping[Level, Sequence[tuple[str, Role]]] = {
    Level.WORKER: [("grid", Role.WORKER)],
    Level.CHIEF: [("grid", Role.CHIEF)],
    Level.COMMUNITY: [*(("community", role) for role in _LEADING), ("grid", Role.SUPERVISOR)],
    Level.STREET: [("street", role) for role in _LEADING],
    Level.DISTRICT: [("county", role) for role in _LEADING],
}


class Ladder(NamedTuple):
    """What a climb goes by: the rosters of the place, who is on the way up to the district, and the times to wait."""

    targets: Mapping[str, str]
    rosters: Rosters
    minutes: Mapping[Level, float]


def targets(grid: str | None, path: Sequence[str]) -> dict[str, str]:
    """Whose rosters the levels of a place are found in: the grid's and the territories' over it, by their level."""
    over = {level_of(code): national(code) for code in way_down([code for code in path if code != grid], grid)}
    return {**over, "grid": grid} if grid else over


def notices(first: Level, ladder: Ladder, now: datetime) -> list[Notice]:
    """From `first` upward until somebody is told; the last of them is the one that waits for an answer."""
    told = []
    for level in LEVELS[LEVELS.index(first) :]:
        notified, rule = _found(level, ladder, now)
        told.append(
            Notice(level=level, notified=notified, notified_by=rule, at=now, due_at=_due(level, notified, ladder, now))
        )
        if notified:
            break
    return told


def climbed(standing: Sequence[Notice], ladder: Ladder, now: datetime) -> list[Notice]:
    """The notices that follow those that stand; none before the last one's time is over, and none after the last level.

    Who was answered or has ended is not asked about any more.
    """
    due_at = standing[-1].due_at
    if due_at is None or now < due_at:
        return []
    return notices(LEVELS[LEVELS.index(standing[-1].level) + 1], ladder, now)


def _found(level: Level, ladder: Ladder, now: datetime) -> tuple[list[str], str]:
    for place, role in _posts(level, ladder):
        if there := holders(ladder.rosters.get(place, ()), role, now):
            return there, rule_of(place, role)
    return [], NOBODY


def _posts(level: Level, ladder: Ladder) -> Iterator[tuple[str, Role]]:
    for where, role in _POSTS[level]:
        if where in ladder.targets:
            yield ladder.targets[where], role


def _due(level: Level, notified: Sequence[str], ladder: Ladder, now: datetime) -> datetime | None:
    if level is LEVELS[-1]:
        return None
    return now + timedelta(minutes=ladder.minutes[level]) if notified else now

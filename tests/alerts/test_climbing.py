"""Who of the five levels is told, and when the next is."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alerts import Level, Notice
from contracts.grid import Posting, Role
from services.alerts.climbing import LEVELS, Ladder, climbed, notices, targets
from services.alerts.domain import CLIMB_MINUTES

from .scene import GRID, NOON, PATH

COMMUNITY, STREET, DISTRICT = "230902001001", "230902001000", "230902000000"
FULL: dict[str, list[Posting]] = {
    GRID: [
        Posting(staff_no="W2", role=Role.WORKER),
        Posting(staff_no="W1", role=Role.WORKER, primary=True),
        Posting(staff_no="C1", role=Role.CHIEF),
    ],
    COMMUNITY: [Posting(staff_no="S1", role=Role.SUPERVISOR)],
    STREET: [Posting(staff_no="S2", role=Role.CHIEF)],
    DISTRICT: [Posting(staff_no="S3", role=Role.SUPERVISOR)],
}


def ladder(
    rosters: Mapping[str, list[Posting]], grid: str | None = GRID, minutes: Mapping[Level, float] = CLIMB_MINUTES
) -> Ladder:
    return Ladder(targets(grid, PATH if grid else []), rosters, minutes)


def told(given: list[Notice]) -> list[tuple[Level, list[str], str]]:
    return [(one.level, one.notified, one.notified_by) for one in given]


def climb(rosters: Mapping[str, list[Posting]]) -> list[Notice]:
    """To the end, each step as soon as its time is over."""
    standing = notices(Level.WORKER, ladder(rosters), NOON)
    while due_at := standing[-1].due_at:
        standing += climbed(standing, ladder(rosters), due_at)
    return standing


def test_the_levels_of_a_place_by_its_codes() -> None:
    assert targets(GRID, PATH) == {
        "province": "230000000000",
        "city": "230900000000",
        "county": DISTRICT,
        "street": STREET,
        "community": COMMUNITY,
        "grid": GRID,
    }
    assert targets(None, []) == {}


def test_all_five_levels_are_told_each_after_its_time() -> None:
    found = climb(FULL)
    assert told(found) == [
        (Level.WORKER, ["W1", "W2"], "grid_worker"),
        (Level.CHIEF, ["C1"], "grid_chief"),
        (Level.COMMUNITY, ["S1"], "community_supervisor"),
        (Level.STREET, ["S2"], "street_chief"),
        (Level.DISTRICT, ["S3"], "county_supervisor"),
    ]
    assert [(one.at - NOON) // timedelta(minutes=1) for one in found] == [0, 5, 15, 35, 75]
    assert found[-1].due_at is None


def test_who_is_on_leave_is_not_told_but_who_stands_in() -> None:
    away = Posting(staff_no="W1", role=Role.WORKER, primary=True, state="on_leave")
    backup = Posting(staff_no="W9", role=Role.WORKER, backup_for="W1")
    first = notices(Level.WORKER, ladder({GRID: [away, backup]}), NOON)
    assert told(first) == [(Level.WORKER, ["W9"], "grid_worker")]


def test_a_supervisor_of_the_grid_stands_for_a_community_without_staff() -> None:
    supervised = {GRID: [Posting(staff_no="S9", role=Role.SUPERVISOR)]}
    assert told(notices(Level.COMMUNITY, ladder(supervised), NOON)) == [(Level.COMMUNITY, ["S9"], "grid_supervisor")]


def test_a_level_without_anybody_is_passed_at_once_and_on_record() -> None:
    found = notices(Level.WORKER, ladder({COMMUNITY: FULL[COMMUNITY]}), NOON)
    assert told(found) == [
        (Level.WORKER, [], "none"),
        (Level.CHIEF, [], "none"),
        (Level.COMMUNITY, ["S1"], "community_supervisor"),
    ]
    assert [one.due_at for one in found] == [NOON, NOON, NOON + timedelta(minutes=20)]


@pytest.mark.parametrize("grid", [GRID, None])
def test_where_nobody_is_known_the_last_level_is_told_all_the_same(grid: str | None) -> None:
    found = notices(Level.CHIEF, ladder({}, grid), NOON)
    assert told(found) == [(level, [], "none") for level in LEVELS[1:]]
    assert found[-1].due_at is None


STAFFED = st.dictionaries(
    st.sampled_from([GRID, COMMUNITY, STREET, DISTRICT]),
    st.lists(st.builds(Posting, staff_no=st.sampled_from("ABC"), role=st.sampled_from(Role)), max_size=4),
)


@given(
    first=st.sampled_from(LEVELS),
    rosters=st.lists(STAFFED, min_size=1, max_size=4),
    waits=st.lists(st.floats(0, 90), max_size=12),
    answered=st.integers(0, 12),
)
def test_an_incident_climbs_each_level_once_in_order_and_never_when_answered(
    first: Level, rosters: list[dict[str, list[Posting]]], waits: list[float], answered: int
) -> None:
    now: datetime = NOON
    standing = notices(first, ladder(rosters[0]), now)
    for turn, wait in enumerate(waits):
        now += timedelta(minutes=wait)
        due_at = standing[-1].due_at
        further = climbed(standing, ladder(rosters[turn % len(rosters)]), now) if turn < answered else []
        assert bool(further) == (turn < answered and due_at is not None and due_at <= now)
        standing += further
    levels = [one.level for one in standing]
    assert levels == list(LEVELS[LEVELS.index(first) :][: len(levels)])
    assert all(one.notified or one.due_at in (one.at, None) for one in standing)
    assert standing[-1].notified or standing[-1].level is LEVELS[-1]
    assert (standing[-1].due_at is None) == (standing[-1].level is LEVELS[-1])

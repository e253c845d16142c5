"""Buildings and households go with the ground of a plan: shown before, moved at the commit, once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.database import Database

from contracts.grid import CommitChange, ListHouseholds, Plan, PlanChange, PlanKind
from contracts.shared import Point
from services.grid.housing import building, list_households
from services.grid.planning import carrying, deciding
from services.grid.planning.moving import Registered, destinations, main_of
from services.grid.store import GridStore
from tests.grid.homes import SIX, building_code, live, settle
from tests.grid.sources import CORNER, OPERATOR, STEP, cell, code

WEST, SOUTH = CORNER
EAST_HALF = (WEST + STEP * 3 / 4, SOUTH + STEP / 2)
CUT = [
    {"longitude": WEST + STEP / 2, "latitude": SOUTH - STEP},
    {"longitude": WEST + STEP / 2, "latitude": SOUTH + 2 * STEP},
]
NEW = [code(8), code(9)]


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    """Six live grids; two buildings with three households in the first, of which one stands in its eastern half."""
    store = GridStore(database)
    live(store)
    settle(store, building_code(SIX[0], 1), households=2, place=EAST_HALF)
    settle(store, building_code(SIX[0], 2))
    return store


def plan(store: GridStore, **said: Any) -> Plan:
    return deciding.prepare(store, PlanChange.model_validate({"caller": OPERATOR, **said}))


def split(store: GridStore, **more: Any) -> Plan:
    grids = [{"code": one, "name": one[-3:]} for one in NEW]
    return plan(store, kind="split", sources=SIX[:1], grids=grids, cut=CUT, **more)


def commit(store: GridStore, prepared: Plan) -> None:
    deciding.commit(store, CommitChange(caller=OPERATOR, id=prepared.id))


def where(store: GridStore) -> dict[int, str]:
    return {at: building(store, building_code(SIX[0], at)).grid for at in (1, 2)}


def lived_in(store: GridStore, grid: str) -> set[str]:
    return {one.household_no for one in list_households(store, ListHouseholds(caller=OPERATOR, grid=grid)).items}


def test_buildings_go_to_the_ground_that_holds_them(registry: GridStore) -> None:
    shown = {one.to: one.buildings for one in split(registry, dry_run=True).assessment.moved}
    assert sum(shown.values()) == 2 and shown[NEW[1]] >= 1
    assert where(registry) == {1: SIX[0], 2: SIX[0]}
    commit(registry, split(registry))
    registry.dwellings.follow_moved()
    after = where(registry)
    # without a place it goes to the largest
    assert after[1] == NEW[1] and after[2] in NEW
    assert {grid: sum(1 for one in after.values() if one == grid) for grid in NEW if shown.get(grid)} == {
        grid: count for grid, count in shown.items() if count
    }
    assert lived_in(registry, SIX[0]) == set()
    assert set().union(*(lived_in(registry, grid) for grid in NEW)) == {"H1", "H2"}


def test_merged_again_all_live_together(registry: GridStore) -> None:
    commit(registry, split(registry))
    merged = plan(registry, kind="merge", sources=NEW, grids=[{"code": code(7), "name": "七"}])
    assert {(one.source, one.buildings) for one in merged.assessment.moved if one.buildings} <= {
        (NEW[0], 1),
        (NEW[1], 1),
        (NEW[1], 2),
    }
    commit(registry, merged)
    registry.dwellings.follow_moved()
    assert where(registry) == {1: code(7), 2: code(7)}
    assert lived_in(registry, code(7)) == {"H1", "H2"}


def test_whoever_follows_a_retired_grid_takes_its_buildings(registry: GridStore) -> None:
    retired = plan(registry, kind="retire", sources=SIX[:1], successors=[SIX[2], SIX[1]])
    assert [(one.to, one.buildings) for one in retired.assessment.moved] == [(SIX[2], 2)]
    commit(registry, retired)
    assert where(registry) == {1: SIX[2], 2: SIX[2]}


def test_what_a_crash_left_is_moved_by_the_clock(registry: GridStore, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = split(registry)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(registry.dwellings, "regrid", dies)
        with pytest.raises(KeyboardInterrupt):
            commit(registry, prepared)
    assert where(registry) == {1: SIX[0], 2: SIX[0]}
    for _ in range(2):
        carrying.follow(registry)
    assert SIX[0] not in where(registry).values()


squares = {code(column + 1): cell(column, 0) for column in range(3)}


@given(
    st.lists(st.tuples(st.sampled_from(sorted(squares)), st.none() | st.tuples(st.floats(-1, 4), st.floats(-1, 2)))),
    st.sampled_from([None, *sorted(squares)]),
)
def test_nobody_is_lost_and_who_stays_is_not_moved(
    drawn: list[tuple[str, tuple[float, float] | None]], main: str | None
) -> None:
    def place(at: tuple[float, float] | None) -> Point | None:
        return Point(longitude=WEST + at[0] * STEP, latitude=SOUTH + at[1] * STEP) if at else None

    registered = [Registered(f"{grid}{n:05d}", grid, place(at), 1) for n, (grid, at) in enumerate(drawn)]
    going = destinations(registered, squares, main)
    grids = {one.building: one.grid for one in registered}
    assert going.keys() <= grids.keys()
    assert set(going.values()) <= squares.keys()
    assert all(grids[building] != grid for building, grid in going.items())
    assert going == destinations(registered, squares, main)


def test_who_takes_what_has_no_place() -> None:
    areas = {"b": 1.0, "a": 3.0, "c": 2.0}
    assert [main_of(kind, areas) for kind in PlanKind] == ["a", "a", None, "b"]
    assert main_of(PlanKind.RETIRE, {}) is None

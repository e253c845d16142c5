"""What a grid was: as of any time, in any order of changes, by code, by list and by point."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from contracts.faults import Fault, Invalid, NotFound
from contracts.grid import (
    ActivateGrids,
    ActOnGrid,
    GetGrid,
    Grid,
    GridAction,
    GridPeriod,
    GridState,
    ListGridHistory,
    ListGrids,
    SaveGrid,
)
from contracts.shared import Geometry, Point
from services.chassis import context
from services.grid import recalling
from services.grid.answering import locate, locate_then
from services.grid.changing import act, activate, save
from services.grid.store import GridStore
from tests.grid.sources import (
    FIRST,
    OPERATOR,
    STEP,
    cell,
    chiefs,
    code,
    daoyi_rows,
    grid_rows,
    load,
    middle,
    person,
    rows,
)

SIX = [code(number) for number in range(1, 7)]
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
# no time that can be written down is too early or too late to be asked about
AGES = [
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=14))),
]


class Clock:
    """Time as a test wants it."""

    def __init__(self) -> None:
        self.time = BEGINNING

    def now(self) -> datetime:
        return self.time

    def pass_on(self, **delta: float) -> datetime:
        self.time += timedelta(**delta)
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moving = Clock()
    monkeypatch.setattr(context, "now", moving.now)
    return moving


@pytest.fixture
def registry(database: Database[dict[str, Any]], clock: Clock) -> GridStore:
    """Six drafts with a chief each, of the first day."""
    return prepared(database)


def prepared(database: Database[dict[str, Any]]) -> GridStore:
    store = GridStore(database)
    load(store, "divisions", daoyi_rows())
    load(store, "grids", grid_rows())
    load(store, "staff", rows(person("S1")))
    load(store, "assignments", chiefs(SIX))
    return store


def then(store: GridStore, at: datetime, one: str = SIX[0]) -> Grid:
    return recalling.grid(store, GetGrid(caller=OPERATOR, code=one, at=at))


def history(store: GridStore, one: str = SIX[0], limit: int = 50) -> list[GridPeriod]:
    """All pages."""
    found: list[GridPeriod] = []
    cursor = None
    while True:
        page = recalling.history(store, ListGridHistory(caller=OPERATOR, code=one, cursor=cursor, limit=limit))
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


def listed(store: GridStore, **asked: Any) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = recalling.grids(store, ListGrids(caller=OPERATOR, limit=2, cursor=cursor, **asked))
        found += [one.code for one in page.items]
        cursor = page.next
        if cursor is None:
            return found


def lay(store: GridStore, column: float, row: float, at: datetime) -> tuple[str | None, str | None, list[str]]:
    longitude, latitude = middle(column, row)  # type: ignore[arg-type]
    found = locate_then(store, Point(longitude=longitude, latitude=latitude), "wgs84", at)
    return found.grid, found.nearest, found.path


def story(store: GridStore, clock: Clock) -> list[datetime]:
    """Six go live, one is renamed, loses ground and is suspended; the times between."""
    moments = [clock.time]
    clock.pass_on(days=1)
    activate(store, ActivateGrids(caller=OPERATOR, codes=SIX))
    moments.append(clock.pass_on(hours=1))
    clock.pass_on(days=1)
    load(store, "grids", rows({"code": SIX[0], "name": "旧城网格", "geometry": cell(0, 0, grown=-STEP / 2)}))
    moments.append(clock.pass_on(hours=1))
    clock.pass_on(days=1)
    act(store, ActOnGrid(caller=OPERATOR, code=SIX[0], action=GridAction.SUSPEND))
    moments.append(clock.pass_on(hours=1))
    return moments


def test_before_between_and_after(registry: GridStore, clock: Clock) -> None:
    drafted, live, smaller, suspended = story(registry, clock)
    with pytest.raises(NotFound) as unknown:
        then(registry, drafted)
    assert unknown.value.code == "grid_unknown"
    first, second, present = then(registry, live), then(registry, smaller), then(registry, suspended)
    assert [one.name for one in (first, second, present)] == ["第1网格", "旧城网格", "旧城网格"]
    assert [one.state for one in (first, second, present)] == ["active", "active", "suspended"]
    assert first.area_m2 == pytest.approx(2 * (second.area_m2 or 0), rel=0.01)
    assert [len(one.timeline) for one in (first, second, present)] == [2, 3, 4]
    # at the very moment of a change it is what it became
    assert second.valid_from is not None
    assert then(registry, second.valid_from).name == "旧城网格"
    assert then(registry, second.valid_from - timedelta(milliseconds=1)).name == "第1网格"
    assert then(registry, AGES[1]).state is GridState.SUSPENDED
    with pytest.raises(NotFound):
        then(registry, AGES[0])


def test_pages_of_a_history(registry: GridStore, clock: Clock) -> None:
    story(registry, clock)
    whole = history(registry)
    assert [(one.state, one.geometry_version) for one in whole] == [("suspended", 2), ("active", 2), ("active", 1)]
    assert [one.valid_to for one in whole] == [None, *(one.valid_from for one in whole[:-1])]
    assert history(registry, limit=1) == history(registry, limit=2) == whole
    shapes = recalling.history(registry, ListGridHistory(caller=OPERATOR, code=SIX[0], geometries=True)).items
    assert all(one.geometry for one in shapes)
    for cursor in ("W251bGxd", "WyJ4Il0", "Wy01XQ", "x"):
        with pytest.raises(Invalid):
            recalling.history(registry, ListGridHistory(caller=OPERATOR, code=SIX[0], cursor=cursor))


def test_lists_of_then(registry: GridStore, clock: Clock) -> None:
    drafted, live, smaller, suspended = story(registry, clock)
    assert listed(registry, at=drafted) == []
    assert listed(registry, at=live, state="active", parent="2101") == SIX
    assert listed(registry, at=suspended, state="active") == SIX[1:]
    assert listed(registry, at=smaller, name="旧城") == SIX[:1]
    assert listed(registry, at=live, name="旧城") == []
    longitude, latitude = middle(0, 0)
    east = (longitude + STEP / 4, latitude, longitude + STEP / 4, latitude)
    assert [listed(registry, at=at, bbox=east) for at in (live, smaller)] == [SIX[:1], []]
    assert listed(registry, at=live, parent="2309") == []
    page = recalling.grids(registry, ListGrids(caller=OPERATOR, at=live, geometries=True, limit=1))
    assert (page.items[0].name, page.items[0].geometry is not None) == ("第1网格", True)
    # another copy of the service reads the same from the store
    assert listed(GridStore(registry.grids.collection.database), at=live, state="active") == SIX


def test_points_of_then(registry: GridStore, clock: Clock) -> None:
    assert lay(registry, 0, 0, clock.time)[:2] == (None, None)
    drafted, live, smaller, suspended = story(registry, clock)
    assert lay(registry, 0, 0, drafted)[:2] == (None, None)
    grid, _, path = lay(registry, 0.35, 0, live)
    assert (grid, path[-1]) == (SIX[0], FIRST)
    assert [lay(registry, 0.35, 0, at)[:2] for at in (smaller, suspended)] == [(None, SIX[1]), (None, SIX[1])]
    assert lay(registry, 0, -0.2, smaller)[0] == SIX[0]
    assert lay(registry, 0, 0.35, suspended)[:2] == (None, SIX[3])
    assert lay(registry, 300, 300, live)[1] == SIX[5]
    longitude, latitude = middle(0, 0)
    edge = locate_then(registry, Point(longitude=longitude + STEP / 2, latitude=latitude), "wgs84", live)
    assert (edge.grid, edge.on_boundary) == (SIX[0], True)


def test_now_is_as_the_living_index_says(registry: GridStore, clock: Clock) -> None:
    story(registry, clock)
    points = [Point(longitude=x, latitude=y) for x, y in (middle(0, 0), middle(1, 1), middle(7, 3))]
    told = locate(registry, points, "wgs84")
    assert [locate_then(registry, point, "wgs84", clock.time) for point in points] == told


def test_a_crash_between_the_two_writes_does_no_harm(registry: GridStore, clock: Clock) -> None:
    story(registry, clock)
    whole, standing = history(registry), registry.grids.held([SIX[0]])[SIX[0]]
    write = registry.grids.moved(standing, GridState.ACTIVE, "x", "resume")
    registry.grids.history.keep([write.left] if write.left else [])
    clock.pass_on(hours=1)
    assert (history(registry), then(registry, clock.time).state) == (whole, "suspended")
    assert listed(registry, at=clock.time, state="suspended") == SIX[:1]
    act(registry, ActOnGrid(caller=OPERATOR, code=SIX[0], action=GridAction.RESUME))
    assert len(history(registry)) == len(whole) + 1


def test_older_data_count_since_they_were_made(registry: GridStore, clock: Clock) -> None:
    story(registry, clock)
    registry.grids.collection.update_one({"_id": SIX[1]}, {"$unset": {"valid_from": ""}})
    old = then(registry, BEGINNING, SIX[1])
    assert (old.state, old.valid_from) == ("active", BEGINNING)


changes = st.lists(
    st.tuples(st.sampled_from(["rename", "shrink", "grow", "suspend", "resume", "import"]), st.integers(-5, 50)),
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes)
def test_the_periods_of_a_grid_tile_time(
    clock: Clock, database: Database[dict[str, Any]], wanted: list[tuple[str, int]]
) -> None:
    """Whatever is done in whatever order, even while a clock goes back."""
    store = prepared(database.client[f"{database.name}_{clock.pass_on(days=1):%j%f}"])
    activate(store, ActivateGrids(caller=OPERATOR, codes=SIX[:1]))
    begun, seen = clock.time, []
    for turn, (what, seconds) in enumerate(wanted):
        clock.pass_on(seconds=seconds)
        try:
            change(store, what, turn)
        except Fault:
            continue
        seen.append(store.grids.held([SIX[0]])[SIX[0]].grid)
    periods = history(store)[::-1]
    assert periods[0].valid_from == begun
    assert periods[-1].valid_to is None
    for one, after in pairwise(periods):
        assert one.valid_to == after.valid_from
        assert after.valid_from is not None
        assert one.valid_from is not None
        assert one.valid_from <= after.valid_from
    for grid in seen:
        assert grid.valid_from is not None
        last = [one for one in seen if one.valid_from == grid.valid_from][-1]
        assert then(store, grid.valid_from).version == last.version
        assert store.chronicle.refresh().at(SIX[0], grid.valid_from).version == last.version  # type: ignore[union-attr]


def change(store: GridStore, what: str, turn: int) -> None:
    ground = {"shrink": cell(0, 0, grown=-STEP / 2), "grow": cell(0, 0)}
    if what == "rename":
        save(store, SaveGrid(caller=OPERATOR, code=SIX[0], name=f"名{turn}"))
    elif what in ground:
        save(store, SaveGrid(caller=OPERATOR, code=SIX[0], geometry=Geometry.model_validate(ground[what])))
    elif what == "import":
        load(store, "grids", rows({"code": SIX[0], "households": turn}))
    else:
        act(store, ActOnGrid(caller=OPERATOR, code=SIX[0], action=GridAction(what)))

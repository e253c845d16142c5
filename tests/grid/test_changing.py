"""Grids going live on the real store: what stands against it, who is told, and what the index then answers."""

import json
from typing import Any

import pytest
from pymongo.database import Database

from contracts.faults import Conflict, Fault, Invalid, NotFound, Refused
from contracts.grid import ActivateGrids, ActOnGrid, GridAction, ListGrids, SaveGrid
from contracts.shared import Geometry, Point
from services.chassis import context
from services.grid.answering import figures, locate
from services.grid.changing import act, activate, held, save
from services.grid.geometry import survey
from services.grid.store import GridStore
from tests.grid.sources import (
    DAOYI,
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
    numbers,
    person,
    rows,
)

SIX = [code(number) for number in range(1, 7)]


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    """Daoyi's communities and six drafts with a chief each."""
    store = GridStore(database)
    load(store, "divisions", daoyi_rows())
    load(store, "grids", grid_rows())
    load(store, "staff", rows(person("S1"), person("S2", "worker")))
    load(store, "assignments", chiefs(SIX))
    return store


def go(store: GridStore, *codes: str) -> tuple[int, int, list[tuple[str, str]]]:
    done = activate(store, ActivateGrids(caller=OPERATOR, codes=list(codes)))
    return done.activated, done.unchanged, [(one.code, one.fault) for one in done.rejected]


def does(store: GridStore, one: str, action: GridAction, **more: Any) -> str:
    return act(store, ActOnGrid(caller=OPERATOR, code=one, action=action, **more)).state


def at(store: GridStore, column: int, row: int) -> str | None:
    longitude, latitude = middle(column, row)
    return locate(store, [Point(longitude=longitude, latitude=latitude)], "wgs84")[0].grid


def events(store: GridStore, one: str) -> list[dict[str, Any]]:
    document = store.grids.get(one)
    assert document is not None
    return [json.loads(entry["body"]) for entry in document["outbox"]]


def test_six_go_live_once(registry: GridStore) -> None:
    assert at(registry, 0, 0) is None
    assert go(registry, *SIX) == (6, 0, [])
    assert go(registry, *SIX) == (0, 6, [])
    assert [at(registry, column, 1) for column in range(3)] == SIX[3:]
    (published,) = events(registry, SIX[0])
    assert published["type"] == "grid.published.v1"
    assert (published["subject"], published["sequence"], published["data"]["version"]) == (SIX[0], 2, 2)
    assert published["data"]["geometry"]["type"] == "Polygon"
    grid = held(registry, SIX[0]).grid
    assert [(one.action, one.from_state, one.to_state, one.actor) for one in grid.timeline] == [
        ("import", None, "draft", "录入员"),
        ("activate", "draft", "active", "录入员"),
    ]


def test_what_stands_against_going_live(registry: GridStore) -> None:
    load(
        registry,
        "grids",
        rows({"code": code(7), "name": "无图"}, {"code": code(8), "name": "无长", "geometry": cell(5, 5)}),
    )
    load(registry, "assignments", chiefs([code(7)]))
    overlapping = rows({"code": code(2), "geometry": cell(1, 0, grown=STEP / 2)})
    load(registry, "grids", overlapping)
    assert go(registry, *SIX, code(7), code(8), code(99)) == (
        5,
        0,
        [
            (code(3), "grid_overlap"),
            (code(7), "grid_without_geometry"),
            (code(8), "grid_without_chief"),
            (code(99), "grid_unknown"),
        ],
    )
    with pytest.raises(Conflict) as conflict:
        does(registry, code(3), GridAction.ACTIVATE)
    assert conflict.value.facts["other"] == code(2)
    half = survey(cell(0, 0)).area_m2 / 2
    assert conflict.value.facts["area_m2"] == pytest.approx(half, rel=0.01)
    with pytest.raises(Refused) as refusal:
        does(registry, code(1), GridAction.CANCEL)
    assert refusal.value.facts["allowed_actions"] == ["suspend"]


def test_a_grid_lies_inside_its_community(registry: GridStore) -> None:
    load(registry, "boundaries", rows({"code": FIRST, "geometry": cell(0, 0, grown=STEP)}))
    assert go(registry, *SIX) == (2, 0, [(one, "grid_outside_community") for one in SIX[2:]])
    longitude, latitude = middle(0, 0)
    outside = locate(registry, [Point(longitude=longitude + 2 * STEP, latitude=latitude)], "wgs84")[0]
    assert (outside.grid, outside.path, outside.nearest) == (None, [], code(2))
    assert outside.nearest_m == pytest.approx(STEP / 2 * 82_980, rel=0.01)


def test_suspend_resume_cancel(registry: GridStore) -> None:
    assert does(registry, SIX[0], GridAction.ACTIVATE) == "active"
    assert does(registry, SIX[0], GridAction.SUSPEND, note="划界争议") == "suspended"
    assert at(registry, 0, 0) is None
    assert [one["data"].get("state") for one in events(registry, SIX[0])] == [None, "suspended"]
    assert does(registry, SIX[0], GridAction.RESUME) == "active"
    assert at(registry, 0, 0) == SIX[0]
    assert does(registry, SIX[1], GridAction.CANCEL) == "cancelled"
    assert events(registry, SIX[1]) == []
    with pytest.raises(Refused) as refusal:
        save(registry, SaveGrid(caller=OPERATOR, code=SIX[1], name="再用"))
    assert refusal.value.code == "grid_ended"
    assert load(registry, "grids", grid_rows()[1:2]).rejected[0].code == "grid_ended"
    with pytest.raises(Conflict) as conflict:
        does(registry, SIX[0], GridAction.SUSPEND, expected_version=2)
    assert conflict.value.code == "version_stale"


def test_a_live_grid_may_not_take_its_neighbours_ground(registry: GridStore) -> None:
    go(registry, *SIX)
    wide = Geometry.model_validate(cell(0, 0, grown=STEP / 4))
    with pytest.raises(Conflict) as conflict:
        save(registry, SaveGrid(caller=OPERATOR, code=SIX[0], geometry=wide))
    assert conflict.value.code == "grid_overlap"
    report = load(registry, "grids", rows({"code": SIX[0], "geometry": cell(0, 0, grown=STEP / 4)}))
    assert [fault.code for fault in report.rejected] == ["grid_overlap"]
    # both edges of a pair move together
    narrow = {
        "type": "Polygon",
        "coordinates": [
            [[123.4045, 41.93], [123.408, 41.93], [123.408, 41.934], [123.4045, 41.934], [123.4045, 41.93]]
        ],
    }
    pair = rows({"code": SIX[0], "geometry": cell(0, 0, grown=0.0005)}, {"code": SIX[1], "geometry": narrow})
    assert numbers(load(registry, "grids", pair)) == (0, 2, 0, 0)
    assert held(registry, SIX[1]).grid.geometry_version == 2
    assert events(registry, SIX[1])[-1]["type"] == "grid.adjusted.v1"
    moved = locate(registry, [Point(longitude=123.4043, latitude=41.932)], "wgs84")[0]
    assert moved.grid == SIX[0]


def test_saving_one(registry: GridStore) -> None:
    new = SaveGrid(caller=OPERATOR, code=code(20), name="新网格", create=True, households=310)
    with context.applying("gateway:save_grid:k1", None):
        assert save(registry, new).version == 1
        assert save(registry, new).version == 1
    with pytest.raises(Conflict) as conflict:
        save(registry, new)
    assert conflict.value.code == "grid_exists"
    assert save(registry, SaveGrid(caller=OPERATOR, code=code(20), households=310)).version == 1
    assert save(registry, SaveGrid(caller=OPERATOR, code=code(20), households=320)).version == 2
    refused: list[tuple[SaveGrid, type[Fault]]] = [
        (SaveGrid(caller=OPERATOR, code=code(21), name="无"), NotFound),
        (SaveGrid(caller=OPERATOR, code=f"{DAOYI}001", name="街道不是社区", create=True), Invalid),
        (SaveGrid(caller=OPERATOR, code=code(21), create=True), Invalid),
        (SaveGrid(caller=OPERATOR, code=code(20), name="旧", expected_version=1), Conflict),
    ]
    for command, kind in refused:
        with pytest.raises(kind):
            save(registry, command)


def test_lists_and_figures(registry: GridStore) -> None:
    load(registry, "grids", rows({"code": SIX[0], "households": 250, "party_branch": "第一党支部"}))
    load(registry, "assignments", rows({"staff_no": "S2", "target": SIX[1], "role": "worker", "primary": True}))
    go(registry, *SIX[:4])
    page = registry.grids.page(ListGrids(caller=OPERATOR, parent="2101", limit=4))
    assert [one.code for one in page.items] == SIX[:4]
    assert page.items[0].geometry is None
    rest = registry.grids.page(ListGrids(caller=OPERATOR, parent="2101", limit=4, cursor=page.next))
    assert ([one.code for one in rest.items], rest.next) == (SIX[4:], None)
    longitude, latitude = middle(1, 1)
    box = (longitude, latitude, longitude + 0.0001, latitude + 0.0001)
    assert [one.code for one in registry.grids.page(ListGrids(caller=OPERATOR, bbox=box)).items] == [SIX[4]]
    across = (longitude, latitude, -170.0, latitude + 0.0001)
    assert [one.code for one in registry.grids.page(ListGrids(caller=OPERATOR, bbox=across)).items] == SIX[4:]
    with pytest.raises(Invalid) as invalid:
        registry.grids.page(ListGrids(caller=OPERATOR, bbox=(longitude, latitude, longitude, latitude - 1)))
    assert invalid.value.errors[0].pointer == "/bbox"
    load(registry, "grids", rows({"code": SIX[1], "name": "第(2)网格"}))
    assert [one.code for one in registry.grids.page(ListGrids(caller=OPERATOR, name="第(2")).items] == [SIX[1]]
    assert registry.grids.page(ListGrids(caller=OPERATOR, name="网格")).items == []
    drafts = registry.grids.page(ListGrids(caller=OPERATOR, parent=FIRST, state="draft", geometries=True)).items  # type: ignore[arg-type]
    assert [(one.code, one.geometry is not None) for one in drafts] == [(one, True) for one in SIX[4:]]
    assert registry.grids.page(ListGrids(caller=OPERATOR, parent="2309")).items == []
    said = figures(registry)
    assert said.grids == {"active": 4, "draft": 2}
    assert (said.staff, said.outside_300_400_households, said.without_party_branch) == (2, 1, 3)
    assert (said.without_chief, said.without_worker) == ([], [SIX[0], *SIX[2:4]])


def test_another_copy_sees_it(registry: GridStore, database: Database[dict[str, Any]]) -> None:
    other = GridStore(database)
    assert other.ground.snapshot.grids.codes == []
    go(registry, *SIX[:2])
    old = other.ground.snapshot
    assert other.ground.refresh().grids.codes == SIX[:2]
    assert (len(old.grids), len(other.ground.snapshot.grids)) == (0, 2)
    assert other.ground.snapshot.version == registry.ground.snapshot.version > old.version
    standing = other.ground.snapshot
    assert other.ground.refresh() is standing
    does(registry, SIX[0], GridAction.SUSPEND)
    assert other.ground.refresh().grids.codes == SIX[1:2]

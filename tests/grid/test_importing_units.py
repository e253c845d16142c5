"""Other trees over the same ground: from their definition to what lies over a grid."""

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from contracts.faults import Fault
from contracts.grid import (
    Hierarchy,
    HierarchyLevel,
    ImportUnits,
    ListUnits,
    ListUnitsOver,
    SaveHierarchy,
)
from contracts.shared import ImportReport, Row
from services.chassis import context
from services.chassis.aggregates import New
from services.gateway import tabular
from services.grid import hierarchies
from services.grid.importing import carry_out
from services.grid.levels import MOST_HIERARCHIES
from services.grid.store import GridStore
from tests.grid.sources import OPERATOR, cell, code, daoyi_rows, grid_rows, load, numbers, rows
from tests.grid.test_importing import faults

TREE = Path(__file__).parents[1] / "data/units/tree.json"
LEVELS = [
    {"key": "station", "name_zh": "派出所", "order": 1, "code_length": 3},
    {"key": "beat", "name_zh": "警务区", "order": 2},
]
POLICE = [
    {
        "hierarchy": "police",
        "code": "P01",
        "level": "station",
        "name": "道义派出所",
        "geometry": cell(0, 0, grown=0.004),
    },
    {"hierarchy": "police", "code": "B1", "level": "beat", "name": "一警区", "parent": "P01", "geometry": cell(0, 0)},
    {"hierarchy": "police", "code": "B2", "level": "beat", "name": "二警区", "parent": "P01"},
]


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    return GridStore(database)


def save(store: GridStore, key: str = "police", levels: Any = LEVELS, **told: Any) -> Hierarchy:
    return hierarchies.save(store, SaveHierarchy(caller=OPERATOR, key=key, name="公安", levels=levels, **told))


def fill(store: GridStore) -> None:
    """As many hierarchies as there may be."""
    others = ({"_id": f"h{number}", "name": "某", "levels": []} for number in range(MOST_HIERARCHIES))
    store.hierarchies.insert_many([New(one) for one in others])


def bring(store: GridStore, given: list[Row], **told: Any) -> ImportReport:
    return carry_out(store, ImportUnits(caller=OPERATOR, rows=given, **told))


def listed(store: GridStore, hierarchy: str = "police", **told: Any) -> list[str]:
    items, cursor = [], None
    while True:
        page = hierarchies.units(store, ListUnits(caller=OPERATOR, hierarchy=hierarchy, cursor=cursor, **told))
        items += [one.code for one in page.items]
        if (cursor := page.next) is None:
            return items


def refusal(asked: Any) -> str:
    with pytest.raises(Fault) as caught:
        asked()
    return caught.value.code


def test_a_hierarchy_grows_and_never_shrinks(registry: GridStore) -> None:
    assert save(registry).version == save(registry).version == 1
    further = [*LEVELS, {"key": "post", "name_zh": "警务室", "order": 3}]
    with context.applying("one", None):
        grown = save(registry, levels=further)
        assert save(registry, levels=further) == grown
    assert (grown.version, [level.key for level in grown.levels]) == (2, ["station", "beat", "post"])
    assert refusal(lambda: save(registry)) == "levels_in_use"
    turned = [{**level, "order": 4 - level["order"]} for level in further]  # type: ignore[operator]
    assert refusal(lambda: save(registry, levels=turned)) == "levels_in_use"
    assert refusal(lambda: save(registry, levels=[*LEVELS, LEVELS[0]])) == "levels_repeated"
    assert refusal(lambda: save(registry, key="admin")) == "hierarchy_built_in"
    assert refusal(lambda: save(registry, levels=further, expected_version=1)) == "version_stale"
    registry.hierarchies.insert_many(
        [New({"_id": f"h{number}", "name": "某", "levels": []}) for number in range(1, MOST_HIERARCHIES)]
    )
    assert refusal(lambda: save(registry, key="more")) == "hierarchies_too_many"


def test_units_of_a_defined_hierarchy(registry: GridStore) -> None:
    save(registry)
    dry = bring(registry, rows(*reversed(POLICE)), dry_run=True)
    assert numbers(dry) == numbers(bring(registry, rows(*reversed(POLICE)))) == (3, 0, 0, 0)
    assert numbers(bring(registry, rows(*POLICE))) == (0, 0, 3, 0)
    assert listed(registry, limit=2) == ["B1", "B2", "P01"]
    assert listed(registry, parent="P01") == ["B1", "B2"]
    changed = rows({**POLICE[1], "name": "第一警区"}, {**POLICE[2], "geometry": cell(1, 0)}, {**POLICE[0]})
    assert numbers(bring(registry, changed)) == (0, 2, 1, 0)
    (first,) = registry.units.named(["police/B1"])
    assert (first.name, first.path, first.has_geometry, first.version) == ("第一警区", ["P01", "B1"], True, 2)
    for wanted in (True, False):
        query = ListUnits(caller=OPERATOR, hierarchy="police", parent="P01", geometries=wanted)
        assert [one.geometry is not None for one in hierarchies.units(registry, query).items] == [wanted, wanted]
    assert refusal(lambda: listed(registry, "admin")) == "hierarchy_built_in"
    assert refusal(lambda: listed(registry, "nothing")) == "hierarchy_unknown"


def test_bad_units_are_named(registry: GridStore) -> None:
    save(registry)
    unit = {"hierarchy": "police", "level": "beat"}
    report = bring(
        registry,
        rows(
            POLICE[0],
            {**unit, "code": "B1", "name": "孤警区", "parent": "P99"},
            {**unit, "code": "B2", "name": "无上级警区"},
            {**unit, "code": "B3", "name": "警区", "parent": "P01", "level": "squad"},
            {**unit, "code": "P1", "name": "短码所", "level": "station"},
            {**unit, "code": "P02", "name": "下所", "level": "station", "parent": "P01"},
            {**unit, "code": "B4", "name": "四警区", "parent": "P01"},
            {**unit, "code": "B4", "name": "又四警区", "parent": "P01"},
            {**unit, "code": "B5", "name": "坏图", "parent": "P01", "geometry": {"type": "Point"}},
            {**unit, "code": "B/6", "name": "斜杠", "parent": "P01"},
            {**unit, "code": "X", "name": "某", "hierarchy": "unheard"},
            {**unit, "code": "Y", "name": "某", "hierarchy": "admin"},
        ),
    )
    assert numbers(report)[0] == 2
    assert faults(report) == [
        (3, "police/B1", "orphan"),
        (4, "police/B2", "orphan"),
        (5, "police/B3", "level_unknown"),
        (6, "police/P1", "code_length"),
        (7, "police/P02", "level_mismatch"),
        (9, "police/B4", "duplicate_code"),
        (10, "police/B5", "geometry_invalid"),
        (11, "B/6", "row_invalid"),
        (12, "unheard/X", "hierarchy_unknown"),
        (13, "admin/Y", "hierarchy_built_in"),
    ]
    assert "又四警区 与第 8 行 四警区 重复" in report.rejected[5].message


def test_a_unit_with_others_below_it_stays_where_it_is(registry: GridStore) -> None:
    save(registry, levels=[*LEVELS, {"key": "post", "name_zh": "警务室", "order": 3}])
    second = {**POLICE[0], "code": "P02", "name": "二所"}
    post = {"hierarchy": "police", "code": "R1", "level": "post", "name": "警务室", "parent": "B1"}
    bring(registry, rows(*POLICE, second, post))
    moved = bring(registry, rows({**POLICE[1], "parent": "P02"}, {**POLICE[2], "parent": "P02"}))
    assert (numbers(moved), faults(moved)) == ((0, 1, 0, 1), [(2, "police/B1", "unit_has_children")])
    assert [one.path for one in registry.units.named(["police/B2", "police/R1"])] == [
        ["P02", "B2"],
        ["P01", "B1", "R1"],
    ]


def test_a_tree_brings_its_own_levels(registry: GridStore) -> None:
    given = tabular.read("application/json", TREE.read_bytes()).rows
    report = bring(registry, given)
    assert numbers(report) == (12, 0, 0, 2)
    assert faults(report) == [(7, "revenue/L07", "duplicate_code"), (14, "hc_demo_admin/L07", "duplicate_code")]
    assert "第 4 行 东风里一段" in report.rejected[0].message
    revenue = registry.hierarchies.one("revenue")
    assert revenue is not None
    assert [(level.key, level.order) for level in revenue.levels] == [
        ("city", 1),
        ("zone", 2),
        ("block", 3),
        ("locality", 4),
    ]
    assert (numbers(bring(registry, given)), listed(registry, "revenue", parent="B1")) == (
        (0, 0, 12, 2),
        ["L07", "L11"],
    )
    registry.hierarchies.insert_many(
        [New({"_id": f"h{number}", "name": "某", "levels": []}) for number in range(MOST_HIERARCHIES)]
    )
    another = rows({"hierarchy": "another", "hierarchy_name": "某", "code": "1", "level": "city", "name": "某"})
    assert faults(bring(registry, another)) == [(2, "another/1", "hierarchies_too_many")]


def test_what_lies_over_a_grid(registry: GridStore) -> None:
    load(registry, "divisions", daoyi_rows())
    load(registry, "grids", grid_rows())
    save(registry)
    save(registry, key="sites", levels=[HierarchyLevel(key="site", name_zh="场所", order=1)])
    site = {"hierarchy": "sites", "code": "S1", "level": "site", "name": "市场", "geometry": cell(0, 0, grown=-0.003)}
    bring(registry, rows(*POLICE, site))

    def over(number: int) -> list[tuple[str, str, float]]:
        found = hierarchies.units_over(registry, ListUnitsOver(caller=OPERATOR, grid=code(number))).items
        return [(one.hierarchy, one.code, one.share) for one in found]

    assert over(1) == [("police", "B1", 1.0), ("police", "P01", 1.0), ("sites", "S1", 0.25)]
    # the neighbour shares an edge with the beat and the ground of the station
    assert over(2) == [("police", "P01", 1.0)]
    assert over(6) == []
    bring(registry, rows({**POLICE[2], "geometry": cell(2, 1)}))
    assert over(6) == [("police", "B2", 1.0)]
    load(registry, "grids", rows({"code": code(9), "name": "无图形"}))
    assert over(9) == []
    with pytest.raises(Fault):
        over(77)


def test_a_redelivered_import_answers_what_it_did(registry: GridStore) -> None:
    save(registry)
    with context.applying("gateway:import_units:one", None):
        first = bring(registry, rows(*POLICE))
        assert bring(registry, rows(*POLICE)) == first

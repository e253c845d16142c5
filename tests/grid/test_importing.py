"""Real files go in whole, twice changes nothing, and what is wrong is named by line and code."""

from random import Random
from typing import Any

import pytest
from pymongo.database import Database

from contracts.faults import Invalid
from contracts.grid import ListTerritories
from contracts.shared import Row
from services.chassis import context
from services.grid.store import GridStore
from tests.grid.sources import (
    DAOYI,
    FIRST,
    OPERATOR,
    cell,
    chiefs,
    code,
    daoyi_rows,
    division_rows,
    feature_rows,
    grid_rows,
    load,
    numbers,
    person,
    rows,
)


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    return GridStore(database)


def faults(report: Any) -> list[tuple[int, str, str]]:
    return [(fault.line, fault.key, fault.code) for fault in report.rejected]


def test_a_district_twice(registry: GridStore) -> None:
    given = division_rows()
    Random(3).shuffle(given)
    dry = load(registry, "divisions", given, dry_run=True)
    assert registry.territories.collection.count_documents({}) == 0
    assert registry.imports.collection.count_documents({}) == 0
    first = load(registry, "divisions", given)
    assert numbers(dry) == numbers(first) == (238, 0, 0, 0)
    assert numbers(load(registry, "divisions", given)) == (0, 0, 238, 0)
    assert numbers(load(registry, "divisions", given, dry_run=True)) == (0, 0, 238, 0)
    assert registry.territories.counts() == {"province": 1, "city": 1, "county": 1, "street": 16, "community": 219}
    daoyi = registry.territories.page(ListTerritories(caller=OPERATOR, parent="210113004", limit=200)).items
    assert len([one for one in daoyi if one.name.endswith("社区")]) == 16
    assert len([one for one in daoyi if one.name.endswith("村")]) == 7
    assert {tuple(one.path) for one in daoyi} == {
        ("210000000000", "210100000000", "210113000000", DAOYI, one.code) for one in daoyi
    }


def test_parents_may_stand_already_and_names_are_data(registry: GridStore) -> None:
    given = division_rows()
    upper = [row for row in given if row.values["level"] != "community"]
    lower = [row for row in given if row.values["level"] == "community"]
    orphans = load(registry, "divisions", lower)
    assert numbers(orphans) == (0, 0, 0, 219)
    assert {fault.code for fault in orphans.rejected} == {"orphan"}
    load(registry, "divisions", upper)
    assert numbers(load(registry, "divisions", lower)) == (219, 0, 0, 0)
    renamed = rows({"code": FIRST, "name": "二〇二（俪景）社区"})
    assert numbers(load(registry, "divisions", renamed)) == (0, 1, 0, 0)
    found = registry.territories.one(FIRST)
    assert found is not None
    assert (found.name, found.version) == ("二〇二（俪景）社区", 2)


def test_bad_divisions_are_named(registry: GridStore) -> None:
    report = load(
        registry,
        "divisions",
        rows(
            {"code": "21", "name": "辽宁省", "level": "province", "parent_code": ""},
            {"code": "2101", "name": "沈阳市", "level": "county", "parent_code": "21"},
            {"code": "210200000000", "name": "大连市", "level": "city", "parent_code": "220000000000"},
            {"code": "210300000000", "name": "鞍山市", "level": "city", "parent_code": "210000000000"},
            {"code": "2103", "name": "鞍山市", "level": "city"},
            {"code": "210399", "name": "孤", "level": "county"},
            {"code": "210499000000", "name": "孤", "level": "county"},
            {"code": "21039", "name": "短", "level": "county"},
            {"code": "210302", "level": "county"},
            {"code": 210301000000, "name": "市辖区", "level": "county"},
        ),
    )
    assert (report.read, report.created) == (10, 4)
    assert faults(report) == [
        (3, "210100000000", "level_mismatch"),
        (4, "210200000000", "parent_mismatch"),
        (6, "210300000000", "duplicate_code"),
        (8, "210499000000", "orphan"),
        (9, "21039", "row_invalid"),
        (10, "210302", "row_invalid"),
    ]
    statistical = registry.territories.one("210301000000")
    assert statistical is not None
    assert statistical.statistical


def test_real_boundaries_are_repaired_and_reported(registry: GridStore) -> None:
    load(registry, "divisions", division_rows("qitaihe_2309.csv"))
    dry = load(registry, "boundaries", feature_rows(), dry_run=True)
    first = load(registry, "boundaries", feature_rows())
    assert numbers(dry) == numbers(first) == (4, 0, 0, 0)
    assert [fault.key for fault in first.repaired] == ["230904000000", "230921000000", "230902000000"]
    assert numbers(load(registry, "boundaries", feature_rows())) == (0, 0, 4, 0)
    for row in feature_rows():
        longitude, latitude = row.values["cp"]  # type: ignore[misc]
        spot = registry.ground.snapshot.locate([(longitude, latitude)])[0]  # type: ignore[list-item]
        assert spot.path == ("230000000000", "230900000000", f"{row.values['id']}000000")
        assert (spot.grid, spot.nearest) == (None, None)
    unknown = rows({"adcode": 150271, "geometry": cell(0, 0)}, {"id": "230904", "geometry": {"type": "Point"}})
    assert faults(load(registry, "boundaries", unknown)) == [
        (2, "150271000000", "territory_unknown"),
        (3, "230904000000", "geometry_invalid"),
    ]
    with pytest.raises(Invalid) as fault:
        load(registry, "boundaries", unknown, datum="xian80")
    assert fault.value.code == "datum_unknown"


def test_grids_arrive_as_drafts(registry: GridStore) -> None:
    load(registry, "divisions", daoyi_rows())
    assert numbers(load(registry, "grids", grid_rows(), dry_run=True)) == (6, 0, 0, 0)
    assert numbers(load(registry, "grids", grid_rows())) == (6, 0, 0, 0)
    assert numbers(load(registry, "grids", grid_rows())) == (0, 0, 6, 0)
    changed = rows(
        {"code": code(1), "party_branch": "第一网格党支部", "households": "352"}, {"code": code(2), "name": "第2网格"}
    )
    assert numbers(load(registry, "grids", changed)) == (0, 1, 1, 0)
    held = registry.grids.one(code(1))
    assert held is not None
    assert held.grid.state == "draft"
    assert (held.grid.households, held.grid.party_branch, held.grid.geometry_version) == (352, "第一网格党支部", 1)
    assert held.grid.area_m2 == pytest.approx(147_300, rel=0.01)
    assert [entry.note for entry in held.grid.timeline] == [None, "households, party_branch"]
    assert held.grid.path[-1] == FIRST
    assert registry.ground.snapshot.grids.codes == []


def test_bad_grids_are_named(registry: GridStore) -> None:
    load(registry, "divisions", daoyi_rows())
    open_ring = {"type": "Polygon", "coordinates": [[[123.4, 41.9], [123.5, 41.9], [123.5, 42.0], [123.4, 42.0]]]}
    report = load(
        registry,
        "grids",
        rows(
            {"code": "21011300400", "name": "短"},
            {"code": "210113004999001", "name": "没有社区"},
            {"code": code(1), "name": "坏环", "geometry": open_ring},
            {"code": code(2), "geometry": cell(0, 0)},
            {"code": code(3), "name": "好", "households": -1},
            {"code": code(4), "name": "好"},
            {"code": code(4), "name": "又"},
        ),
    )
    assert faults(report) == [
        (2, "21011300400", "grid_code_invalid"),
        (3, "210113004999001", "grid_code_invalid"),
        (4, code(1), "geometry_invalid"),
        (5, code(2), "row_invalid"),
        (6, code(3), "row_invalid"),
        (8, code(4), "duplicate_code"),
    ]
    assert "/geometry/coordinates/0/3" in report.rejected[2].message


def test_people_and_rosters(registry: GridStore) -> None:
    load(registry, "divisions", daoyi_rows())
    load(registry, "grids", grid_rows())
    people = rows(
        person("S1"),
        person("S2", "worker"),
        person("S3", "nobody"),
        {"staff_no": "S4", "name": "李某", "phone": "无", "role": "worker"},
    )
    report = load(registry, "staff", people)
    assert numbers(report) == (2, 0, 0, 2)
    assert "无" not in report.model_dump_json().replace("无效", "")
    assert numbers(load(registry, "staff", people[:2])) == (0, 0, 2, 0)
    posted = rows(
        {"staff_no": "S1", "target": code(1), "role": "chief", "primary": "true"},
        {"staff_no": "S2", "target": code(1), "role": "worker", "primary": True},
        {"staff_no": "S2", "target": FIRST, "role": "worker", "post": "A"},
        {"staff_no": "S2", "target": code(1), "role": "chief", "primary": True},
        {"staff_no": "S9", "target": code(1), "role": "chief"},
        {"staff_no": "S1", "target": "210113004999", "role": "chief"},
        {"staff_no": "S1", "target": code(99), "role": "chief"},
    )
    dry = load(registry, "assignments", posted, dry_run=True)
    report = load(registry, "assignments", posted)
    assert numbers(dry) == numbers(report) == (3, 0, 0, 4)
    assert faults(report) == [
        (5, code(1), "assignment_overlap"),
        (6, code(1), "staff_unknown"),
        (7, "210113004999", "territory_unknown"),
        (8, code(99), "grid_unknown"),
    ]
    assert numbers(load(registry, "assignments", posted[:3])) == (0, 0, 3, 0)
    roster = registry.rosters.collection.find_one({"_id": code(1)})
    assert roster is not None
    assert len(roster["outbox"]) == 1
    handover = rows(
        {"staff_no": "S2", "target": code(1), "role": "chief", "primary": True},
        {"staff_no": "S1", "target": code(1), "role": "chief", "primary": False},
    )
    assert numbers(load(registry, "assignments", handover)) == (1, 1, 0, 0)


def test_a_redelivered_import_answers_what_it_did(registry: GridStore) -> None:
    with context.applying("gateway:import_ground:one", None):
        first = load(registry, "divisions", division_rows())
        again = load(registry, "divisions", [Row(line=1, values={})])
    assert again == first
    assert registry.imports.collection.count_documents({}) == 1
    assert numbers(load(registry, "assignments", chiefs([DAOYI]))) == (0, 0, 0, 1)

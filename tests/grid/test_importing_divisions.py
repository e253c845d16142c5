"""Every tree that the national codes have loads whole; what does not fit is told by code and name."""

from random import Random
from typing import Any

import pytest
from pymongo.database import Database

from contracts.grid import ImportAliases, ListTerritories
from contracts.shared import ImportReport, Row
from deploy.local.synthetic import province
from services.grid.importing import carry_out
from services.grid.store import GridStore
from tests.grid.sources import OPERATOR, cell, load, numbers, rows
from tests.grid.test_importing import faults

FENGXIANG = [
    {"code": "61", "name": "陕西省"},
    {"code": "6103", "name": "宝鸡市"},
    {"code": "610305", "name": "凤翔区"},
    {"code": "610305100000", "name": "城关镇", "parent_code": "610322000000"},
    {"code": "610305100001", "name": "东关社区"},
]


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    return GridStore(database)


def rename(store: GridStore, *told: dict[str, Any], dry_run: bool = False) -> ImportReport:
    return carry_out(store, ImportAliases(caller=OPERATOR, rows=rows(*told), dry_run=dry_run))


def province_rows(count: int, seed: int = 1) -> list[Row]:
    return rows(
        *(
            {"code": one.code, "level": one.level, "name": one.name, "parent_code": one.parent}
            for one in province.divisions(count, seed)
        )
    )


def paths(store: GridStore, code: str) -> list[str]:
    found = store.territories.one(code)
    assert found is not None, code
    return found.path


def test_a_province_twice(registry: GridStore) -> None:
    given = province_rows(700)
    assert province_rows(700) == given
    Random(5).shuffle(given)
    assert numbers(load(registry, "divisions", given)) == (700, 0, 0, 0)
    assert numbers(load(registry, "divisions", given)) == (0, 0, 700, 0)
    statistical = {one["_id"] for one in registry.territories.collection.find({"statistical": True}, {"_id": 1})}
    zones = {f"99{city:02d}{serial}000000" for city in range(1, 7) for serial in ("01", "71")}
    assert statistical == {*zones, "999000000000"}
    assert paths(registry, "991900001001") == ["990000000000", "991900000000", "991900001000", "991900001001"]


def test_municipalities_and_counties_under_their_province(registry: GridStore) -> None:
    told = [
        {"code": "11", "level": "province", "name": "北京市"},
        {"code": "110100000000", "level": "city", "name": "市辖区", "parent_code": "110000000000"},
        {"code": "110101000000", "level": "county", "name": "东城区", "parent_code": "110100000000"},
        {"code": "41", "level": "province", "name": "河南省"},
        {"code": "419001", "level": "county", "name": "济源市", "parent_code": "41"},
        {"code": "419001001", "level": "street", "name": "沁园街道", "parent_code": "419001"},
        {"code": "44", "level": "province", "name": "广东省"},
        {"code": "4420", "level": "city", "name": "中山市", "parent_code": "44"},
        {"code": "442000001", "level": "street", "name": "石岐街道", "parent_code": "4420"},
        {"code": "50", "level": "province", "name": "重庆市"},
        {"code": "500229", "level": "county", "name": "城口县", "parent_code": "50"},
        {"code": "65", "level": "province", "name": "新疆维吾尔自治区"},
        {"code": "659001", "level": "county", "name": "石河子市"},
    ]
    given = rows(*told)
    assert numbers(load(registry, "divisions", given)) == (13, 0, 0, 0)
    assert numbers(load(registry, "divisions", given)) == (0, 0, 13, 0)
    assert paths(registry, "419001001000") == ["410000000000", "419000000000", "419001000000", "419001001000"]
    assert paths(registry, "442000001000") == ["440000000000", "442000000000", "442000001000"]
    steps = {"110100000000", "419000000000", "500200000000", "659000000000"}
    found = {one["_id"]: one["name"] for one in registry.territories.collection.find({"statistical": True})}
    assert found == dict(
        zip(sorted(steps), ["市辖区", "省直辖县级行政区划", "县", "自治区直辖县级行政区划"], strict=True)
    )
    # what the file left out and another file brings is there already
    brought = rows({"code": "4190", "name": "省直辖县级行政区划", "parent_code": "41"})
    assert numbers(load(registry, "divisions", brought)) == (0, 0, 1, 0)


def test_what_does_not_fit_is_told_by_code_and_name(registry: GridStore) -> None:
    report = load(
        registry,
        "divisions",
        rows(
            {"code": "41", "name": "河南省"},
            {"code": "4101", "name": "郑州市"},
            {"code": "410100000000", "name": "郑州"},
            {"code": "420101", "name": "孤区", "parent_code": "4201"},
            {"code": "419101", "name": "错县", "parent_code": "41"},
            {"code": "429001", "name": "孤市"},
        ),
    )
    assert faults(report) == [
        (4, "410100000000", "duplicate_code"),
        (5, "420101000000", "orphan"),
        (6, "419101000000", "parent_mismatch"),
        (7, "429001000000", "orphan"),
    ]
    named = ["郑州 与第 3 行 郑州市 重复", "孤区", "错县", "孤市"]
    assert all(name in fault.message for name, fault in zip(named, report.rejected, strict=True))


def test_old_codes_resolve(registry: GridStore) -> None:
    load(registry, "divisions", rows(*FENGXIANG[:3]))
    county = {"code": "610305", "alias": "610322", "name": "凤翔县", "valid_to": "2021-05-07"}
    assert numbers(rename(registry, county, dry_run=True)) == numbers(rename(registry, county)) == (1, 0, 0, 0)
    assert numbers(rename(registry, county)) == (0, 0, 1, 0)
    assert numbers(load(registry, "divisions", rows(*FENGXIANG))) == (2, 0, 3, 0)
    assert numbers(rename(registry, {"code": "610305100001", "alias": "610322100001"})) == (1, 0, 0, 0)
    found = registry.territories.known_as("610322000000")
    assert found is not None
    assert (found.code, [(one.code, one.name, str(one.valid_to)) for one in found.aliases]) == (
        "610305000000",
        [("610322000000", "凤翔县", "2021-05-07")],
    )
    bounded = load(registry, "boundaries", rows({"adcode": 610322, "geometry": cell(0, 0)}))
    assert numbers(bounded) == (1, 0, 0, 0)
    assert numbers(load(registry, "boundaries", rows({"id": "610305", "geometry": cell(0, 0)}))) == (0, 0, 1, 0)
    grid = rows({"code": "610322100001001", "name": "第一网格", "geometry": cell(0, 0)})
    assert numbers(load(registry, "grids", grid)) == (1, 0, 0, 0)
    assert numbers(load(registry, "grids", grid)) == (0, 0, 1, 0)
    held = registry.grids.one("610305100001001")
    assert held is not None
    assert held.grid.path == ["610000000000", "610300000000", "610305000000", "610305100000", "610305100001"]
    old = load(registry, "divisions", rows({"code": "610322", "name": "凤翔县", "parent_code": "6103"}))
    assert faults(old) == [(2, "610322000000", "code_former")]
    listed = registry.territories.page(ListTerritories(caller=OPERATOR, parent="6103")).items
    assert [one.code for one in listed] == ["610305000000"]


def test_a_code_means_one_territory(registry: GridStore) -> None:
    load(registry, "divisions", rows(*FENGXIANG[:3], {"code": "610303", "name": "金台区"}))
    rename(registry, {"code": "610305", "alias": "610322"})
    report = rename(
        registry,
        {"code": "610303", "alias": "610305"},
        {"code": "610303", "alias": "610322"},
        {"code": "610399", "alias": "610321"},
        {"code": "610303", "alias": "610320", "valid_from": "2020-01-01", "valid_to": "2019-01-01"},
        {"code": "610303", "alias": "61032"},
        {"code": "610303", "alias": "610319", "valid_to": "去年"},
        {"code": "610303", "alias": "610318", "name": "旧区"},
        {"code": "610305", "alias": "610318", "name": "别区"},
    )
    assert numbers(report) == (1, 0, 0, 7)
    assert faults(report) == [
        (2, "610305000000", "alias_taken"),
        (3, "610322000000", "alias_taken"),
        (4, "610321000000", "territory_unknown"),
        (5, "610320000000", "dates_reversed"),
        (6, "61032", "row_invalid"),
        (7, "610319", "row_invalid"),
        (9, "610318000000", "duplicate_code"),
    ]
    assert "凤翔区" in report.rejected[0].message and "610305000000" in report.rejected[1].message
    assert numbers(rename(registry, {"code": "610305", "alias": "610322", "name": "凤翔县"})) == (0, 1, 0, 0)


def test_an_old_code_is_looked_up_by_its_index(registry: GridStore) -> None:
    plan = registry.territories.collection.find({"former": "610322000000"}).explain()
    assert "COLLSCAN" not in str(plan)

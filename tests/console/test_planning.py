"""From the form of a plan to its order, and from a plan to what its maps show."""

from typing import Any

import pytest
from shapely.geometry import shape

from services.console.door import Problem
from services.console.planning import codes, following, order_of, pictured

COMMUNITY = "230902001001"
GRID, FIRST, SECOND = (f"{COMMUNITY}{number:03d}" for number in (1, 8, 9))


def square(west: float, east: float) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[[west, 0], [east, 0], [east, 1], [west, 1], [west, 0]]]}


def test_a_split_by_a_line() -> None:
    told = {"kind": "split", "sources": GRID, "code.0": FIRST, "name.0": "东", "code.1": SECOND, "name.1": "西"}
    assert order_of({**told, "cut": "131.0, 45.7\n\n131.01,45.71 \n", "note": "过大"}, "zh") == {
        "kind": "split",
        "sources": [GRID],
        "grids": [{"code": FIRST, "name": "东"}, {"code": SECOND, "name": "西"}],
        "cut": [{"longitude": 131.0, "latitude": 45.7}, {"longitude": 131.01, "latitude": 45.71}],
        "note": "过大",
    }


def test_ground_that_was_drawn_goes_before_the_rows() -> None:
    features = f'{{"type":"Feature","id":"{FIRST}","properties":{{"name":"东"}},"geometry":{{"type":"Polygon"}}}}'
    by_property = f'{{"type":"Feature","properties":{{"code":"{SECOND}"}},"geometry":null}}'
    told = {
        "kind": "split",
        "sources": GRID,
        "code.0": "x",
        "cut": "1,2",
        "geojson": f'{{"features":[{features},{by_property}]}}',
    }
    order = order_of(told, "zh")
    assert order["grids"] == [
        {"code": FIRST, "name": "东", "geometry": {"type": "Polygon"}},
        {"code": SECOND, "geometry": None},
    ]
    assert "cut" not in order


def test_who_follows_a_retired_grid() -> None:
    told = {"kind": "retire", "sources": f"{GRID}, {GRID}", "successors": f"{FIRST} {SECOND}"}
    assert order_of(told, "zh") == {"kind": "retire", "sources": [GRID], "grids": [], "successors": [FIRST, SECOND]}


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"features": 3}', '{"features": [3]}', "[" * 100_000, '{"features":[null]}']
)
def test_what_is_no_geojson_is_said(text: str) -> None:
    with pytest.raises(Problem) as refused:
        order_of({"kind": "adjust", "sources": GRID, "geojson": text}, "zh")
    assert (refused.value.status, "FeatureCollection" in refused.value.detail) == (422, True)


@pytest.mark.parametrize("text", ["131", "131,45,1", "here,there"])
def test_what_is_no_point_is_named_by_its_number(text: str) -> None:
    with pytest.raises(Problem, match="form_unreadable") as refused:
        order_of({"kind": "split", "sources": GRID, "cut": f"131,45\n{text}"}, "en")
    assert "point 2" in refused.value.detail


def test_codes_as_people_type_them() -> None:
    assert codes(f" {GRID}\uff0c{FIRST}、{SECOND}\n{GRID} ") == [GRID, FIRST, SECOND]


def test_new_codes_follow_all_that_were_there() -> None:
    assert following([GRID, FIRST, "230902001002005"], COMMUNITY, 2) == [SECOND, f"{COMMUNITY}010"]
    assert following([f"{COMMUNITY}998"], COMMUNITY, 2) == [f"{COMMUNITY}999"]


def test_overlaps_and_the_gap_are_ground_of_their_own() -> None:
    plan = {
        "grids": [
            {"code": FIRST, "name": None, "geometry": square(0, 1)},
            {"code": SECOND, "name": "西", "geometry": square(1.5, 2.5)},
        ]
    }
    source = {"code": GRID, "name": "原", "geometry": square(0, 2)}
    other = {"code": "x", "name": "邻", "geometry": square(2, 3)}
    found = pictured(plan, [source], [other, {**other, "geometry": None}])
    by_part = {
        part: [one for one in found if one["properties"]["part"] == part] for part in ("overlap", "gap", "after")
    }
    assert [shape(one["geometry"]).bounds for one in by_part["overlap"]] == [(2, 0, 2.5, 1)]
    assert [shape(one["geometry"]).bounds for one in by_part["gap"]] == [(1, 0, 1.5, 1)]
    assert [one["properties"]["name"] for one in by_part["after"]] == [FIRST, "西"]

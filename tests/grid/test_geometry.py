"""Sound ground passes, small faults are mended and reported, the rest is refused by ring and position."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from contracts.faults import Invalid
from contracts.grid import Datum
from services.chassis.ground import Ground
from services.grid.datum import gcj02_of
from services.grid.geometry import area_m2, overhang_m2, overlaps, survey

COUNTIES = Path(__file__).parents[2] / "deploy/local/data/qitaihe_counties.geojson"


def polygon(*rings: list[tuple[float, float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(place) for place in ring] for ring in rings]}


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    return polygon([(west, south), (east, south), (east, north), (west, north), (west, south)])


def refusal(geometry: object) -> tuple[str, str]:
    with pytest.raises(Invalid) as fault:
        survey(geometry)
    return fault.value.code, fault.value.errors[0].pointer


RING = "/geometry/coordinates/0"


@pytest.mark.parametrize(
    ("geometry", "pointer"),
    [
        (None, "/geometry/type"),
        ({"type": "Point", "coordinates": [131, 45]}, "/geometry/type"),
        ({"type": "Polygon", "coordinates": []}, "/geometry/coordinates"),
        ({"type": "Polygon", "coordinates": [7]}, "/geometry/coordinates"),
        (polygon([(131, 45), (131.1, 45), (131, 45)]), RING),
        (polygon([(131, 45), (131.1, 45), (131.1, 45.1), (131, 45.1)]), f"{RING}/3"),
        (polygon([(131, 45), (181, 45), (131.1, 45.1), (131, 45)]), f"{RING}/1"),
        (polygon([(45, 131), (45, 131.1), (45.1, 131.1), (45, 131)]), f"{RING}/0"),
        (polygon([(30, 75), (30, 76), (31, 76), (30, 75)]), f"{RING}/0"),
        (polygon([(131, 45), (131.1, float("nan")), (131.1, 45.1), (131, 45)]), f"{RING}/1"),
        ({"type": "Polygon", "coordinates": [[[131, 45], ["131.1", 45], [131.1, 45.1], [131, 45]]]}, f"{RING}/1"),
        ({"type": "MultiPolygon", "coordinates": [[[[131, 45], [132, 45], [131, 45]]]]}, f"{RING}/0"),
        (polygon([(131, 45), (131.1, 45), (131.2, 45), (131, 45)]), f"{RING}/0"),
        # a bow tie: which half is meant?
        (polygon([(131, 45), (131.1, 45.1), (131.1, 45), (131, 45.1), (131, 45)]), f"{RING}/0"),
        (polygon([(131, 45), (131.2, 45.2), (131.2, 45), (131, 45.1), (131, 45)]), f"{RING}/0"),
    ],
)
def test_refused_by_ring_and_position(geometry: object, pointer: str) -> None:
    assert refusal(geometry) == ("geometry_invalid", pointer)


def test_too_many_vertices() -> None:
    circle = [(131 + 0.1 * float(np.cos(a)), 45 + 0.1 * float(np.sin(a))) for a in np.linspace(0, 6.28, 5001)]
    assert refusal(polygon([*circle, circle[0]])) == ("geometry_invalid", f"{RING}/5000")


def test_sound_ground_is_stored_as_drawn_but_turned_right() -> None:
    clockwise = polygon([(131, 45), (131, 45.01), (131.01, 45.01), (131.01, 45), (131, 45)])
    surveyed = survey(clockwise)
    assert surveyed.repaired is None
    assert surveyed.bounds == (131, 45, 131.01, 45.01)
    assert shapely.is_ccw(shapely.get_exterior_ring(shapely.geometry.shape(surveyed.geometry)))
    assert survey(surveyed.geometry) == surveyed
    assert survey(json.loads(json.dumps(box(131, 45, 131.01, 45.01)))).area_m2 == surveyed.area_m2


def test_a_spike_is_mended_and_told() -> None:
    spike = [(131.05, 45.1), (131.05, 45.2), (131.05, 45.1)]
    spiked = polygon([(131, 45), (131.1, 45), (131.1, 45.1), *spike, (131, 45.1), (131, 45)])
    surveyed = survey(spiked)
    assert surveyed.repaired is not None
    zh, en = surveyed.repaired
    assert "自相交" in zh
    assert "/geometry/coordinates/0/" in en
    assert surveyed.area_m2 == pytest.approx(survey(box(131, 45, 131.1, 45.1)).area_m2)


def test_real_counties_are_mended_and_hold_their_own_point() -> None:
    features = json.loads(COUNTIES.read_text())["features"]
    surveyed = {feature["id"]: survey(feature["geometry"]) for feature in features}
    assert sorted(code for code, one in surveyed.items() if one.repaired) == ["230902", "230904", "230921"]
    ground = Ground((code, one.geometry) for code, one in surveyed.items())
    for feature in features:
        hit = ground.locate(*feature["properties"]["cp"])
        assert hit is not None
        assert hit.code == feature["id"]
    assert survey(surveyed["230921"].geometry).repaired is None
    # Boli county 勃利县 is given as 2,390 km² by its government
    assert surveyed["230921"].area_m2 / 1e6 == pytest.approx(2390, rel=0.02)


def test_area_is_that_of_the_ellipsoid() -> None:
    a, e2 = 6378137.0, 0.0066943799901413165
    for south in (0.0, 30.0, 52.0):
        phi = np.radians(np.linspace(south, south + 1, 20001))
        middle = (phi[1:] + phi[:-1]) / 2
        strip = a * a * (1 - e2) * np.cos(middle) / (1 - e2 * np.sin(middle) ** 2) ** 2
        exact = float(np.sum(strip * np.diff(phi)) * np.radians(1))
        assert area_m2(shapely.box(120, south, 121, south + 1)) == pytest.approx(exact, rel=1e-8)
    slanted = shapely.Polygon([(120, 40), (120.013, 40.004), (120.003, 40.011)])
    assert area_m2(slanted) == pytest.approx(area_m2(shapely.segmentize(slanted, 1e-5)), rel=1e-5)


def test_gcj02_ground_comes_out_in_wgs84() -> None:
    corners = [(131.0, 45.8), (131.004, 45.8), (131.004, 45.803), (131.0, 45.803), (131.0, 45.8)]
    surveyed = survey(polygon([gcj02_of(*corner) for corner in corners]), Datum.GCJ02)
    assert surveyed.bounds == pytest.approx((131.0, 45.8, 131.004, 45.803), abs=1e-8)


def test_overlap_counts_interiors_only() -> None:
    ground = Ground([("a", box(131, 45, 131.01, 45.01)), ("b", box(131.02, 45, 131.03, 45.01))])
    candidates = {
        "c": box(131.01, 45, 131.02, 45.01),  # shares both edges
        "d": box(131.005, 45.005, 131.0101, 45.02),
        "e": box(131.0100005, 45.01, 131.012, 45.03),
    }
    found = {(code, other): shared for code, other, shared in overlaps(candidates, ground)}
    assert set(found) == {("d", "a"), ("d", "c"), ("e", "d")}
    assert found["d", "a"] == pytest.approx(area_m2(shapely.box(131.005, 45.005, 131.01, 45.01)), abs=0.1)
    assert overlaps({"a": box(131, 45, 131.012, 45.01)}, ground) == []
    assert overlaps({}, ground) == []


def test_overhang() -> None:
    assert overhang_m2(box(131, 45, 131.01, 45.01), box(130.9, 44.9, 131.1, 45.1)) == 0
    assert overhang_m2(box(131, 45, 131.02, 45.01), box(131, 45, 131.01, 45.01)) == pytest.approx(
        area_m2(shapely.box(131.01, 45, 131.02, 45.01))
    )


def test_what_is_drawn_to_do_harm_takes_no_more_than_others() -> None:
    turns = [np.pi * 4998 * at / 4999 for at in range(4999)]
    star = [(123.4 + 0.1 * float(np.cos(a)), 41.9 + 0.1 * float(np.sin(a))) for a in turns]
    west, east = (-179.9, -1.0), (179.9, 1.0)
    zigzag = [(x, y + at * 0.01) for at in range(2400) for x, y in (west, east)]
    begun = time.process_time()
    for drawn in (star, zigzag):
        assert refusal(polygon([*drawn, drawn[0]]))[0] == "geometry_invalid"
    # mending the star would take a quarter of an hour, measuring the zigzag gigabytes; refusing them takes a second
    assert time.process_time() - begun < 10

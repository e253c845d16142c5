"""The point index: one parcel for every point, edges and corners included."""

import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.ground import Ground, Hit, drawn_all, metres_per_degree

SIZE = 6
CORNER = (131.0, 45.0)
STEP = 1 / 1024


def square(column: int, row: int) -> dict[str, object]:
    west, south = CORNER[0] + column * STEP, CORNER[1] + row * STEP
    east, north = west + STEP, south + STEP
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


CHESSBOARD = {f"{row}{column}": square(column, row) for row in range(SIZE) for column in range(SIZE)}
BOARD = Ground(CHESSBOARD.items())

eighths = st.integers(0, SIZE * 8)
inside_board = st.tuples(
    st.floats(CORNER[0], CORNER[0] + SIZE * STEP, exclude_max=True),
    st.floats(CORNER[1], CORNER[1] + SIZE * STEP, exclude_max=True),
)


@given(inside_board)
def test_a_point_of_a_whole_tiling_lies_in_exactly_one_parcel(point: tuple[float, float]) -> None:
    hit = BOARD.locate(*point)
    assert hit is not None
    assert BOARD.locate_many([point]) == [hit]


@given(eighths, eighths)
def test_edges_and_corners_go_to_the_smallest_code_and_say_so(x: int, y: int) -> None:
    point = (CORNER[0] + x * STEP / 8, CORNER[1] + y * STEP / 8)
    columns = [c for c in (x // 8 - (x % 8 == 0), x // 8) if 0 <= c < SIZE]
    rows = [r for r in (y // 8 - (y % 8 == 0), y // 8) if 0 <= r < SIZE]
    expected = Hit(f"{rows[0]}{columns[0]}", on_boundary=x % 8 == 0 or y % 8 == 0)
    assert BOARD.locate(*point) == expected
    assert BOARD.locate_many([point]) == [expected]


@st.composite
def triangulations(draw: st.DrawFn) -> tuple[Ground, list[tuple[float, float]]]:
    """Delaunay triangles over random places: a whole tiling of their convex hull with slanted edges."""
    degrees = st.integers(0, 4000).map(lambda n: n / 4096)
    places = draw(st.lists(st.tuples(degrees, degrees), min_size=4, max_size=25, unique=True))
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint(places)))
    parcels = {f"{at:03d}": shapely.geometry.mapping(triangle) for at, triangle in enumerate(triangles)}
    return Ground(parcels.items()), places


@settings(max_examples=60)
@given(triangulations(), st.data())
def test_slanted_tilings_have_neither_gap_nor_double(
    tiling: tuple[Ground, list[tuple[float, float]]], data: st.DataObject
) -> None:
    ground, places = tiling
    if not len(ground):
        return
    one, two, three = (data.draw(st.sampled_from(places)) for _ in range(3))
    points = [one, ((one[0] + two[0]) / 2, (one[1] + two[1]) / 2)]
    if shapely.Polygon([one, two, three]).area > 1e-9:
        points.append(((one[0] + two[0] + three[0]) / 3, (one[1] + two[1] + three[1]) / 3))
    hull = shapely.convex_hull(shapely.MultiPoint(places))
    for point, hit in zip(points, ground.locate_many(points), strict=True):
        holding = [
            code
            for code, parcel in zip(ground.codes, ground.polygons, strict=True)
            if shapely.intersects_xy(parcel, *point)
        ]
        interiors = [
            code
            for code, parcel in zip(ground.codes, ground.polygons, strict=True)
            if shapely.contains_xy(parcel, *point)
        ]
        assert len(interiors) <= 1
        assert hit == ground.locate(*point)
        if shapely.contains_xy(hull, *point):
            assert hit is not None
        if hit is not None:
            assert hit == Hit(min(holding), on_boundary=hit.code not in interiors)


def test_every_vertex_of_a_tiling_belongs_to_somebody() -> None:
    vertices = [(CORNER[0] + x * STEP, CORNER[1] + y * STEP) for x in range(SIZE + 1) for y in range(SIZE + 1)]
    hits = BOARD.locate_many(vertices)
    assert all(hit is not None and hit.on_boundary for hit in hits)


def test_holes_and_parts() -> None:
    ring = [[120.0, 30.0], [121.0, 30.0], [121.0, 31.0], [120.0, 31.0], [120.0, 30.0]]
    hole = [[120.4, 30.4], [120.4, 30.6], [120.6, 30.6], [120.6, 30.4], [120.4, 30.4]]
    island = [[122.0, 30.0], [122.5, 30.0], [122.5, 30.5], [122.0, 30.0]]
    ground = Ground([("a", {"type": "MultiPolygon", "coordinates": [[ring, hole], [island]]})])
    assert ground.locate_many([(120.1, 30.1), (120.5, 30.5), (120.4, 30.5), (122.4, 30.2)]) == [
        Hit("a", on_boundary=False),
        None,
        Hit("a", on_boundary=True),
        Hit("a", on_boundary=False),
    ]


def test_drawn_together_is_as_drawn_one_by_one() -> None:
    hollow = {
        "type": "Polygon",
        "coordinates": [
            [[0, 0], [9, 0], [9, 9], [0, 0]],
            [[5, 2], [6, 2], [6, 3], [5, 2]],
            [[7, 2], [8, 2], [8, 3], [7, 2]],
        ],
    }
    parts = {"type": "MultiPolygon", "coordinates": [hollow["coordinates"], square(0, 0)["coordinates"]]}
    outlines = [hollow, square(1, 1), parts, {"type": "MultiPolygon", "coordinates": [hollow["coordinates"]]}]
    for one, shape in zip(outlines, drawn_all(outlines), strict=True):
        assert shape == shapely.geometry.shape(one)
    assert drawn_all([]) == []


def test_a_box_takes_what_it_touches() -> None:
    west, south = CORNER[0] + STEP, CORNER[1] + STEP
    assert BOARD.within(west, south, west, south) == ["00", "01", "10", "11"]
    assert BOARD.within(west + STEP / 2, -90, 180, south - STEP / 2) == ["01", "02", "03", "04", "05"]
    # across the 180° meridian
    assert BOARD.within(CORNER[0] + 5.5 * STEP, -90, -170, south - STEP / 2) == ["05"]
    assert BOARD.within(170, -90, -170, 90) == []


def test_nothing_to_find() -> None:
    empty = Ground()
    assert (empty.locate(1, 1), empty.locate_many([(1, 1)]), empty.nearest(1, 1)) == (None, [None], None)
    assert BOARD.locate(0, 0) is None
    assert BOARD.locate_many([]) == []


def test_nearest_measures_metres_not_degrees() -> None:
    west = {"type": "Polygon", "coordinates": [[[129.0, 45.0], [129.9, 45.0], [129.9, 45.1], [129.0, 45.0]]]}
    north = {"type": "Polygon", "coordinates": [[[130.0, 45.08], [130.0, 45.2], [130.1, 45.2], [130.0, 45.08]]]}
    ground = Ground([("west", west), ("north", north)])
    # 0.1° of longitude at 45° N is 7,885 m, 0.08° of latitude 8,891 m
    code, metres = ground.nearest(130.0, 45.0) or ("", 0.0)
    assert code == "west"
    assert metres == pytest.approx(7846, rel=0.01)
    assert ground.nearest(130.05, 45.19) == ("north", 0.0)


@given(st.floats(130.5, 131.5), st.floats(44.5, 45.5))
def test_nearest_is_the_smallest_distance(longitude: float, latitude: float) -> None:
    found = BOARD.nearest(longitude, latitude)
    assert found is not None
    code, metres = found
    alone = [Ground([parcel]).nearest(longitude, latitude) or ("", 0.0) for parcel in CHESSBOARD.items()]
    assert metres == pytest.approx(min(distance for _, distance in alone))
    assert code in CHESSBOARD


def test_a_degree_is_as_long_as_the_tables_say() -> None:
    assert metres_per_degree(0) == pytest.approx((111319.5, 110574.3), abs=0.5)
    assert metres_per_degree(45) == pytest.approx((78846.8, 111131.7), abs=0.5)


def test_a_change_leaves_the_old_index_as_it_was() -> None:
    moved = BOARD.changed({"00": None, "99": square(50, 50)})
    assert "00" in BOARD
    assert "00" not in moved
    assert "99" in moved
    assert len(moved) == len(BOARD)
    middle = (CORNER[0] + STEP / 2, CORNER[1] + STEP / 2)
    assert BOARD.locate(*middle) == Hit("00", on_boundary=False)
    assert moved.locate(*middle) is None


def test_many_lookups_are_fast() -> None:
    side = 100
    ground = Ground((f"{row:03d}{column:03d}", square(column, row)) for row in range(side) for column in range(side))
    points = [tuple(p) for p in (np.random.default_rng(7).random((20_000, 2)) * side * STEP + CORNER).tolist()]
    started = time.process_time()
    hits = ground.locate_many(points)
    assert len(points) / (time.process_time() - started) > 20_000
    assert None not in hits

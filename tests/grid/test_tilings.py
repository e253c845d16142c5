"""A point lies in one grid at most, and in exactly one where the ground is tiled whole: edges and corners too."""

import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from services.chassis.ground import Ground, Hit
from services.grid.geometry import overlaps, survey
from services.grid.index import GRIDS, LARGE, Parcel, Snapshot
from tests.grid.tilings import CORNER, NESTED, SIDE, STEP, Tiling, tilings

PARTS = 4
# places on a lattice four times as fine as the squares: corners, edges and insides
lattice = st.tuples(st.integers(0, SIDE * PARTS), st.integers(0, SIDE * PARTS))
anywhere = st.tuples(*(st.floats(low, low + SIDE * STEP, exclude_max=True) for low in CORNER))


def place(x: int, y: int) -> tuple[float, float]:
    return CORNER[0] + x * STEP / PARTS, CORNER[1] + y * STEP / PARTS


def snapshot(tiling: Tiling, layer: str = GRIDS) -> Snapshot:
    named = [Parcel(code, layer, code, (), geometry, 1) for code, geometry in tiling.parcels.items()]
    return Snapshot().changed(named, 1)


@settings(max_examples=150, deadline=None)
@given(tilings(), lattice)
@example(NESTED, (10, 10))
@example(NESTED, (8, 8))
@example(NESTED, (4, 6))
def test_who_holds_a_place_is_the_smallest_code_around_it(tiling: Tiling, at: tuple[int, int]) -> None:
    around = tiling.around(*at, PARTS)
    ground, (spot,) = Ground(tiling.parcels.items()), snapshot(tiling).locate([place(*at)])
    hit = ground.locate(*place(*at))
    assert ground.locate_many([place(*at)]) == [hit]
    assert (spot.grid, spot.on_boundary) == ((hit.code, hit.on_boundary) if hit else (None, False))
    if not around:
        assert hit is None
        return
    held = shape(tiling.parcels[min(around)])
    assert hit == Hit(min(around), on_boundary=not shapely.contains_xy(held, *place(*at)))


@settings(max_examples=150, deadline=None)
@given(tilings(whole=True), anywhere)
def test_a_whole_tiling_has_no_gap_and_no_double(tiling: Tiling, point: tuple[float, float]) -> None:
    hit = Ground(tiling.parcels.items()).locate(*point)
    assert hit is not None
    inside = [code for code, parcel in tiling.parcels.items() if shapely.contains_xy(shape(parcel), *point)]
    assert len(inside) <= 1
    assert hit.on_boundary is (not inside)
    assert inside in ([], [hit.code])
    assert snapshot(tiling).locate([point])[0].grid == hit.code


@settings(max_examples=40, deadline=None)
@given(tilings(), tilings(), lattice)
def test_a_large_grid_answers_where_no_small_one_does(small: Tiling, large: Tiling, at: tuple[int, int]) -> None:
    named = {f"large {code}": geometry for code, geometry in large.parcels.items()}
    both = snapshot(small).changed([Parcel(code, LARGE, code, (), shape_, 1) for code, shape_ in named.items()], 2)
    (spot,) = both.locate([place(*at)])
    first, second = small.around(*at, PARTS), large.around(*at, PARTS)
    assert spot.grid == (min(first) if first else f"large {min(second)}" if second else None)


@settings(max_examples=40, deadline=None)
@given(tilings())
def test_parcels_of_a_tiling_do_not_overlap_and_survive_the_survey(tiling: Tiling) -> None:
    surveyed = {code: survey(geometry) for code, geometry in tiling.parcels.items()}
    assert not any(one.repaired for one in surveyed.values())
    assert overlaps({code: one.geometry for code, one in surveyed.items()}, Ground()) == []

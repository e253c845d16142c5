"""A snapshot answers by the grid first, then by the deepest territory, and never changes under a reader."""

from typing import Any

from services.grid.index import GRIDS, Parcel, Snapshot
from tests.grid.sources import cell

COUNTY, STREET = ("21", "2101", "210113"), ("21", "2101", "210113", "210113004")


def parcel(code: str, layer: str, geometry: Any, path: tuple[str, ...] = ()) -> Parcel:
    return Parcel(code=code, layer=layer, name=f"名{code}", path=path, geometry=geometry, version=1)


GROUND = Snapshot().changed(
    [
        parcel("210113", "county", cell(0, 0, grown=0.1), COUNTY),
        parcel("210113004", "street", cell(0, 0, grown=0.004), STREET),
        parcel("g1", GRIDS, cell(0, 0), (*STREET, "c")),
        parcel("g2", GRIDS, cell(1, 0), (*STREET, "c")),
        parcel("g3", GRIDS, None, (*STREET, "c")),
    ],
    5,
)


def test_grid_then_deepest_territory_then_nothing() -> None:
    inside, edge, street, county, nowhere = GROUND.locate(
        [(123.401, 41.931), (123.404, 41.931), (123.408, 41.931), (123.45, 41.931), (120.0, 30.0)]
    )
    assert (inside.grid, inside.grid_name, inside.path, inside.on_boundary) == ("g1", "名g1", (*STREET, "c"), False)
    assert (edge.grid, edge.on_boundary) == ("g1", True)
    assert (street.grid, street.on_boundary) == ("g2", True)
    assert (county.grid, county.path, county.nearest) == (None, COUNTY, "g2")
    assert (nowhere.grid, nowhere.path, nowhere.nearest) == (None, (), "g1")


def test_without_its_grid_the_street_answers() -> None:
    without = GROUND.changed([parcel("g1", GRIDS, None)], 6)
    (spot,) = without.locate([(123.401, 41.931)])
    assert (spot.grid, spot.path, spot.nearest) == (None, STREET, "g2")
    assert GROUND.locate([(123.401, 41.931)])[0].grid == "g1"
    assert (GROUND.version, without.version) == (5, 6)


def test_a_change_without_ground_builds_nothing() -> None:
    renamed = GROUND.changed([parcel("g3", GRIDS, None)], 7)
    assert renamed.layers[GRIDS] is GROUND.layers[GRIDS]


def test_an_empty_city_answers() -> None:
    (spot,) = Snapshot().locate([(123.4, 41.9)])
    assert (spot.grid, spot.path, spot.nearest, spot.nearest_m) == (None, (), None, None)

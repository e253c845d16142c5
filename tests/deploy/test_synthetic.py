"""The synthetic city: a tiling without gaps and overlaps, valid codes, and the same bytes for the same seed."""

import csv
import io
import json
import subprocess
import sys
import time
from collections import Counter
from random import Random

import pytest
import shapely
from shapely.geometry import shape

from deploy.local.home import ROOT
from deploy.local.synthetic import files, ground, people, points

SEED = 2309


@pytest.fixture(scope="module")
def tiles() -> list[ground.Tile]:
    return ground.tiles(SEED)


def test_the_tiles_cover_the_three_districts_exactly(tiles: list[ground.Tile]) -> None:
    assert len(tiles) == ground.GRIDS == 810
    for code, district in ground.districts().items():
        areas = [tile.area for tile in tiles if tile.code[:6] == code[:6]]
        assert all(area.is_valid for area in areas)
        assert sum(area.area for area in areas) == pytest.approx(district.area, rel=1e-6)
        assert shapely.symmetric_difference(shapely.union_all(areas), district).area < district.area * 1e-6


def test_no_tile_overlaps_another(tiles: list[ground.Tile]) -> None:
    areas = [tile.area for tile in tiles]
    one, other = shapely.STRtree(areas).query(areas, predicate="intersects")
    pairs = [(areas[i], areas[j]) for i, j in zip(one, other, strict=True) if i < j]
    # 1e-12 square degrees: a hundredth of a square metre
    assert max(shapely.area(shapely.intersection(first, second)) for first, second in pairs) < 1e-12


def test_every_point_lies_in_exactly_one_tile(tiles: list[ground.Tile]) -> None:
    random, tree = Random(SEED), shapely.STRtree([tile.area for tile in tiles])
    city = shapely.union_all(list(ground.districts().values()))
    west, south, east, north = city.bounds
    tried = shapely.points([(random.uniform(west, east), random.uniform(south, north)) for _ in range(4000)])
    inside = [point for point in tried if city.contains(point)]
    found = Counter(tree.query(inside, predicate="intersects")[0].tolist())
    assert len(inside) > 1000
    assert [found[index] for index in range(len(inside))] == [1] * len(inside)


def test_every_code_continues_the_code_of_a_real_community(tiles: list[ground.Tile]) -> None:
    communities = {division.code for division in ground.divisions() if division.level == "community"}
    assert len({tile.code for tile in tiles}) == ground.GRIDS
    counts = Counter(tile.community for tile in tiles)
    assert {tile.code[:12] for tile in tiles} == set(counts) <= communities
    assert set(counts) == {code for code in communities if code[:6] in ground.DISTRICTS}
    for code, count in counts.items():
        serials = sorted(tile.code[12:] for tile in tiles if tile.community == code)
        assert serials == [f"{serial:03d}" for serial in range(1, count + 1)]


def test_the_figures_are_those_of_the_city(tiles: list[ground.Tile]) -> None:
    assert sum(tile.party_branch is not None for tile in tiles) == 762
    outside = [tile for tile in tiles if not 300 <= tile.households <= 400]
    assert 20 < len(outside) < 120
    assert all("合成" in tile.name for tile in tiles)


def test_the_same_seed_gives_the_same_bytes_and_soon(tiles: list[ground.Tile]) -> None:
    began = time.monotonic()
    again = ground.tiles(SEED)
    assert time.monotonic() - began < 10
    workers, cameras = people.staff(tiles, SEED), points.cameras(tiles, SEED)
    assert files.grids(again) == files.grids(tiles)
    assert files.staff(people.staff(again, SEED)) == files.staff(workers)
    assert files.assignments(people.staff(again, SEED)) == files.assignments(workers)
    assert files.devices(points.cameras(again, SEED)) == files.devices(cameras)
    assert files.grids(ground.tiles(SEED + 1)) != files.grids(tiles)


def test_geojson_gives_the_grids_back(tiles: list[ground.Tile]) -> None:
    features = json.loads(files.grids(tiles))["features"]
    assert [feature["properties"]["code"] for feature in features] == [tile.code for tile in tiles]
    assert all(shape(feature["geometry"]).equals(tile.area) for feature, tile in zip(features, tiles, strict=True))
    assert len(files.grids(tiles)) < 1024 * 1024


def test_every_grid_has_its_five_levels(tiles: list[ground.Tile]) -> None:
    workers = people.staff(tiles, SEED)
    assert len({worker.staff_no for worker in workers}) == len(workers) == len({worker.phone for worker in workers})
    roles: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(files.assignments(workers).decode())):
        roles.setdefault(row["target"], []).append(row["role"])
    assert all(roles[tile.community] == ["supervisor"] for tile in tiles)
    assert all(roles[tile.code] == ["chief", "worker", "group_leader", "building_head"] for tile in tiles)


def test_cameras_stand_in_their_grids(tiles: list[ground.Tile]) -> None:
    cameras, areas = points.cameras(tiles, SEED), {tile.code: tile.area for tile in tiles}
    assert len({(camera.device, camera.channel) for camera in cameras}) == points.CAMERAS
    assert all(areas[camera.grid].contains(shapely.Point(camera.longitude, camera.latitude)) for camera in cameras)
    assert all(len(camera.gb_code) == 20 and camera.gb_code[:6] in ground.DISTRICTS for camera in cameras)


def test_persons_can_be_nobody(tiles: list[ground.Tile]) -> None:
    found = list(people.persons(tiles, 200, SEED))
    assert len({person.number for person in found}) == 200
    for person in found:
        assert people.identity_number(person.id_number[:17]) == person.id_number
        assert person.id_number.startswith("99")
        assert person.phone.startswith("100")
    # the worked example of GB 11643
    assert people.identity_number("11010519491231002") == "11010519491231002X"


def test_the_supervisor_does_not_load_geometry() -> None:
    told = (
        "import sys, deploy.local.__main__, deploy.local.supervisor, deploy.local.city; print('shapely' in sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "False"

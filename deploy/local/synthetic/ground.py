"""810 grids 网格 tiled over the three urban districts of Qitaihe, district by street by community.

Each area is halved again and again along straight north-south or east-west cuts, so neighbours share their edges
exactly and nothing is left over.
"""

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import TypeAlias

import shapely
from shapely.geometry import MultiPolygon, Polygon, shape

DATA = Path(__file__).resolve().parents[1] / "data"
DISTRICTS = ("230902", "230903", "230904")
GRIDS = 810
PARTY_BRANCHES = 762
# 城乡代码: serials below 200 are residents' committees 居委会, from 200 on villages and what is like them
FIRST_VILLAGE_SERIAL = 200
GRIDS_WEIGHT = {"residents": 10.0, "village": 1.5}
# a village's grid is that much larger than a residential quarter's
AREA_WEIGHT = {"residents": 1.0, "village": 8.0}
# cuts lie on whole millionths of a degree
MICRO = 1_000_000

Area: TypeAlias = Polygon | MultiPolygon


@dataclass(frozen=True)
class Division:
    """One row of the division tree, codes of 12 digits."""

    code: str
    level: str
    name: str
    parent: str


@dataclass(frozen=True)
class Tile:
    """One synthetic grid, WGS84 degrees."""

    code: str
    name: str
    community: str
    community_name: str
    area: Area
    households: int
    population: int
    party_branch: str | None


def divisions(file: str = "qitaihe_2309.csv") -> list[Division]:
    """The real division tree of a city."""
    with (DATA / file).open(encoding="utf-8", newline="") as rows:
        return [Division(row["code"], row["level"], row["name"], row["parent_code"]) for row in csv.DictReader(rows)]


def districts() -> dict[str, Area]:
    """The urban districts' own polygons by their 12-digit code, repaired where a ring crosses itself."""
    features = json.loads((DATA / "qitaihe_counties.geojson").read_text("utf-8"))["features"]
    return {
        f"{feature['id']}000000": polygonal(shapely.make_valid(shape(feature["geometry"])))
        for feature in features
        if feature["id"] in DISTRICTS
    }


def tiles(seed: int) -> list[Tile]:
    """All grids, by code."""
    random = Random(seed)
    tree: dict[str, list[Division]] = {}
    for division in divisions():
        tree.setdefault(division.parent, []).append(division)
    ground = districts()
    communities = [community for code in ground for street in tree[code] for community in tree.get(street.code, [])]
    counts = dict(zip((c.code for c in communities), apportion(communities, random), strict=True))
    shares = {c.code: counts[c.code] * AREA_WEIGHT[kind(c)] for c in communities}
    pieces: list[tuple[Division, Area]] = []
    for code, area in ground.items():
        streets = [street for street in tree[code] if street.code in tree]
        weights = [sum(shares[c.code] for c in tree[street.code]) for street in streets]
        for street, part in zip(streets, divide(area, weights), strict=True):
            members = tree[street.code]
            for community, place in zip(members, divide(part, [shares[c.code] for c in members]), strict=True):
                pieces += [(community, grid) for grid in divide(place, [1.0] * counts[community.code])]
    with_branch = set(random.sample(range(len(pieces)), PARTY_BRANCHES))
    serials: dict[str, int] = {}
    found = []
    for index, (community, area) in enumerate(pieces):
        serial = serials[community.code] = serials.get(community.code, 0) + 1
        name = f"{community.name}第{serial}网格(合成)"
        households = household_count(random)
        found.append(
            Tile(
                code=f"{community.code}{serial:03d}",
                name=name,
                community=community.code,
                community_name=f"{community.name}(合成)",
                area=shapely.transform(area, lambda positions: positions.round(12)),
                households=households,
                population=round(households * random.uniform(1.9, 2.7)),
                party_branch=f"{name}党支部" if index in with_branch else None,
            )
        )
    return sorted(found, key=lambda tile: tile.code)


def kind(community: Division) -> str:
    """Residents' committee or village, as the code says."""
    return "residents" if int(community.code[-3:]) < FIRST_VILLAGE_SERIAL else "village"


def household_count(random: Random) -> int:
    """300 to 400 is the rule; about one grid in fifteen is outside it, as in a real city."""
    if random.random() < 1 / 15:
        return random.choice([random.randint(180, 299), random.randint(401, 560)])
    return random.randint(300, 400)


def apportion(communities: Sequence[Division], random: Random) -> list[int]:
    """How many of the grids each community gets: one at least, the rest by largest remainder."""
    weights = [GRIDS_WEIGHT[kind(community)] * random.uniform(0.75, 1.25) for community in communities]
    spare = GRIDS - len(communities)
    exact = [1 + spare * weight / sum(weights) for weight in weights]
    counts = [math.floor(number) for number in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: counts[index] - exact[index])
    for index in by_remainder[: GRIDS - sum(counts)]:
        counts[index] += 1
    return counts


def divide(area: Area, weights: Sequence[float]) -> list[Area]:
    """Cut an area into parts in proportion to the weights, in their order."""
    if len(weights) == 1:
        return [area]
    sums = list(accumulate(weights))
    half = min(range(1, len(weights)), key=lambda index: abs(sums[index - 1] - sums[-1] / 2))
    first, second = cut(area, sums[half - 1] / sums[-1])
    return divide(first, weights[:half]) + divide(second, weights[half:])


def cut(area: Area, share: float) -> tuple[Area, Area]:
    """Halve an area across its longer side, `share` of it (0..1) to the west or south."""
    west, south, east, north = area.bounds
    wide = (east - west) * math.cos(math.radians((south + north) / 2)) > north - south
    low, high = (round(edge * MICRO) for edge in ((west, east) if wide else (south, north)))
    target = area.area * share
    while high - low > 1:
        middle = (low + high) // 2
        if below(area, middle / MICRO, wide).area < target:
            low = middle
        else:
            high = middle
    line = high / MICRO
    rest = (line, south, east, north) if wide else (west, line, east, north)
    return below(area, line, wide), polygonal(shapely.clip_by_rect(area, *rest))


def below(area: Area, line: float, wide: bool) -> Area:
    """The part west (or south) of a line."""
    west, south, east, north = area.bounds
    return polygonal(shapely.clip_by_rect(area, west, south, *((line, north) if wide else (east, line))))


def polygonal(geometry: shapely.Geometry) -> Area:
    """Only the polygons of a geometry: a cut along an edge leaves stray lines and points."""
    parts = [
        part for part in shapely.get_parts(geometry) if part.geom_type in ("Polygon", "MultiPolygon") and part.area
    ]
    flat = [polygon for part in parts for polygon in shapely.get_parts(part)]
    return flat[0] if len(flat) == 1 else MultiPolygon(flat)

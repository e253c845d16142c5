"""Part `locate`: point → polygon in the service's own index, against the store's `$geoIntersects`."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from math import isqrt
from random import Random
from typing import Any, TypeVar

from pymongo import GEOSPHERE
from pymongo.collection import Collection
from rich.console import Console
from shapely.geometry import mapping, shape

from deploy.local.demo import ground as synthetic
from deploy.local.synthetic.ground import GRIDS
from services.chassis.ground import Ground
from tests.bench.findings import Effort, Findings, table_of
from tests.bench.stage import Stage
from tests.bench.traffic import SEED

WEST, SOUTH, SIDE = 100.0, 30.0, 0.01
POINTS, AT_ONCE, WINDOW_S, LEAST = 10_000, 1_000, 1.0, 3
LARGEST, LEAST_PER_S = 100_000, 50_000
COLUMNS = ("polygons", "built in s", "one by one/s", f"{AT_ONCE:,} at once/s", "$geoIntersects/s", "one by one : store")

Point = tuple[float, float]
Parcel = tuple[str, dict[str, Any]]
T = TypeVar("T")


class Disagreement(Exception):
    """Two indexes over the same ground find different parcels."""


def run(stage: Stage, effort: Effort, console: Console) -> Findings:
    """The synthetic city's own grids first, then invented ground."""
    found, rows = Findings(), []
    for count in effort.polygons:
        of = _measured(stage, _city() if count == GRIDS else _invented(count))
        found.figures[str(count)] = of
        one, many, store = of["locate_per_s"], of["locate_many_per_s"], of["geo_intersects_per_s"]
        console.print(f"  {count:,}: {one:,.0f}/s, {many:,.0f}/s, store {store:,.2f}/s")
        rates = [f"{one:,.0f}", f"{many:,.0f}", f"{store:,.2f}", f"{one / store:,.0f}"]
        rows.append([f"{count:,}", f"{of['build_s']:.2f}", *rates])
    found.tables.append(table_of("定位 Locate, in process", COLUMNS, rows))
    if largest := found.figures.get(str(LARGEST)):
        found.ratios["locate_per_s_100k"] = largest["locate_many_per_s"]
        found.at_least(f"locate/s at {LARGEST:,} polygons", largest["locate_many_per_s"], LEAST_PER_S)
    return found


def _measured(stage: Stage, parcels: Sequence[Parcel]) -> dict[str, float]:
    """Ours in CPU-seconds of the one core that it takes, the store's in seconds."""
    points = _points(parcels)
    begun = time.process_time()
    ground = Ground(parcels)
    built = time.process_time() - begun
    parts = [points[at : at + AT_ONCE] for at in range(0, len(points), AT_ONCE)]
    collection = _stored(stage, parcels)
    return {
        "build_s": built,
        "locate_per_s": _per_s(time.process_time, cycle(points), lambda point: ground.locate(*point)),
        "locate_many_per_s": AT_ONCE * _per_s(time.process_time, cycle(parts), ground.locate_many),
        "geo_intersects_per_s": _per_s(
            time.perf_counter, cycle(points), lambda point: _asked(collection, ground, point)
        ),
    }


def _city() -> list[Parcel]:
    return [(tile.code, mapping(tile.area)) for tile in synthetic.invent().tiles]


def _invented(count: int) -> list[Parcel]:
    """Squares beside one another, each edge broken into three by points off the line that both neighbours share."""
    random, side = Random(SEED), isqrt(count - 1) + 1
    bends: dict[tuple[int, int, int, int], float] = {}

    def edge(column: int, row: int, across: int) -> list[Point]:
        """From a corner eastwards (`across` 1) or northwards (0), without its ends."""
        inner = []
        for third in (1, 2):
            off = bends.setdefault((column, row, across, third), random.uniform(-0.2, 0.2))
            along = third / 3
            x, y = (column + along, row + off) if across else (column + off, row + along)
            inner.append((WEST + x * SIDE, SOUTH + y * SIDE))
        return inner

    def corner(column: int, row: int) -> Point:
        return WEST + column * SIDE, SOUTH + row * SIDE

    parcels = []
    for serial in range(count):
        x, y = serial % side, serial // side
        ring = [corner(x, y), *edge(x, y, 1), corner(x + 1, y), *edge(x + 1, y, 0), corner(x + 1, y + 1)]
        ring += [*edge(x, y + 1, 1)[::-1], corner(x, y + 1), *edge(x, y, 0)[::-1], corner(x, y)]
        parcels.append((f"{serial:015d}", {"type": "Polygon", "coordinates": [ring]}))
    return parcels


def _points(parcels: Sequence[Parcel]) -> list[Point]:
    """Points within polygons drawn by lot."""
    random = Random(SEED)
    inside = [shape(geometry).representative_point() for _, geometry in random.choices(parcels, k=POINTS)]
    return [(point.x, point.y) for point in inside]


def _stored(stage: Stage, parcels: Sequence[Parcel]) -> Collection[dict[str, Any]]:
    """The same polygons in the store. The embedded one is asked without an index.

    Its 2dsphere index took 22 CPU-ms a polygon to build and made a query three times as slow (1,000 polygons).
    """
    collection = stage.mongo["bench_ground"][f"parcels_{len(parcels)}"]
    documents = [{"_id": code, "geometry": geometry} for code, geometry in parcels]
    for at in range(0, len(documents), AT_ONCE):
        collection.insert_many(documents[at : at + AT_ONCE], ordered=False)
    if shutil.which("mongod"):
        collection.create_index([("geometry", GEOSPHERE)])
    return collection


def _asked(collection: Collection[dict[str, Any]], ground: Ground, point: Point) -> None:
    """Ask the store. Raises Disagreement when the index says otherwise."""
    found, ours = collection.find_one(_holding(point), {"_id": 1}), ground.locate(*point)
    if not found or not ours or found["_id"] != ours.code:
        raise Disagreement(f"{point}: the store says {found}, the index {ours}")


def _holding(point: Point) -> dict[str, Any]:
    return {"geometry": {"$geoIntersects": {"$geometry": {"type": "Point", "coordinates": list(point)}}}}


def _per_s(clock: Callable[[], float], values: Iterator[T], work: Callable[[T], object]) -> float:
    """How often a second; at least three times."""
    begun, done = clock(), 0
    while done < LEAST or clock() - begun < WINDOW_S:
        work(next(values))
        done += 1
    return done / (clock() - begun)

"""What a piece of ground may look like: checked, repaired, measured and compared (WGS84, longitude before latitude)."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite, sqrt
from typing import Any, TypeGuard

import numpy as np
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from contracts.faults import FieldFault, Invalid
from contracts.grid import Datum
from services.chassis.ground import Ground, Outline, drawn
from services.grid.datum import to_wgs84

MOST_VERTICES = 5000
CHINA = (73.0, 3.0, 136.0, 54.0)
MOST_STEPS = 20_000
MOST_MEETINGS, AT_ONCE = 5_000, 100
REPAIRABLE_SHARE = 0.01
TOLERATED_M2 = 50.0
"""Overlap and overhang below this are drawing: a shared edge of 500 m written with six decimals is off by so much."""
AXIS, E2 = 6378137.0, 0.0066943799901413165
Position = tuple[float, float]
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees; west > east: across the 180° meridian."""
Rings = list[list[Position]]


@dataclass(frozen=True)
class Surveyed:
    """A sound piece of ground: GeoJSON as it is stored, square metres, (west, south, east, north), its fingerprint.

    `repaired` says what was mended, in Chinese and English, or is None.
    """

    geometry: dict[str, Any]
    area_m2: float
    bounds: Box
    digest: str
    repaired: tuple[str, str] | None = None


def survey(geometry: object, datum: Datum = Datum.WGS84) -> Surveyed:
    """Check a GeoJSON Polygon or MultiPolygon, convert it to WGS84 and mend rings that cross themselves a little.

    Invalid geometry_invalid names ring and position (JSON pointer), also of the first vertex over 5,000.
    A crossing is mended when the area changes by at most 1 %: beyond that the ground meant is anybody's guess.
    """
    parts, paths = _parts_of(geometry)
    _not_too_many(parts, paths)
    checked = [
        [_ring(ring, pointer, datum) for ring, pointer in zip(rings, pointers, strict=True)]
        for rings, pointers in zip(parts, paths, strict=True)
    ]
    sound = shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in checked])
    repaired = None
    if not shapely.is_valid(sound):
        sound, repaired = _mended(sound, checked, paths)
    if shapely.is_empty(sound) or area_m2(sound) < 1:
        raise _invalid("/geometry", "图形面积为零", "the polygon covers no ground")
    if shapely.get_num_geometries(sound) == 1:
        sound = shapely.get_geometry(sound, 0)
    sound = shapely.orient_polygons(sound)
    stored = json.loads(json.dumps(mapping(sound)))
    west, south, east, north = shapely.bounds(sound).tolist()
    return Surveyed(
        geometry=stored,
        area_m2=round(area_m2(sound), 1),
        bounds=(west, south, east, north),
        digest=sha256(json.dumps(stored).encode()).hexdigest()[:32],
        repaired=repaired,
    )


def area_m2(polygon: BaseGeometry) -> float:
    """Square metres on the WGS84 ellipsoid by the cylindrical equal-area projection.

    Edges are straight in longitude and latitude (RFC 7946) and cut to 0.01°, to more where all are longer than 200°:
    relative error below 1e-5 up to there.
    """
    return float(areas_m2(np.array([polygon]))[0])


def areas_m2(polygons: Any) -> Any:
    """The same for an array of polygons."""
    e = sqrt(E2)

    def equal_area(places: Any) -> Any:
        radians = np.radians(places)
        s = np.sin(radians[:, 1])
        q = (1 - E2) * (s / (1 - E2 * s * s) + np.arctanh(e * s) / e)
        return np.column_stack((AXIS * radians[:, 0], AXIS * q / 2))

    # what nobody means may be drawn around the whole earth, 5,000 times
    steps = np.maximum(0.01, shapely.length(polygons) / MOST_STEPS)
    return shapely.area(shapely.transform(shapely.segmentize(polygons, steps), equal_area))


def box_of(bbox: Box) -> Box:
    """The box that a caller named; Invalid bbox_invalid where its south is north of its north."""
    if bbox[1] > bbox[3]:
        raise Invalid.field(
            "/bbox",
            "bbox_invalid",
            "bbox 应为 西,南,东,北, 南不得大于北",
            "bbox is west,south,east,north: south > north",
        )
    return bbox


def overlaps(candidates: Mapping[str, Mapping[str, Any]], ground: Ground) -> list[tuple[str, str, float]]:
    """Where interiors intersect by more than 50 m²: (candidate, other, m²) by code, the larger code first.

    The others are the parcels of `ground` (a candidate's own old shape there does not count) and its fellows.
    """
    codes = sorted(candidates)
    shapes = np.array([shape(candidates[code]) for code in codes], dtype=object)
    tree = shapely.STRtree(shapes)
    shapely.prepare(shapes)
    found = []
    mine, fellow = tree.query(shapes, predicate="intersects")
    later = mine > fellow
    mine, fellow = mine[later], fellow[later]
    for at, other, shared in zip(mine, fellow, _shared_m2(shapes[mine], shapes[fellow]), strict=True):
        found.append((codes[at], codes[other], shared))
    mine, near = ground.touching(shapes)
    for at, other, shared in zip(mine, near, _shared_m2(shapes[mine], ground.polygons[near]), strict=True):
        if codes[at] != ground.codes[other] and ground.codes[other] not in candidates:
            found.append((codes[at], ground.codes[other], shared))
    return sorted((code, other, round(shared, 1)) for code, other, shared in found if shared > TOLERATED_M2)


def overhang_m2(inner: Outline, outer: Outline) -> float:
    """Square metres of `inner` that lie outside of `outer`."""
    return area_m2(shapely.difference(drawn(inner), drawn(outer)))


def _shared_m2(some: Any, others: Any) -> list[float]:
    return [float(area) for area in areas_m2(shapely.intersection(some, others))]


def _invalid(pointer: str, zh: str, en: str) -> Invalid:
    return Invalid.field(pointer, "geometry_invalid", f"图形无效: {zh} ({pointer})", f"geometry: {en} ({pointer})")


def _is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    return isinstance(value, list | tuple)


def _parts_of(geometry: object) -> tuple[list[list[Any]], list[list[str]]]:
    """Polygons as lists of rings, and for each ring its JSON pointer."""
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if not isinstance(geometry, Mapping) or kind not in ("Polygon", "MultiPolygon"):
        raise _invalid("/geometry/type", "只接受 Polygon 或 MultiPolygon", "only Polygon or MultiPolygon")
    base = "/geometry/coordinates"
    coordinates = geometry.get("coordinates")
    polygons = [coordinates] if kind == "Polygon" else coordinates
    if not _is_list(polygons) or not polygons:
        raise _invalid(base, "没有坐标", "no coordinates")
    parts, paths = [], []
    for at, rings in enumerate(polygons):
        path = base if kind == "Polygon" else f"{base}/{at}"
        if not _is_list(rings) or not rings or not all(_is_list(ring) for ring in rings):
            raise _invalid(path, "应为由环组成的数组", "an array of rings is expected")
        parts.append(list(rings))
        paths.append([f"{path}/{ring}" for ring in range(len(rings))])
    return parts, paths


def _not_too_many(parts: list[list[Any]], paths: list[list[str]]) -> None:
    vertices = 0
    for rings, pointers in zip(parts, paths, strict=True):
        for ring, pointer in zip(rings, pointers, strict=True):
            vertices += len(ring)
            if vertices > MOST_VERTICES:
                first = f"{pointer}/{len(ring) - (vertices - MOST_VERTICES)}"
                raise _invalid(first, f"顶点超过 {MOST_VERTICES} 个", f"more than {MOST_VERTICES} vertices")


def _ring(ring: list[Any], pointer: str, datum: Datum) -> list[Position]:
    if len(ring) < 4:
        raise _invalid(
            pointer, f"环只有 {len(ring)} 个位置, 至少 4 个", f"{len(ring)} positions; a ring has at least 4"
        )
    places = [_position(position, f"{pointer}/{at}") for at, position in enumerate(ring)]
    if places[0] != places[-1]:
        last = f"{pointer}/{len(places) - 1}"
        raise _invalid(last, "环未闭合, 末点与首点不同", "the ring is not closed: its last position is not its first")
    if len(set(places)) < 3:
        raise _invalid(pointer, "环的不同位置少于 3 个", "fewer than three different positions")
    return [to_wgs84(*place, datum) for place in places]


def _position(position: Any, pointer: str) -> Position:
    numbers = _is_list(position) and 2 <= len(position) <= 4
    if not numbers or any(isinstance(n, bool) or not isinstance(n, int | float) for n in position):
        raise _invalid(pointer, "位置应为 [经度, 纬度]", "a position is [longitude, latitude]")
    longitude, latitude = float(position[0]), float(position[1])
    west, south, east, north = CHINA
    if not (isfinite(longitude) and isfinite(latitude)):
        raise _invalid(pointer, "坐标不是有限数", "not a finite number")
    if west <= latitude <= east and south <= longitude <= north:
        raise _invalid(pointer, "经纬度写反了, 应为 [经度, 纬度]", "latitude stands before longitude")
    if abs(longitude) > 180 or abs(latitude) > 90:
        raise _invalid(pointer, "经度应在 ±180, 纬度应在 ±90 以内", "outside of ±180° longitude, ±90° latitude")
    return longitude, latitude


def _mended(crossed: BaseGeometry, parts: list[Rings], paths: list[list[str]]) -> tuple[BaseGeometry, tuple[str, str]]:
    pointer, x, y = _crossing(shapely.is_valid_reason(crossed), parts, paths)
    where = f"({x:.6f}, {y:.6f})"
    before, after, sound = 0.0, 0.0, crossed
    if not _tangled(parts):
        mended = shapely.make_valid(crossed, method="structure", keep_collapsed=False)
        sound = shapely.MultiPolygon([part for part in shapely.get_parts(mended) if part.geom_type == "Polygon"])
        before, after = area_m2(crossed), area_m2(sound)
    if after == 0 or abs(after - before) > REPAIRABLE_SHARE * after:
        raise Invalid(
            "geometry_invalid",
            f"图形无效: 环在 {where} 自相交, 无法可靠修复 ({pointer})",
            f"geometry: a ring crosses itself at {where} beyond repair ({pointer})",
            errors=[FieldFault(pointer=pointer, code="geometry_invalid", zh="环自相交", en="the ring crosses itself")],
        )
    change = after - before
    return sound, (
        f"环在 {where} 自相交, 已修复 ({pointer}), 面积变化 {change:+.1f} 平方米",
        f"a ring crossed itself at {where}, mended ({pointer}), area changed by {change:+.1f} m²",
    )


def _tangled(parts: list[Rings]) -> bool:
    """Whether edges meet so often that mending them would take gigabytes: a star of 801 edges takes 15 s and 0.7 GB."""
    edges = np.concatenate([_edges(ring) for rings in parts for ring in rings])
    # positions are often written twice
    edges = edges[shapely.length(edges) > 0]
    tree, met = shapely.STRtree(edges), 0
    for at in range(0, len(edges), AT_ONCE):
        part = edges[at : at + AT_ONCE]
        # each edge meets itself and both of its neighbours
        met += tree.query(part, predicate="intersects").shape[1] - 3 * len(part)
        if met > MOST_MEETINGS:
            return True
    return False


def _edges(ring: list[Position]) -> Any:
    return shapely.linestrings(np.stack((np.array(ring[:-1]), np.array(ring[1:])), axis=1))


def _crossing(reason: str, parts: list[Rings], paths: list[list[str]]) -> tuple[str, float, float]:
    """The place that GEOS complains of, and the pointer of the position where the nearest edge begins."""
    x, y = (float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:[eE]-?\d+)?", reason)[-2:])

    def edges() -> Iterator[tuple[float, str]]:
        for rings, pointers in zip(parts, paths, strict=True):
            for ring, pointer in zip(rings, pointers, strict=True):
                away = np.round(shapely.distance(_edges(ring), shapely.Point(x, y)), 9)
                at = int(np.argmin(away))
                yield float(away[at]), f"{pointer}/{at}"

    return min(edges())[1], x, y

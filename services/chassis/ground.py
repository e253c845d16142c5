"""Which parcel of ground holds a point: an in-memory index over polygons (the only importer of shapely here).

Half-open rule: parcels share their edges and corners, so a point on one lies in several; it is given to the parcel
with the smallest code and the answer says `on_boundary`. Two copies of a service thus answer alike.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import cos, radians
from typing import Any, NamedTuple, Self, TypeAlias

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

# a GeoJSON Polygon or MultiPolygon, or the same drawn already
Outline: TypeAlias = Mapping[str, Any] | BaseGeometry


class Hit(NamedTuple):
    """The parcel of a point, and whether the point lies on its edge."""

    code: str
    on_boundary: bool


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """Length of one degree of longitude and of latitude on WGS84, in metres, at a latitude in degrees.

    Series of the US National Geospatial-Intelligence Agency (length of a degree calculator); error below 1 cm.
    """
    phi = radians(latitude)
    east = 111412.84 * cos(phi) - 93.5 * cos(3 * phi) + 0.118 * cos(5 * phi)
    north = 111132.92 - 559.82 * cos(2 * phi) + 1.175 * cos(4 * phi) - 0.0023 * cos(6 * phi)
    return max(east, 1.0), north


def drawn(outline: Outline) -> BaseGeometry:
    """The outline as shapely has it."""
    return shape(outline) if isinstance(outline, Mapping) else outline


def drawn_all(outlines: Sequence[Mapping[str, Any]]) -> list[BaseGeometry]:
    """GeoJSON outlines drawn together, four times as fast as one by one."""
    parts = [one["coordinates"] if one["type"] == "MultiPolygon" else [one["coordinates"]] for one in outlines]
    polygons = [rings for each in parts for rings in each]
    rings = [ring for polygon in polygons for ring in polygon]
    if not rings:
        return []
    places = np.array([place for ring in rings for place in ring], dtype=float)
    lines = shapely.linearrings(places, indices=_owners(rings))
    wholes = shapely.multipolygons(shapely.polygons(lines, indices=_owners(polygons)), indices=_owners(parts))
    return [
        whole if one["type"] == "MultiPolygon" else shapely.get_geometry(whole, 0)
        for one, whole in zip(outlines, wholes, strict=True)
    ]


def _owners(lists: Sequence[Sequence[Any]]) -> Any:
    return np.repeat(np.arange(len(lists)), [len(each) for each in lists])


class Ground:
    """Immutable index of parcels 地块, WGS84 degrees. Its owner swaps in a new one in one step.

    `parcels`: pairs of a code and an outline, valid (geometry is checked where it enters the city, not here). A code
    given twice keeps its last one.
    """

    __slots__ = ("_codes", "_shapes", "_tree")

    def __init__(self, parcels: Iterable[tuple[str, Outline]] = ()) -> None:
        self._build({code: drawn(geometry) for code, geometry in parcels})

    def _build(self, shapes: Mapping[str, BaseGeometry]) -> None:
        self._codes: list[str] = sorted(shapes)
        self._shapes = np.array([shapes[code] for code in self._codes], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        self._shapes.flags.writeable = False

    def changed(self, parcels: Mapping[str, Outline | None]) -> Self:
        """A new index with these parcels added or replaced (None: taken out); the other polygons are shared."""
        shapes = dict(zip(self._codes, self._shapes, strict=True))
        for code, geometry in parcels.items():
            if geometry is None:
                shapes.pop(code, None)
            else:
                shapes[code] = drawn(geometry)
        new = type(self).__new__(type(self))
        new._build(shapes)
        return new

    def get(self, code: str) -> BaseGeometry | None:
        """The parcel of that code."""
        return self._shapes[bisect_left(self._codes, code)] if code in self else None

    def __len__(self) -> int:
        return len(self._codes)

    def __contains__(self, code: object) -> bool:
        at = bisect_left(self._codes, str(code))
        return at < len(self._codes) and self._codes[at] == code

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of all parcels; None without any."""
        if not self._codes:
            return None
        west, south, east, north = shapely.total_bounds(self._shapes)
        return float(west), float(south), float(east), float(north)

    @property
    def codes(self) -> Sequence[str]:
        """In ascending order."""
        return self._codes

    @property
    def polygons(self) -> Any:
        """The parcels as an array of shapely geometries, in the order of `codes`."""
        return self._shapes

    def within(self, west: float, south: float, east: float, north: float) -> list[str]:
        """Codes of the parcels that touch the box, ascending; of a box with west > east those beyond 180° as well."""
        boxes = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
        drawn_boxes = np.array([shapely.box(left, south, right, north) for left, right in boxes])
        return [self._codes[at] for at in np.unique(self.touching(drawn_boxes)[1])]

    def touching(self, shapes: Any) -> Any:
        """Two arrays: places in `shapes` (an array of geometries) and, for each, the place in `codes` it touches."""
        return self._tree.query(shapes, predicate="intersects")

    def locate(self, longitude: float, latitude: float) -> Hit | None:
        """The parcel that holds the point, or None."""
        candidates = self._tree.query(shapely.Point(longitude, latitude))
        for at in np.sort(candidates):
            parcel = self._shapes[at]
            if shapely.contains_xy(parcel, longitude, latitude):
                return Hit(self._codes[at], on_boundary=False)
            if shapely.intersects_xy(parcel, longitude, latitude):
                return Hit(self._codes[at], on_boundary=True)
        return None

    def locate_many(self, points: Sequence[tuple[float, float]]) -> list[Hit | None]:
        """The same for many (longitude, latitude) pairs at once, in their order."""
        hits: list[Hit | None] = [None] * len(points)
        if not points:
            return hits
        xy = np.asarray(points, dtype=float)
        which, parcel = self._tree.query(shapely.points(xy))
        held = shapely.intersects_xy(self._shapes[parcel], xy[which, 0], xy[which, 1])
        which, parcel = which[held], parcel[held]
        order = np.lexsort((parcel, which))
        which, first = np.unique(which[order], return_index=True)
        parcel = parcel[order][first]
        inside = shapely.contains_xy(self._shapes[parcel], xy[which, 0], xy[which, 1])
        for at, code_at, interior in zip(which.tolist(), parcel.tolist(), inside.tolist(), strict=True):
            hits[at] = Hit(self._codes[code_at], on_boundary=not interior)
        return hits

    def nearest(self, longitude: float, latitude: float) -> tuple[str, float] | None:
        """The closest parcel and its distance in metres (0 inside it); None when there is no parcel at all.

        Measured on a plane through the point whose axes are true to WGS84 there: within 1 % up to 100 km at the
        latitudes of China. Equal distances: the smallest code.
        """
        if not self._codes:
            return None
        point = shapely.Point(longitude, latitude)
        scale = np.array(metres_per_degree(latitude))
        here = shapely.Point(np.array([longitude, latitude]) * scale)

        def metres_to(parcels: Any) -> Any:
            return shapely.distance(shapely.transform(self._shapes[parcels], lambda xy: xy * scale), here)

        # nearest in degrees is not nearest in metres, but no parcel outside its radius can be nearer
        reach = float(metres_to(np.array([self._tree.nearest(point)]))[0]) / scale * (1 + 1e-9)
        near = np.sort(
            self._tree.query(
                shapely.box(longitude - reach[0], latitude - reach[1], longitude + reach[0], latitude + reach[1])
            )
        )
        metres = metres_to(near)
        best = int(np.argmin(metres))
        return self._codes[near[best]], float(metres[best])

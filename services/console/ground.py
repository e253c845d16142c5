"""The city's ground as maps draw it: GeoJSON, fetched with the operator's own key."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from services.console.door import Door

AT_ONCE = 200
GONE = frozenset({"draft", "cancelled", "retired"})
# a tenth of a metre, which is finer than any screen
DECIMALS = 6
CODE = re.compile(r"\d{15}")
Feature = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """Names by grid code, and the GeoJSON of all live grids."""

    names: dict[str, str]
    document: bytes

    @property
    def tag(self) -> str:
        """What tells one document from another."""
        return f'"{sha256(self.document).hexdigest()[:16]}"'


async def ground(door: Door) -> Ground:
    """As far as the key of the door reaches. Raises Problem."""
    grids = [one for one in await drawn(door, "/v1/grids") if one["state"] not in GONE]
    return Ground({one["code"]: one["name"] for one in grids}, collection(map(feature, grids)))


async def drawn(door: Door, path: str, **which: str) -> list[dict[str, Any]]:
    """All of a list that have ground. Raises Problem."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await door.get(path, **which, geometries="true", limit=AT_ONCE, cursor=cursor)
        found += (one for one in page["items"] if one["geometry"])
        cursor = page["next"]
        if not cursor:
            return found


def feature(one: Mapping[str, Any], **more: Any) -> Feature:
    """A grid, or whatever has code, name and geometry."""
    told = {name: one[name] for name in ("name", "state", "large") if name in one}
    return {
        "type": "Feature",
        "id": one["code"],
        "properties": told | more,
        "geometry": {**one["geometry"], "coordinates": _rounded(one["geometry"]["coordinates"])},
    }


def collection(features: Iterable[Feature]) -> bytes:
    """A GeoJSON document."""
    told = {"type": "FeatureCollection", "features": [*features]}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def around(geometry: Mapping[str, Any], margin: float = 0.5) -> str:
    """West, south, east, north of a polygon and what lies beside it; `margin` in lengths of its own."""
    places = [*_places(geometry["coordinates"])]
    (west, east), (south, north) = ((min(axis), max(axis)) for axis in zip(*places, strict=True))
    wide, high = (east - west) * margin, (north - south) * margin
    box = (max(west - wide, -180), max(south - high, -90), min(east + wide, 180), min(north + high, 90))
    return ",".join(f"{edge:.{DECIMALS}f}" for edge in box)


def _places(coordinates: Any) -> Iterator[tuple[float, float]]:
    if isinstance(coordinates[0], float | int):
        yield coordinates[0], coordinates[1]
        return
    for part in coordinates:
        yield from _places(part)


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, float | int):
        return round(coordinates, DECIMALS)
    return [_rounded(part) for part in coordinates]

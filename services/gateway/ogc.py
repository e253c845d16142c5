"""OGC API Features Part 1: how its parameters are read, and how its links and documents are written.

Links are absolute, since GDAL and OWSLib follow them as they stand: under `public_url` where operations have set one
(a proxy in front, TLS), else under the host that the caller named.
"""

import json
import re
from collections.abc import Collection as Names
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from starlette.responses import Response

from contracts.grid import Feature
from contracts.shared import Extent
from services.gateway.door import Call
from services.gateway.problems import Turned

GEOJSON, JSON = "application/geo+json", "application/json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMS_TO = [
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{part}" for part in ("core", "geojson", "oas30")
]
MOST = 1000
# RFC 3339; earlier years would leave the calendar when they are moved to UTC
MOMENT = re.compile(r"[12]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)
OPEN = ("", "..")


class About(NamedTuple):
    """What people read of a collection, and the path of the same things in our own API."""

    title: str
    description: str
    path: str


def parameters(call: Call, known: Names[str] = ()) -> dict[str, str]:
    """The query. Raises Turned 400 for a parameter that is not known: a misspelt one must not pass for an answer."""
    given = dict(call.request.query_params)
    if not given.keys() <= set(known):
        listed = ", ".join(known) or "–"
        raise Turned(400, "parameter_unknown", f"此处可用的参数: {listed}", f"the parameters here are: {listed}")
    return given


def limit_of(text: str | None) -> int:
    """1 to 1,000; more is taken as 1,000, as the standard demands."""
    if text is None:
        return 100
    positive = re.fullmatch(r"0*([1-9]\d*)", text, re.ASCII)
    if positive is None:
        raise _wrong("limit", "须为正整数", "a positive integer")
    return min(int(positive[1][:9]), MOST)


def bbox_of(text: str | None) -> Extent | None:
    """Four numbers, or six with heights, which say nothing here; west > east: across the 180° meridian."""
    if text is None:
        return None
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6) or not all(map(isfinite, numbers)):
        raise _wrong("bbox", "须为 4 个或 6 个数", "four or six numbers")
    half = len(numbers) // 2
    west, south, east, north = numbers[0], numbers[1], numbers[half], numbers[half + 1]
    if max(abs(west), abs(east)) > 180 or not -90 <= south <= north <= 90:
        raise _wrong("bbox", "须为 西,南,东,北 (度)", "west,south,east,north in degrees")
    return Extent(west, south, east, north)


def moment_of(text: str | None) -> datetime | None:
    """The time at which features are to be valid; None is the present. Of an interval it is the end."""
    if text is None:
        return None
    # an offset's plus sign that nobody encoded has become a space
    ends = text.replace(" ", "+").split("/")
    if len(ends) > 2 or (ends[0] in OPEN and ends[-1] in OPEN):
        raise _wrong("datetime", "须为时刻或区间 a/b, a/.., ../b", "an instant or an interval a/b, a/.., ../b")
    moments = [_moment(end) for end in ends if end not in OPEN]
    if moments != sorted(moments):
        raise _wrong("datetime", "区间的起点晚于终点", "the interval ends before it begins")
    return None if ends[-1] in OPEN or moments[-1] >= datetime.now(UTC) else moments[-1]


def _moment(text: str) -> datetime:
    try:
        if MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper())
    except ValueError:
        pass
    raise _wrong("datetime", "时刻须为 RFC 3339, 如 2026-01-02T03:04:05+08:00", "RFC 3339, as 2026-01-02T03:04:05Z")


def _wrong(parameter: str, zh: str, en: str) -> Turned:
    return Turned(400, "parameter_invalid", f"参数 {parameter}: {zh}", f"parameter {parameter}: {en}")


class Links:
    """Links as one caller can follow them."""

    def __init__(self, call: Call) -> None:
        url = call.request.url
        self._base = call.door.settings.public_url.rstrip("/") or f"{url.scheme}://{url.netloc}"
        self._here = url.path

    def to(self, path: str, rel: str, kind: str, title: str, query: Mapping[str, str] | None = None) -> dict[str, str]:
        """One link; `path` begins at the root of the API."""
        asked = f"?{urlencode(query)}" if query else ""
        return {"href": f"{self._base}{path}{asked}", "rel": rel, "type": kind, "title": title}

    def itself(self, kind: str, query: Mapping[str, str] | None = None) -> dict[str, str]:
        """The document at hand."""
        return self.to(self._here, "self", kind, "This document", query)


def collection(name: str, about: About, extent: Extent | None, links: Links) -> dict[str, Any]:
    """The description of a collection."""
    return {
        "id": name,
        "title": about.title,
        "description": about.description,
        "itemType": "feature",
        "crs": [CRS84],
        **({"extent": {"spatial": {"bbox": [list(extent)], "crs": CRS84}}} if extent else {}),
        "links": [
            links.to(f"/ogc/collections/{name}", "self", JSON, about.title),
            links.to(f"/ogc/collections/{name}/items", "items", GEOJSON, about.title),
        ],
    }


def feature(found: Feature, links: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """A GeoJSON feature."""
    document = {"type": "Feature", "id": found.id, "geometry": found.geometry, "properties": found.properties}
    return {**document, **({"links": links} if links else {})}


def item_path(name: str, id: str) -> str:
    """Where one feature is."""
    return f"/ogc/collections/{name}/items/{quote(id, safe='')}"


def shown(document: dict[str, Any], media_type: str = JSON) -> Response:
    """The answer."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, media_type=media_type)

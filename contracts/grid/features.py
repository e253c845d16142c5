"""What geographic programs read: features of three collections, as OGC API Features names them."""

from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue

from contracts.base import Query
from contracts.shared import Cursor, Key, Latitude, Longitude, Model

Collection = Literal["grids", "communities", "buildings"]


class Feature(Model):
    """`geometry` is GeoJSON (Polygon, MultiPolygon or Point, WGS84), None where there is none."""

    id: str
    geometry: dict[str, JsonValue] | None
    properties: dict[str, JsonValue]


class Features(Model):
    """A part of a collection; `next` is the cursor of the part that follows."""

    items: list[Feature]
    next: str | None = None


class ListFeatures(Query[Features]):
    """By id, within `bbox` (west, south, east, north); `at`: as they were at that time (grids)."""

    collection: Collection
    bbox: tuple[Longitude, Latitude, Longitude, Latitude] | None = None
    at: AwareDatetime | None = None
    cursor: Cursor | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class GetFeature(Query[Feature]):
    """By id; `at`: as it was at that time (grids)."""

    collection: Collection
    id: Key
    at: AwareDatetime | None = None

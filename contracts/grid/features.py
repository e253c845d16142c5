"""What geographic programs read: features of three collections, as OGC API Features names them."""

from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue

from contracts.base import Query
from contracts.shared import Cursor, Extent, Key, Latitude, Longitude, Model

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


class Extents(Model):
    """The box around each collection, degrees; a collection without ground is absent."""

    boxes: dict[Collection, Extent]


class ListFeatures(Query[Features]):
    """By id, within `bbox` (west, south, east, north; west > east: across 180°); `at`: as they were then (grids).

    A part may hold less than `limit` though another one follows.
    """

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


class GetExtents(Query[Extents]):
    """Where the features of each collection lie."""

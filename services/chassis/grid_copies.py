"""A service's own copy of the grids' ground, fed by grid.published and grid.adjusted, and the map built of it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pymongo.database import Database

from contracts.grid import GridAdjusted, GridPublished, GridState
from contracts.shared import Extent, Point
from services.chassis import context, cpu
from services.chassis.aggregates import Document
from services.chassis.copies import LocalCopy
from services.chassis.ground import Ground
from services.chassis.messages import Received

GONE = frozenset({GridState.RETIRED, GridState.CANCELLED})
_STAMP = "grids"
_BUILD_EVERY_S = 5.0


class Spot(NamedTuple):
    """A grid and the territories above it."""

    grid: str | None = None
    path: Sequence[str] = ()


@dataclass(frozen=True)
class Terrain:
    """地面: the live grids of the city as this service knows them. Immutable; its owner swaps in a new one."""

    ground: Ground = field(default_factory=Ground)
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, grids: Iterable[tuple[str, Mapping[str, Any], Sequence[str]]]) -> "Terrain":
        """From (code, GeoJSON geometry, path). CPU-heavy: some milliseconds a grid."""
        known = {code: (geometry, path) for code, geometry, path in grids}
        return cls(
            Ground((code, geometry) for code, (geometry, _) in known.items()),
            {code: tuple(path) for code, (_, path) in known.items()},
        )

    @property
    def extent(self) -> Extent | None:
        """The box around all grids; None without any."""
        bounds = self.ground.bounds
        return Extent(*bounds) if bounds else None

    def spot(self, point: Point) -> Spot:
        """The grid of a place; empty outside all grids."""
        hit = self.ground.locate(point.longitude, point.latitude)
        return Spot(hit.code, self.paths[hit.code]) if hit else Spot()

    def spots(self, points: Sequence[Point]) -> list[Spot]:
        """The same for many at once."""
        hits = self.ground.locate_many([(point.longitude, point.latitude) for point in points])
        return [Spot(hit.code, self.paths[hit.code]) if hit else Spot() for hit in hits]


class GridCopies:
    """Absorbs what the grid service says; `terrain` is the map built of it, swapped as a whole."""

    def __init__(self, database: Database[Document]) -> None:
        self._copies = LocalCopy(database, "grid_copies", fed_by=(GridPublished, GridAdjusted))
        self._stamps = database["stamps"]
        self.collection = self._copies.collection
        self._followed: int | None = None
        self._seen: int | None = None
        self._built_at = -_BUILD_EVERY_S
        self.terrain = Terrain()

    def absorb(self, heard: Sequence[Received[GridPublished] | Received[GridAdjusted]]) -> None:
        """Keep the newest of each."""
        self._copies.absorb([(item.data.code, item.data.version, _fields(item.data)) for item in heard])
        self._stamps.update_one({"_id": _STAMP}, {"$set": {"at": context.now()}, "$inc": {"turn": 1}}, upsert=True)

    def rebuild(self) -> int | None:
        """Build the map anew when the copy was touched; which touch it was, None when nothing was.

        While grids stream in, the whole is built every few seconds and not at every look. While they are replayed the
        map stays as it is: half of them would move everything that hangs on the map, and back again.
        """
        stamp = self._stamps.find_one({"_id": _STAMP})
        if stamp is None or stamp["turn"] == self._followed:
            return None
        if self._copies.being_rebuilt():
            if not self.terrain.paths:
                self._build()
            return None
        settled, self._seen = stamp["turn"] == self._seen, stamp["turn"]
        if not settled and time.monotonic() - self._built_at < _BUILD_EVERY_S:
            return None
        self._build()
        return int(stamp["turn"])

    def followed(self, turn: int) -> None:
        """All that hangs on the map has followed it."""
        self._followed = turn

    def _build(self) -> None:
        self._built_at = time.monotonic()
        live = self.collection.find({"live": True}, {"geometry": 1, "path": 1})
        grids = [(found["_id"], found["geometry"], found["path"]) for found in live]
        self.terrain = cpu.heavy(Terrain.of, grids)


def _fields(grid: GridPublished | GridAdjusted) -> Document:
    state = grid.state if isinstance(grid, GridAdjusted) else GridState.ACTIVE
    return {
        "geometry": grid.geometry.model_dump(),
        "path": list(grid.path),
        "state": state,
        # a large grid lies under small ones: whoever keeps a copy has one grid a place, the small one
        "live": state not in GONE and not grid.large,
    }

"""What geographic programs read: collections, each behind a reader that names its codes and shows its features."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from contracts.faults import NotFound
from contracts.grid import Extents, Feature, Features, GetFeature, Grid, Level, ListFeatures, ListGrids
from contracts.grid.features import Collection
from contracts.shared import Extent
from services.chassis import cursors
from services.chassis.portions import portions
from services.grid.domain import LIVE
from services.grid.geometry import Box, box_of
from services.grid.index import OF_GRIDS
from services.grid.store import GridStore

MOST_POSITIONS = 60_000
"""Where a page ends before its limit: some 3 MB, so that no reply outgrows the bus."""
MOST_AS_OF = 200
OF_GRID = (
    *("code", "name", "kind", "state", "community", "area_m2", "households", "population"),
    *("party_branch", "responsible_body", "large", "geometry_version"),
)


class Reader(Protocol):
    """One collection."""

    def codes(self, after: str, limit: int, box: Box | None) -> Sequence[str]:
        """Codes greater than `after`, ascending, of what touches the box, of all without one."""

    def features(self, codes: Sequence[str]) -> Iterable[Feature]:
        """Those of the codes that are there."""

    def extent(self) -> Extent | None:
        """The box around all; None without any."""


class GridReader:
    """Grids that are active, changing or suspended."""

    def __init__(self, store: GridStore) -> None:
        self._store = store

    def codes(self, after: str, limit: int, box: Box | None) -> Sequence[str]:
        return self._store.ground.snapshot.codes(OF_GRIDS, after, limit, box)

    def features(self, codes: Sequence[str]) -> Iterable[Feature]:
        return [_of_grid(held.grid) for held in self._store.grids.held(codes).values() if held.grid.state in LIVE]

    def extent(self) -> Extent | None:
        return self._store.ground.snapshot.extent(OF_GRIDS)


class CommunityReader:
    """Communities and villages, also those without a boundary."""

    def __init__(self, store: GridStore) -> None:
        self._store = store

    def codes(self, after: str, limit: int, box: Box | None) -> Sequence[str]:
        if box:
            return self._store.ground.snapshot.codes([Level.COMMUNITY], after, limit, box)
        return self._store.territories.codes(Level.COMMUNITY, after, limit)

    def features(self, codes: Sequence[str]) -> Iterable[Feature]:
        return self._store.territories.features(Level.COMMUNITY, codes)

    def extent(self) -> Extent | None:
        return self._store.ground.snapshot.extent([Level.COMMUNITY])


class BuildingReader:
    """楼栋: none are registered."""

    def __init__(self, _store: GridStore) -> None: ...

    def codes(self, _after: str, _limit: int, _box: Box | None) -> Sequence[str]:
        return ()

    def features(self, _codes: Sequence[str]) -> Iterable[Feature]:
        return ()

    def extent(self) -> Extent | None:
        return None


READERS: Mapping[Collection, type[GridReader | CommunityReader | BuildingReader]] = {
    "grids": GridReader,
    "communities": CommunityReader,
    "buildings": BuildingReader,
}


def page(store: GridStore, query: ListFeatures) -> Features:
    """A part of a collection by code."""
    if query.at and query.collection == "grids":
        return _as_of(store, query, query.at)
    reader: Reader = READERS[query.collection](store)
    after = str(cursors.decode(query.cursor, 1)[0]) if query.cursor else ""
    codes = reader.codes(after, query.limit + 1, box_of(query.bbox) if query.bbox else None)
    items: list[Feature] = []
    positions, last = 0, ""
    for part in portions(codes[: query.limit]):
        if positions > MOST_POSITIONS:
            break
        found = sorted(reader.features(part), key=lambda feature: feature.id)
        items += found
        positions += sum(_positions(feature.geometry) for feature in found)
        last = part[-1]
    return Features(items=items, next=cursors.encode(last) if codes and last < codes[-1] else None)


def one(store: GridStore, query: GetFeature) -> Feature:
    """By id; NotFound feature_unknown."""
    reader: Reader = READERS[query.collection](store)
    for found in reader.features([query.id]):
        return found
    raise NotFound("feature_unknown", f"没有要素 {query.id}", f"no feature {query.id}")


def extents(store: GridStore) -> Extents:
    """Where the features of each collection lie."""
    boxes = {collection: reader(store).extent() for collection, reader in READERS.items()}
    return Extents(boxes={collection: box for collection, box in boxes.items() if box})


def _as_of(store: GridStore, query: ListFeatures, at: datetime) -> Features:
    """Grids as they were then, as their list has them."""
    told = query.model_dump(include={"caller", "bbox", "cursor"})
    listed = store.grids.page(ListGrids(**told, at=at, geometries=True, limit=min(query.limit, MOST_AS_OF)))
    return Features(items=[_of_grid(grid) for grid in listed.items if grid.state in LIVE], next=listed.next)


def _of_grid(grid: Grid) -> Feature:
    return Feature(
        id=grid.code,
        geometry=grid.geometry.model_dump() if grid.geometry else None,
        properties=grid.model_dump(mode="json", include=set(OF_GRID)),
    )


def _positions(geometry: Mapping[str, Any] | None) -> int:
    match geometry:
        case {"type": "Polygon", "coordinates": rings}:
            return sum(map(len, rings))
        case {"type": "MultiPolygon", "coordinates": parts}:
            return sum(len(ring) for rings in parts for ring in rings)
        case _:
            return 1

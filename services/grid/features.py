"""What geographic programs read: collections, each behind a reader that names its codes and shows its features."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from contracts.faults import NotFound
from contracts.grid import (
    Building,
    Extents,
    Feature,
    Features,
    GetFeature,
    GetGrid,
    Grid,
    Level,
    ListBuildings,
    ListFeatures,
    ListGrids,
)
from contracts.grid.features import Collection
from contracts.shared import Extent
from services.chassis import cursors
from services.chassis.portions import portions
from services.grid import recalling
from services.grid.domain import LIVE
from services.grid.geometry import Box, box_of
from services.grid.housing import building, list_buildings
from services.grid.index import OF_GRIDS
from services.grid.store import GridStore

MOST_POSITIONS = 60_000
"""Where a page ends before its limit: some 3 MB, so that no reply outgrows the bus."""
MOST_LISTED = 200
OF_GRID = (
    *("code", "name", "kind", "state", "community", "area_m2", "households", "population"),
    *("party_branch", "responsible_body", "large", "geometry_version"),
)
OF_BUILDING = ("code", "grid", "compound", "address", "floors", "units", "property_company")


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
        ground = self._store.ground.snapshot
        if box:
            return ground.codes([Level.COMMUNITY], after, limit, box)
        begin = bisect_right(ground.communities, after)
        return ground.communities[begin : begin + limit]

    def features(self, codes: Sequence[str]) -> Iterable[Feature]:
        return self._store.territories.features(Level.COMMUNITY, codes)

    def extent(self) -> Extent | None:
        return self._store.ground.snapshot.extent([Level.COMMUNITY])


READERS: Mapping[Collection, type[GridReader | CommunityReader]] = {"grids": GridReader, "communities": CommunityReader}


def page(store: GridStore, query: ListFeatures) -> Features:
    """A part of a collection by code; buildings as their own list has them."""
    if query.collection == "buildings":
        return _buildings(store, query)
    if query.at and query.collection == "grids":
        return _as_of(store, query, query.at)
    reader: Reader = READERS[query.collection](store)
    after = str(cursors.decode(query.cursor, 1)[0]) if query.cursor else ""
    codes = reader.codes(after, query.limit + 1, box_of(query.bbox) if query.bbox else None)
    shown = codes[: query.limit]
    items: list[Feature] = []
    positions = 0
    for part in portions(shown):
        for feature in sorted(reader.features(part), key=lambda feature: feature.id):
            items.append(feature)
            positions += _positions(feature.geometry)
            if positions > MOST_POSITIONS:
                return Features(items=items, next=cursors.encode(feature.id) if feature.id < codes[-1] else None)
    return Features(items=items, next=cursors.encode(shown[-1]) if len(codes) > len(shown) else None)


def one(store: GridStore, query: GetFeature) -> Feature:
    """By id; NotFound feature_unknown, building_unknown, grid_unknown (of then)."""
    if query.collection == "buildings":
        return _of_building(building(store, query.id))
    if query.at and query.collection == "grids":
        return _of_grid(recalling.grid(store, GetGrid(caller=query.caller, code=query.id, at=query.at)))
    reader: Reader = READERS[query.collection](store)
    for found in reader.features([query.id]):
        return found
    raise NotFound("feature_unknown", f"没有要素 {query.id}", f"no feature {query.id}")


def extents(store: GridStore) -> Extents:
    """Where the features of each collection lie."""
    boxes = {collection: reader(store).extent() for collection, reader in READERS.items()}
    # buildings stand in grids
    boxes["buildings"] = boxes["grids"]
    return Extents(boxes={collection: box for collection, box in boxes.items() if box})


def _buildings(store: GridStore, query: ListFeatures) -> Features:
    """By grid and code. A box across the 180° meridian ends there: no city of ours lies beyond."""
    box = box_of(query.bbox) if query.bbox else None
    if box and box[0] > box[2]:
        box = (box[0], box[1], 180.0, box[3])
    asked = ListBuildings(caller=query.caller, bbox=box, cursor=query.cursor, limit=min(query.limit, MOST_LISTED))
    listed = list_buildings(store, asked)
    return Features(items=[_of_building(one) for one in listed.items], next=listed.next)


def _as_of(store: GridStore, query: ListFeatures, at: datetime) -> Features:
    """Grids as they were then, as their list has them."""
    told = query.model_dump(include={"caller", "bbox", "cursor"})
    listed = recalling.grids(store, ListGrids(**told, at=at, geometries=True, limit=min(query.limit, MOST_LISTED)))
    return Features(items=[_of_grid(grid) for grid in listed.items if grid.state in LIVE], next=listed.next)


def _of_grid(grid: Grid) -> Feature:
    return Feature(
        id=grid.code,
        geometry=grid.geometry.model_dump() if grid.geometry else None,
        properties=grid.model_dump(mode="json", include=set(OF_GRID)),
    )


def _of_building(found: Building) -> Feature:
    place = found.point
    return Feature(
        id=found.code,
        geometry={"type": "Point", "coordinates": [place.longitude, place.latitude]} if place else None,
        properties=found.model_dump(mode="json", include=set(OF_BUILDING)),
    )


def _positions(geometry: Mapping[str, Any] | None) -> int:
    match geometry:
        case {"type": "Polygon", "coordinates": rings}:
            return sum(map(len, rings))
        case {"type": "MultiPolygon", "coordinates": parts}:
            return sum(len(ring) for rings in parts for ring in rings)
        case _:
            return 1

"""The living index of the ground: built from the store, followed by version, swapped in one step."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from heapq import merge
from itertools import islice
from sys import intern
from threading import Lock
from typing import Any, NamedTuple, Protocol, cast

from contracts.grid import Level
from contracts.shared import Extent
from services.chassis import context
from services.chassis.cpu import heavy
from services.chassis.ground import Ground, Outline, drawn_all
from services.grid.domain import level_of
from services.grid.geometry import Box

GRID_DIGITS = 15
GRIDS, LARGE, SUSPENDED = "grid", "large", "suspended"
"""Layers of grids: the small ones that answer, the large ones 大网格 that answer where none of those does, and those
that are shown and do not answer."""
OF_GRIDS = (GRIDS, LARGE, SUSPENDED)
ANSWERING = (GRIDS, LARGE)
AT_ONCE = 500
DEEPEST_FIRST = (Level.COMMUNITY, Level.STREET, Level.COUNTY, Level.CITY, Level.PROVINCE)
SKEW = timedelta(seconds=10)
"""How far the clocks of two copies of the service may differ without one missing a write of the other."""


class Parcel(NamedTuple):
    """One unit as the index needs it; `geometry` None: it holds no point (no polygon, or a grid that is not live)."""

    code: str
    layer: str
    name: str
    path: tuple[str, ...]
    geometry: Outline | None
    version: int
    overlay_of: str | None = None


class Parcels(Protocol):
    """Where parcels come from."""

    def versions_since(self, at: datetime) -> Iterator[tuple[str, int]]:
        """Code and version of what was written at that time or later."""

    def parcels(self, codes: Collection[str] | None) -> Iterator[Parcel]:
        """These units, all when None."""


@dataclass(frozen=True)
class Spot:
    """What holds a point. Without a grid: the path of the deepest territory, and the nearest grid in metres."""

    grid: str | None
    grid_name: str | None = None
    path: tuple[str, ...] = ()
    on_boundary: bool = False
    nearest: str | None = None
    nearest_m: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """The ground as it stood at one moment. `version` grows with every write to grids and territories.

    `overlays`: the large grid that a grid says it fills.
    """

    version: int = 0
    layers: Mapping[str, Ground] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    overlays: Mapping[str, str] = field(default_factory=dict)

    def layer(self, name: str) -> Ground:
        """A level of territories, or one of the layers of grids."""
        return self.layers.get(name) or Ground()

    @property
    def grids(self) -> Ground:
        """The small grids that answer."""
        return self.layer(GRIDS)

    def codes(self, layers: Iterable[str], after: str, limit: int, box: Box | None = None) -> list[str]:
        """Codes greater than `after` in these layers, ascending, of parcels that touch the box where there is one."""
        found = [ground.within(*box) if box else ground.codes for ground in map(self.layer, layers)]
        begins = [bisect_right(codes, after) for codes in found]
        parts = [codes[begin : begin + limit] for codes, begin in zip(found, begins, strict=True)]
        return list(islice(merge(*parts), limit))

    @property
    def grid_codes(self) -> list[str]:
        """All grids, also those that hold no point, by code."""
        return sorted(code for code in self.names if len(code) == GRID_DIGITS)

    @cached_property
    def communities(self) -> Sequence[str]:
        """All communities, also those without a boundary, by code."""
        return sorted(code for code in self.names if len(code) < GRID_DIGITS and level_of(code) is Level.COMMUNITY)

    def extent(self, layers: Iterable[str]) -> Extent | None:
        """The box around these layers; None without any ground."""
        boxes = [bounds for name in layers if (bounds := self.layer(name).bounds)]
        if not boxes:
            return None
        wests, souths, easts, norths = zip(*boxes, strict=True)
        return Extent(min(wests), min(souths), max(easts), max(norths))

    def locate(self, points: Sequence[tuple[float, float]]) -> list[Spot]:
        """The place of each (longitude, latitude), in their order."""
        spots: dict[int, Spot] = {}
        left = list(range(len(points)))
        for layer in (*ANSWERING, *DEEPEST_FIRST):
            ground = self.layers.get(layer)
            if ground is None or not left:
                continue
            hits = ground.locate_many([points[at] for at in left])
            for at, hit in zip(left, hits, strict=True):
                if hit and layer in ANSWERING:
                    spots[at] = Spot(hit.code, self.names[hit.code], self.paths[hit.code], hit.on_boundary)
                elif hit:
                    spots[at] = self._outside(points[at], self.paths[hit.code], hit.on_boundary)
            left = [at for at in left if at not in spots]
        return [spots.get(at) or self._outside(point) for at, point in enumerate(points)]

    def _outside(self, point: tuple[float, float], path: tuple[str, ...] = (), on_boundary: bool = False) -> Spot:
        nearest = [found for layer in ANSWERING if (found := self.layer(layer).nearest(*point))]
        code, metres = min(nearest, key=lambda found: found[1], default=(None, None))
        metres = None if metres is None else round(metres, 1)
        return Spot(None, None, path, on_boundary, code, metres)

    def changed(self, parcels: Sequence[Parcel], version: int) -> "Snapshot":
        """The ground with these parcels as they now are."""
        moved: dict[str, dict[str, Outline | None]] = defaultdict(dict)
        for parcel in parcels:
            for layer in OF_GRIDS if parcel.layer in OF_GRIDS else (parcel.layer,):
                moved[layer][parcel.code] = parcel.geometry if layer == parcel.layer else None
        layers = dict(self.layers)
        for layer, changes in moved.items():
            ground = layers.get(layer) or Ground()
            if any(geometry is not None or code in ground for code, geometry in changes.items()):
                layers[layer] = ground.changed(changes)
        return Snapshot(
            version,
            layers,
            {**self.names, **{parcel.code: parcel.name for parcel in parcels}},
            {**self.paths, **{parcel.code: parcel.path for parcel in parcels}},
            {**self.overlays, **{parcel.code: parcel.overlay_of for parcel in parcels if parcel.overlay_of}},
        )


class LiveGround:
    """Keeps a snapshot up to date with what any copy of the service writes.

    A look asks the store only for what was written since the last one, by an indexed time, and compares versions.
    """

    def __init__(self, *sources: Parcels) -> None:
        self._sources = sources
        self._snapshot: Snapshot | None = None
        self._versions: dict[str, int] = {}
        self._looked: datetime | None = None
        self._lock = Lock()

    @property
    def built(self) -> bool:
        """Whether there has been a look."""
        return self._snapshot is not None

    @property
    def snapshot(self) -> Snapshot:
        """The newest ground that this process knows."""
        return self._snapshot or self.refresh()

    def refresh(self) -> Snapshot:
        """Take in what was written since the last look, and swap."""
        with self._lock:
            begun, standing = context.now(), self._snapshot
            moved = [parcel for source in self._sources for parcel in self._moved(source)]
            if moved or standing is None:
                versions = self._versions | {parcel.code: parcel.version for parcel in moved}
                standing = heavy((standing or Snapshot()).changed, moved, sum(versions.values()))
                self._snapshot, self._versions = standing, versions
            # only now: a look that failed half-way is taken again from where it began
            self._looked = begun
            return standing

    def _moved(self, source: Parcels) -> Iterator[Parcel]:
        codes = None
        if self._looked:
            written = source.versions_since(self._looked - SKEW)
            codes = [code for code, version in written if self._versions.get(code) != version]
        parcels = source.parcels(codes)
        # drawn as they are read: as lists of numbers a city of 100,000 polygons takes four times the memory
        while part := list(islice(parcels, AT_ONCE)):
            yield from heavy(_drawn, part)


def _drawn(parcels: Sequence[Parcel]) -> list[Parcel]:
    located = [parcel for parcel in parcels if parcel.geometry is not None]
    shapes = iter(drawn_all([cast("Mapping[str, Any]", parcel.geometry) for parcel in located]))
    return [
        parcel._replace(
            path=tuple(intern(code) for code in parcel.path),
            geometry=None if parcel.geometry is None else next(shapes),
        )
        for parcel in parcels
    ]

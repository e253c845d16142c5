"""The living index of the ground: built from the store, followed by version, swapped in one step."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, NamedTuple, Protocol

from contracts.grid import Level
from services.chassis import context
from services.chassis.cpu import heavy
from services.chassis.ground import Ground

GRIDS = "grid"
GRID_DIGITS = 15
DEEPEST_FIRST = (Level.COMMUNITY, Level.STREET, Level.COUNTY, Level.CITY, Level.PROVINCE)
SKEW = timedelta(seconds=10)
"""How far the clocks of two copies of the service may differ without one missing a write of the other."""


class Parcel(NamedTuple):
    """One unit as the index needs it; `geometry` None: it holds no point (no polygon, or a grid that is not active)."""

    code: str
    layer: str
    name: str
    path: tuple[str, ...]
    geometry: Mapping[str, Any] | None
    version: int


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
    """The ground as it stood at one moment. `version` grows with every write to grids and territories."""

    version: int = 0
    layers: Mapping[str, Ground] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def grids(self) -> Ground:
        """The active grids."""
        return self.layers.get(GRIDS) or Ground()

    @property
    def grid_codes(self) -> list[str]:
        """All grids, also those that hold no point, by code."""
        return sorted(code for code in self.names if len(code) == GRID_DIGITS)

    def locate(self, points: Sequence[tuple[float, float]]) -> list[Spot]:
        """The place of each (longitude, latitude), in their order."""
        spots: dict[int, Spot] = {}
        left = list(range(len(points)))
        for layer in (GRIDS, *DEEPEST_FIRST):
            ground = self.layers.get(layer)
            if ground is None or not left:
                continue
            hits = ground.locate_many([points[at] for at in left])
            for at, hit in zip(left, hits, strict=True):
                if hit and layer == GRIDS:
                    spots[at] = Spot(hit.code, self.names[hit.code], self.paths[hit.code], hit.on_boundary)
                elif hit:
                    spots[at] = self._outside(points[at], self.paths[hit.code], hit.on_boundary)
            left = [at for at in left if at not in spots]
        return [spots.get(at) or self._outside(point) for at, point in enumerate(points)]

    def _outside(self, point: tuple[float, float], path: tuple[str, ...] = (), on_boundary: bool = False) -> Spot:
        found = self.grids.nearest(*point)
        code, metres = (found[0], round(found[1], 1)) if found else (None, None)
        return Spot(None, None, path, on_boundary, code, metres)

    def changed(self, parcels: Sequence[Parcel], version: int) -> "Snapshot":
        """The ground with these parcels as they now are."""
        moved: dict[str, dict[str, Mapping[str, Any] | None]] = defaultdict(dict)
        for parcel in parcels:
            moved[parcel.layer][parcel.code] = parcel.geometry
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

    def _moved(self, source: Parcels) -> list[Parcel]:
        if self._looked is None:
            return list(source.parcels(None))
        written = source.versions_since(self._looked - SKEW)
        codes = [code for code, version in written if self._versions.get(code) != version]
        return list(source.parcels(codes)) if codes else []

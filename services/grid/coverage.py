"""覆盖: how much of each community's ground its grids hold, and who is told when a gap grows."""

from collections.abc import Collection, Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple, Protocol

import numpy as np
import shapely

from contracts.grid import Coverage, Level
from services.chassis.cpu import heavy
from services.grid.geometry import TOLERATED_M2, areas_m2
from services.grid.index import GRIDS, Snapshot

MOST_LISTED = 50


class Measured(NamedTuple):
    """A community's coverage, and the polygons that it was measured by: its own and those that touch it."""

    coverage: Coverage
    shapes: tuple[Any, ...]


class Coverages:
    """Every community with a boundary, measured anew only where a polygon is another one."""

    def __init__(self) -> None:
        self._measured: Mapping[str, Measured] = {}
        self._version: int | None = None
        self._lock = Lock()

    def of(self, ground: Snapshot) -> Mapping[str, Coverage]:
        """By community; at once while the ground is as it was."""
        with self._lock:
            if ground.version != self._version:
                self._measured = heavy(measured, ground, self._measured)
                self._version = ground.version
            return {code: one.coverage for code, one in self._measured.items()}


def measured(ground: Snapshot, before: Mapping[str, Measured]) -> dict[str, Measured]:
    """Coverage of each community by the small grids that touch it; what is as before is taken from there."""
    communities, grids = ground.layer(Level.COMMUNITY), ground.layer(GRIDS)
    if not len(communities):
        return {}
    which, near = grids.touching(communities.polygons)
    order = np.argsort(which, kind="stable")
    parts = np.split(near[order], np.searchsorted(which[order], np.arange(1, len(communities))))
    found: dict[str, Measured] = {}
    for code, own, part in zip(communities.codes, communities.polygons, parts, strict=True):
        shapes = (own, *grids.polygons[np.sort(part)])
        standing = before.get(code)
        if standing and standing.shapes == shapes and standing.coverage.name == ground.names[code]:
            found[code] = standing
        else:
            found[code] = Measured(_coverage(code, ground.names[code], shapes), shapes)
    return found


def gaps(coverages: Mapping[str, Coverage]) -> list[Coverage]:
    """Communities whose ground has a gap beyond what is tolerated, the largest first, at most 50."""
    open_ones = [one for one in coverages.values() if one.gap_m2 > TOLERATED_M2]
    return sorted(open_ones, key=lambda one: (-one.gap_m2, one.community))[:MOST_LISTED]


def _coverage(code: str, name: str, shapes: Sequence[Any]) -> Coverage:
    own, *grids = shapes
    bare = shapely.difference(own, shapely.union_all(grids))
    whole, gap = areas_m2(np.array([own, bare])).round(1).tolist()
    return Coverage(community=code, name=name, area_m2=whole, covered_m2=round(whole - gap, 1), gap_m2=gap)


class Gap(NamedTuple):
    """Ground of a community that no active grid holds, as it is written. `version` 0: nothing was written yet."""

    community: str
    area_m2: float
    gap_m2: float
    version: int = 0
    grown: bool = False


class Told(Protocol):
    """Where it is written what the city was told."""

    def standing(self, communities: Collection[str]) -> Mapping[str, Gap]:
        """Of those of the communities that anything was written of."""

    def tell(self, gaps: Sequence[Gap]) -> set[str]:
        """Write them, and tell of those that grew; the communities where another copy was faster."""


class GapWatch:
    """Tells of gaps that grow. Looks only at communities that are not as it last left them."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._left: Mapping[str, Coverage] = {}

    def look(self, found: Mapping[str, Coverage]) -> None:
        """Compare with what was told, and tell what is worse by more than the tolerated area.

        A gap that shrank is written down as it now is, so that its growing again is news.
        """
        differing = [one for code, one in found.items() if self._left.get(code) != one]
        standing = self._told.standing([one.community for one in differing])
        news = [gap for one in differing if (gap := news_of(one, standing.get(one.community)))]
        lost = self._told.tell(news)
        self._left = {code: one for code, one in found.items() if code not in lost}


def news_of(found: Coverage, told: Gap | None) -> Gap | None:
    """What is to be written of a community's gap; None when it is what was told, or as good as that."""
    before = told.gap_m2 if told else 0.0
    if abs(found.gap_m2 - before) <= TOLERATED_M2:
        return None
    return Gap(found.community, found.area_m2, found.gap_m2, told.version if told else 0, found.gap_m2 > before)

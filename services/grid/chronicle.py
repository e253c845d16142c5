"""The ground as it was: what each grid was when, kept in memory and followed like the living index."""

from bisect import bisect_right
from collections import ChainMap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple, Protocol, cast

import numpy as np
import shapely
from shapely.geometry import mapping, shape

from contracts.grid import Grid, GridState, ListGrids
from services.chassis import context, cursors
from services.chassis.cpu import heavy
from services.chassis.ground import Ground, metres_per_degree
from services.grid.domain import EARLIEST, HOLDING, significant
from services.grid.geometry import Box, box_of
from services.grid.index import GRIDS, LARGE, SKEW, Snapshot

REACHES = (0.0, 0.02, 0.2, 2.0, 360.0)
"""How far around a point, in degrees, grids are looked for until the nearest is certain."""
Spell = tuple[str, int]
"""Code and version: what a grid was from one change to the next."""


class Episode(NamedTuple):
    """What one version of a grid was, and since when."""

    code: str
    version: int
    since: datetime
    state: GridState
    name: str
    path: tuple[str, ...]
    large: bool
    ground: Any
    """A shapely geometry, or None."""


class Chronicle:
    """Immutable: the present version of every grid and those that it left behind."""

    def __init__(self, present: Mapping[str, Episode], past: Mapping[str, Mapping[int, Episode]]) -> None:
        self.present, self.past = present, past
        self._codes = sorted(present)
        self._sequences = {code: sorted(versions) for code, versions in past.items()}
        every = [*present.values(), *(one for versions in past.values() for one in versions.values())]
        self._drawn = [one for one in every if one.ground is not None and one.state in HOLDING]
        self._tree = shapely.STRtree(np.array([one.ground for one in self._drawn], dtype=object))

    def changed(self, present: Iterable[Grid], past: Iterable[Grid]) -> "Chronicle":
        """With these grids as they now are, and these periods that have ended."""
        kept: dict[str, Mapping[int, Episode]] = dict(self.past)
        for grid in past:
            if grid.version not in kept.get(grid.code, {}):
                kept[grid.code] = {**kept.get(grid.code, {}), grid.version: _episode(grid)}
        return Chronicle({**self.present, **{grid.code: _episode(grid) for grid in present}}, kept)

    def at(self, code: str, at: datetime) -> Episode | None:
        """What the grid was then; None: it was not live yet."""
        present = self.present.get(code)
        if present is None or present.since <= at:
            return present
        past, sequence = self.past.get(code, {}), self._sequences.get(code, [])
        begun = bisect_right(sequence, at, key=lambda version: past[version].since)
        return past[sequence[begun - 1]] if begun else None

    def around(self, snapshot: Snapshot, at: datetime, point: tuple[float, float]) -> Snapshot:
        """The ground as it was about a point: enough of it to tell the grid that holds it, or the nearest one."""
        near: list[Episode] = []
        for reach in REACHES:
            near = self._within(at, point, reach)
            small, large = (
                Ground((one.code, mapping(one.ground)) for one in near if one.large is size) for size in (False, True)
            )
            if small.locate(*point) or large.locate(*point):
                break
            metres = [found[1] for ground in (small, large) if (found := ground.nearest(*point))]
            if metres and min(metres) <= reach * min(metres_per_degree(point[1])):
                break
        paths = {one.code: one.path for one in near}
        return replace(
            snapshot,
            layers={**snapshot.layers, GRIDS: small, LARGE: large},
            names={one.code: one.name for one in near},
            # a copy of all paths would cost as much as the city is large
            paths=ChainMap(paths, cast("dict[str, tuple[str, ...]]", snapshot.paths)),
        )

    def page(self, query: ListGrids, at: datetime) -> tuple[list[Spell], str | None]:
        """Which versions of which grids a list of that time shows, and the cursor of what follows."""
        prefix = significant(query.parent.ljust(12, "0")) if query.parent else ""
        after = str(cursors.decode(query.cursor, 1)[0]) if query.cursor else prefix
        start, end = bisect_right(self._codes, after), bisect_right(self._codes, prefix.ljust(15, "9"))
        shown: list[Spell] = []
        for place in range(start, end):
            one = self.at(self._codes[place], at)
            if one is None or not _meets(one, query):
                continue
            if len(shown) == query.limit:
                return shown, cursors.encode(shown[-1][0])
            shown.append((one.code, one.version))
        return shown, None

    def _within(self, at: datetime, point: tuple[float, float], reach: float) -> list[Episode]:
        x, y = point
        box = shapely.box(x - reach, y - reach, x + reach, y + reach)
        found = [self._drawn[place] for place in self._tree.query(box)]
        return [one for one in found if self._stood(one, at)]

    def _stood(self, one: Episode, at: datetime) -> bool:
        return self.at(one.code, at) is one


class Present(Protocol):
    """Where the grids come from as they are."""

    def versions_since(self, at: datetime) -> Iterator[tuple[str, int]]:
        """Code and version of what was written at that time or later."""

    def drawn(self, codes: Collection[str] | None) -> Iterator[Grid]:
        """These grids, all when None."""


class Past(Protocol):
    """Where the periods come from that have ended."""

    def kept_since(self, at: datetime | None) -> Iterator[Grid]:
        """The periods that were kept at that time or later, all when None."""


class LiveChronicle:
    """Built when it is first asked for, then brought up to date by what was written since the last look."""

    def __init__(self, present: Present, past: Past) -> None:
        self._present, self._past = present, past
        self._chronicle = Chronicle({}, {})
        self._looked: datetime | None = None
        self._lock = Lock()

    def refresh(self) -> Chronicle:
        """What is written now is in it."""
        with self._lock:
            begun, since = context.now(), self._looked - SKEW if self._looked else None
            # in this order: what a grid leaves behind is kept before it becomes another
            present = list(self._present.drawn(self._moved(since)))
            past = [one for one in self._past.kept_since(since) if self._unknown(one)]
            if present or past:
                self._chronicle = heavy(self._chronicle.changed, present, past)
            self._looked = begun
            return self._chronicle

    def _moved(self, since: datetime | None) -> Collection[str] | None:
        if since is None:
            return None
        known = self._chronicle.present
        written = self._present.versions_since(since)
        return [code for code, version in written if code not in known or known[code].version != version]

    def _unknown(self, period: Grid) -> bool:
        return period.version not in self._chronicle.past.get(period.code, {})


def _episode(grid: Grid) -> Episode:
    ground = shape(grid.geometry.model_dump()) if grid.geometry else None
    since = grid.valid_from or EARLIEST
    return Episode(grid.code, grid.version, since, grid.state, grid.name, tuple(grid.path), grid.large, ground)


def _meets(one: Episode, query: ListGrids) -> bool:
    if query.state and one.state is not query.state:
        return False
    if query.name and not one.name.startswith(query.name):
        return False
    return query.bbox is None or (one.ground is not None and _touch(one.ground.bounds, box_of(query.bbox)))


def _touch(some: Sequence[float], box: Box) -> bool:
    west, south, east, north = box
    meridians = (some[0] <= east, some[2] >= west)
    return (all if west <= east else any)(meridians) and some[1] <= north and some[3] >= south

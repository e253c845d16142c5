"""Grids as they are and as they were."""

from datetime import datetime

from contracts.grid import GetGrid, Grid, GridPeriod, ListGridHistory, ListGrids
from contracts.shared import Page
from services.chassis import cursors
from services.grid.changing import held
from services.grid.domain import grid_unknown, moment
from services.grid.store import GridStore


def grid(store: GridStore, query: GetGrid) -> Grid:
    """One grid, now or then; NotFound grid_unknown before it was live."""
    present = held(store, query.code).grid
    if query.at is None:
        return present
    at = moment(query.at)
    if present.valid_from and present.valid_from <= at:
        return present
    then = store.grids.history.before(present, at)
    if then is None:
        raise grid_unknown(query.code)
    return then.model_copy(update={"timeline": [entry for entry in present.timeline if entry.at <= at]})


def grids(store: GridStore, query: ListGrids) -> Page[Grid]:
    """A list of now or then."""
    if query.at is None:
        return store.grids.page(query)
    versions, following = store.chronicle.refresh().page(query, moment(query.at))
    return Page(items=store.grids.as_of(versions, geometries=query.geometries), next=following)


def history(store: GridStore, query: ListGridHistory) -> Page[GridPeriod]:
    """The periods of a grid, the newest first; what it was as a draft is not kept."""
    present = held(store, query.code).grid
    shown = _shown(query.cursor)
    below = present.version if shown is None else min(present.version, shown + 1)
    kept = store.grids.history.page(query.code, below, query.limit + 2, geometries=query.geometries)
    spells = [present, *kept] if shown is None or shown >= present.version else kept
    # the one that was shown last says when the next one ended
    ends = [None, *(one.valid_from for one in spells)]
    if shown is not None:
        spells, ends = spells[1:], ends[1:]
    periods = [_period(one, end, geometry=query.geometries) for one, end in zip(spells, ends, strict=False)]
    following = cursors.encode(periods[query.limit - 1].version) if len(periods) > query.limit else None
    return Page(items=periods[: query.limit], next=following)


def _shown(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    [version] = cursors.decode(cursor, 1)
    if not isinstance(version, int) or version < 1:
        raise cursors.invalid()
    return version


def _period(grid: Grid, ended: datetime | None, *, geometry: bool) -> GridPeriod:
    return GridPeriod(
        code=grid.code,
        name=grid.name,
        state=grid.state,
        valid_from=grid.valid_from,
        valid_to=ended,
        geometry_version=grid.geometry_version,
        area_m2=grid.area_m2,
        households=grid.households,
        geometry=grid.geometry if geometry else None,
        version=grid.version,
    )

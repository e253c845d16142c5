"""What the grid registry tells."""

from contracts.base import Event
from contracts.grid.models import (
    GridState,
    Posting,
)
from contracts.shared import Geometry


class GridPublished(Event, wire="grid.published.v1"):
    """A grid went live: all that a local copy of the index needs."""

    code: str
    name: str
    community: str
    path: list[str]
    geometry: Geometry
    geometry_version: int
    version: int


class GridAdjusted(Event, wire="grid.adjusted.v1"):
    """A live grid's name, ground or state changed: the whole new truth."""

    code: str
    name: str
    community: str
    path: list[str]
    geometry: Geometry
    geometry_version: int
    state: GridState
    version: int


class GridStaffed(Event, wire="grid.staffed.v1"):
    """The roster of a grid or territory as it now stands (numbers of staff, never names)."""

    target: str
    postings: list[Posting]
    version: int


class GroundImported(Event, wire="grid.imported.v1", public=True):
    """An import ended."""

    kind: str
    created: int
    changed: int
    rejected: int

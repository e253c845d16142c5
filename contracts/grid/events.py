"""What the grid registry tells."""

from pydantic import AwareDatetime

from contracts.base import Event
from contracts.grid.models import GridState
from contracts.grid.staff import Posting, Role
from contracts.shared import Geometry


class GridPublished(Event, wire="grid.published.v1"):
    """A grid went live: all that a local copy of the index needs."""

    code: str
    name: str
    community: str
    path: list[str]
    geometry: Geometry
    geometry_version: int
    large: bool = False
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
    large: bool = False
    version: int


class GridStaffed(Event, wire="grid.staffed.v1"):
    """The roster of a grid or territory as it now stands (numbers of staff, never names).

    Postings that are planned, current or on leave; those that are over, and when somebody was on leave, are not told.
    """

    target: str
    postings: list[Posting]
    version: int


class GroundImported(Event, wire="grid.imported.v1", public=True):
    """An import ended."""

    kind: str
    created: int
    changed: int
    rejected: int


class GridUnstaffed(Event, wire="grid.unstaffed.v1", public=True):
    """Roles of an active grid that nobody fills any more."""

    target: str
    roles: list[Role]
    version: int


class StaffOnLeave(Event, wire="grid.staff_on_leave.v1", public=True):
    """Somebody went on leave (numbers of staff, never names)."""

    target: str
    staff_no: str
    role: Role
    backup: str | None = None
    until: AwareDatetime | None = None
    version: int


class CoverageGapFound(Event, wire="grid.coverage_gap_found.v1", public=True):
    """More of a community's ground is in no active grid than was last told."""

    community: str
    area_m2: float
    gap_m2: float
    version: int

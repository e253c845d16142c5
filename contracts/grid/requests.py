"""What may be asked of the grid registry about the ground, and ordered."""

from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.base import Command, Query
from contracts.grid.models import (
    Activated,
    Datum,
    Grid,
    GridAction,
    GridFigures,
    GridPeriod,
    GridState,
    Level,
    Located,
    LocatedMany,
    Territory,
    TerritoryCode,
)
from contracts.shared import (
    Cursor,
    Geometry,
    GridCode,
    ImportReport,
    Latitude,
    Limit,
    Longitude,
    Page,
    Point,
    Row,
)


class ListTerritories(Query[Page[Territory]]):
    """By code: the children of `parent`, or all units of a `level` below it; `name` is how the name begins.

    Without any of them the roots of the tree.
    """

    parent: TerritoryCode | None = None
    level: Level | None = None
    name: str | None = Field(default=None, max_length=100)
    cursor: Cursor | None = None
    limit: Limit = 50


class GetTerritory(Query[Territory]):
    """By code: 2, 4, 6, 9 or 12 digits; an old code answers with the present unit."""

    code: TerritoryCode


class ImportGround(Command[ImportReport]):
    """Rows of one kind. Good rows are written and bad ones listed; twice the same file changes nothing.

    divisions: code, level, name, parent_code. boundaries: code | adcode | id, geometry. grids: code | id, name, kind,
    households, population, party_branch, responsible_body, geometry. staff: staff_no, name, phone, role, org.
    assignments: staff_no, target, role, post, primary, starts_at, ends_at. `datum` is that of the geometries.
    """

    kind: Literal["divisions", "boundaries", "grids", "staff", "assignments"]
    rows: list[Row] = Field(max_length=20_000)
    dry_run: bool = False
    datum: Datum | str = Datum.WGS84


class ImportAliases(Command[ImportReport]):
    """Old codes of territories. A row: code (the present one), alias, name, valid_from, valid_to.

    Imports of divisions, boundaries and grids then take an old code of a parent, a territory or a community as the
    present one.
    """

    rows: list[Row] = Field(max_length=20_000)
    dry_run: bool = False


class SaveGrid(Command[Grid]):
    """A new draft, or other fields of an existing grid (absent fields stay)."""

    code: GridCode
    name: str | None = Field(default=None, max_length=200)
    geometry: Geometry | None = None
    households: int | None = Field(default=None, ge=0)
    population: int | None = Field(default=None, ge=0)
    party_branch: str | None = Field(default=None, max_length=200)
    responsible_body: str | None = Field(default=None, max_length=200)
    kind: Literal["base", "dedicated"] | None = None
    large: bool | None = None
    overlay_of: GridCode | None = None
    create: bool = False


class GetGrid(Query[Grid]):
    """By code; `at`: as it was at that time."""

    code: GridCode
    at: AwareDatetime | None = None


class ListGrids(Query[Page[Grid]]):
    """By code, within `parent` at any level and `bbox` (west, south, east, north); geometries on demand.

    `name` is how the name begins; `at`: as they were at that time.
    """

    parent: TerritoryCode | None = None
    state: GridState | None = None
    bbox: tuple[Longitude, Latitude, Longitude, Latitude] | None = None
    name: str | None = Field(default=None, max_length=100)
    at: AwareDatetime | None = None
    geometries: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


class ActOnGrid(Command[Grid]):
    """One step of the machine."""

    code: GridCode
    action: GridAction
    note: str | None = Field(default=None, max_length=500)


class ActivateGrids(Command[Activated]):
    """Activate many drafts at once; each by the same rules as one."""

    codes: list[GridCode] = Field(min_length=1, max_length=2000)


class Locate(Query[Located]):
    """Point → grid → responsible person; `at`: as it was at that time."""

    longitude: Longitude
    latitude: Latitude
    datum: Datum | str = Datum.WGS84
    at: AwareDatetime | None = None


class LocateMany(Query[LocatedMany]):
    """Up to 1,000 points in one request."""

    points: list[Point] = Field(min_length=1, max_length=1000)
    datum: Datum | str = Datum.WGS84


class ListGridHistory(Query[Page[GridPeriod]]):
    """What a grid was and from when to when, the newest first."""

    code: GridCode
    geometries: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


class GetGridFigures(Query[GridFigures]):
    """The ground in numbers."""

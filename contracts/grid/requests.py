"""What may be asked of the grid registry."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.base import Command, Query
from contracts.grid.models import (
    Activated,
    Datum,
    Grid,
    GridAction,
    GridFigures,
    GridState,
    Level,
    Located,
    LocatedMany,
    Posting,
    Responsible,
    Role,
    StaffMember,
    Territory,
    TerritoryCode,
)
from contracts.shared import (
    Cursor,
    Done,
    Geometry,
    GridCode,
    ImportReport,
    Key,
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
    """By code: 2, 4, 6, 9 or 12 digits."""

    code: TerritoryCode


class ImportGround(Command[ImportReport]):
    """Rows of one kind. Good rows are written and bad ones listed; twice the same file changes nothing.

    divisions: code, level, name, parent_code. boundaries: code | adcode | id, geometry. grids: code | id, name, kind,
    households, population, party_branch, responsible_body, geometry. staff: staff_no, name, phone, role, org.
    assignments: staff_no, target, role, post, primary. `datum` is that of the geometries.
    """

    kind: Literal["divisions", "boundaries", "grids", "staff", "assignments"]
    rows: list[Row] = Field(max_length=20_000)
    dry_run: bool = False
    datum: Datum | str = Datum.WGS84


class SaveGrid(Command[Grid]):
    """A new draft, or other fields of an existing grid (absent fields stay)."""

    code: GridCode
    name: str | None = Field(default=None, max_length=200)
    geometry: Geometry | None = None
    households: int | None = Field(default=None, ge=0)
    population: int | None = Field(default=None, ge=0)
    party_branch: str | None = Field(default=None, max_length=200)
    responsible_body: str | None = Field(default=None, max_length=200)
    create: bool = False


class GetGrid(Query[Grid]):
    """By code."""

    code: GridCode


class ListGrids(Query[Page[Grid]]):
    """By code, within `parent` at any level and `bbox` (west, south, east, north); geometries on demand."""

    parent: TerritoryCode | None = None
    state: GridState | None = None
    bbox: tuple[Longitude, Latitude, Longitude, Latitude] | None = None
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
    """Point → grid → responsible person."""

    longitude: Longitude
    latitude: Latitude
    datum: Datum | str = Datum.WGS84


class LocateMany(Query[LocatedMany]):
    """Up to 1,000 points in one request."""

    points: list[Point] = Field(min_length=1, max_length=1000)
    datum: Datum | str = Datum.WGS84


class WhoIsResponsible(Query[Page[Responsible]]):
    """For a grid: worker → chief → supervisor → community; the answer says which rule fired.

    With `role` its holders come first and the ladder is climbed from there.
    """

    grid: GridCode
    role: Role | None = None


class ListStaff(Query[Page[StaffMember]]):
    """By staff number."""

    cursor: Cursor | None = None
    limit: Limit = 50


class SaveStaff(Command[StaffMember]):
    """A new person, or other fields of a known one."""

    staff_no: Key
    name: str = Field(min_length=1, max_length=100)
    phone: str | None = Field(default=None, pattern=r"^\d{5,15}$")
    role: Role
    org: str | None = Field(default=None, max_length=200)


class Assign(Command[Done]):
    """Give a person a role at a grid or territory."""

    staff_no: Key
    target: Annotated[str, StringConstraints(pattern=r"^\d{12}(\d{3})?$")]
    role: Role
    post: Literal["A", "B"] = "B"
    primary: bool = False


class ListAssignments(Query[Page[Posting]]):
    """The roster of one grid or territory."""

    target: Annotated[str, StringConstraints(pattern=r"^\d{12}(\d{3})?$")]


class GetGridFigures(Query[GridFigures]):
    """The ground in numbers."""

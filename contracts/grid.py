"""网格底座: territories, grids, staff, and who is responsible for a place."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.base import Command, Event, Query
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
    Model,
    Page,
    Point,
    Row,
    TimelineEntry,
)

TerritoryCode = Annotated[
    str, StringConstraints(pattern=r"^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$"), Field(description="行政区划代码")
]


class Datum(StrEnum):
    """坐标系: what the numbers of a position mean. Chinese map apps hand out gcj02 or bd09."""

    WGS84 = "wgs84"
    CGCS2000 = "cgcs2000"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class Level(StrEnum):
    """层级 of a territory."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"


class Role(StrEnum):
    """The five levels of grid staff 网格员队伍, and those who help them."""

    SUPERVISOR = "supervisor"
    CHIEF = "chief"
    WORKER = "worker"
    GROUP_LEADER = "group_leader"
    BUILDING_HEAD = "building_head"
    PART_TIME = "part_time"
    VOLUNTEER = "volunteer"
    REPORTED_MEMBER = "reported_member"


class GridState(StrEnum):
    """draft → active → changing → active | retired; draft → cancelled; active ⇄ suspended."""

    DRAFT = "draft"
    ACTIVE = "active"
    CHANGING = "changing"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    CANCELLED = "cancelled"


class GridAction(StrEnum):
    """What may be done to a grid."""

    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    CANCEL = "cancel"


class Territory(Model):
    """区域: a unit of the division tree."""

    code: str
    level: Level
    name: str
    parent: str | None
    path: list[str]
    has_geometry: bool = False
    statistical: bool = Field(default=False, description="统计用区划 such as 市辖区: a step in the tree, no real unit")
    version: int = 1


class Posting(Model):
    """任职: one person in one role at one place. `post` A is a desk of the service station, B a grid."""

    staff_no: str
    role: Role
    post: Literal["A", "B"] = "B"
    primary: bool = False
    backup_for: str | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    state: Literal["planned", "current", "on_leave", "ended", "cancelled"] = "current"


class Grid(Model):
    """网格. `area_m2` in square metres; `geometry` WGS84."""

    code: GridCode
    name: str
    kind: Literal["base", "dedicated"] = "base"
    community: str
    path: list[str]
    state: GridState
    geometry: Geometry | None = None
    geometry_version: int = 0
    area_m2: float | None = None
    households: int | None = None
    population: int | None = None
    party_branch: str | None = None
    responsible_body: str | None = None
    version: int = 1
    timeline: list[TimelineEntry] = []


class StaffMember(Model):
    """网格人员. The phone number is masked unless the caller may read personal values."""

    staff_no: str
    name: str
    phone: str | None = None
    role: Role
    org: str | None = None
    state: Literal["active", "left"] = "active"
    version: int = 1


class Responsible(Model):
    """Who answers for a place, and the rule that named them."""

    staff_no: str
    role: Role
    at: str = Field(description="code of the grid or territory that names the person")
    rule: str


class Located(Model):
    """A point's grid. Without one: `nearest` and its distance in metres, never a silent fallback."""

    grid: str | None
    grid_name: str | None = None
    path: list[str]
    on_boundary: bool = False
    responsible: list[Responsible] = []
    nearest: str | None = None
    nearest_m: float | None = None
    index_version: int


class LocatedMany(Model):
    """Answers in the order of the points."""

    items: list[Located]


class GridFigures(Model):
    """Numbers about the ground: how many, and which grids lack what the rules ask for."""

    territories: dict[str, int]
    grids: dict[str, int]
    staff: int
    outside_300_400_households: int
    without_chief: list[str]
    without_worker: list[str]
    without_party_branch: int


class ActivationFault(Model):
    """A grid that stayed a draft, and why."""

    code: str
    fault: str
    message: str


class Activated(Model):
    """How many grids went live."""

    activated: int
    unchanged: int
    rejected: list[ActivationFault]


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

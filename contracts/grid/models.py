"""What the grid registry knows: territories, grids, staff and their postings, and what it answers."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.shared import Geometry, GridCode, Model, TimelineEntry

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

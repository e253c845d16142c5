"""What the grid registry knows of the ground: territories and grids, and what it answers."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.grid.staff import Responsible
from contracts.shared import Geometry, GridCode, Model, Point, TimelineEntry

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


class Alias(Model):
    """旧代码: a code that a territory had before, and until when."""

    code: str
    name: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class Territory(Model):
    """区域: a unit of the division tree."""

    code: str
    level: Level
    name: str
    parent: str | None
    path: list[str]
    has_geometry: bool = False
    statistical: bool = Field(default=False, description="统计用区划 such as 市辖区: a step in the tree, no real unit")
    aliases: list[Alias] = []
    version: int = 1


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
    large: bool = Field(default=False, description="大网格: it covers small grids and answers where none of them does")
    overlay_of: str | None = Field(default=None, description="the large grid that this one fills")
    predecessors: list[str] = []
    successors: list[str] = []
    plan: str | None = Field(default=None, description="the plan that is about to change it")
    valid_from: AwareDatetime | None = Field(default=None, description="since when the grid is as told here")
    allowed_actions: list[GridAction] = []
    version: int = 1
    timeline: list[TimelineEntry] = []


class GridPeriod(Model):
    """One stretch of a grid's history; `valid_to` is absent for the present one."""

    code: str
    name: str
    state: GridState
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    geometry_version: int = 0
    area_m2: float | None = None
    households: int | None = None
    geometry: Geometry | None = None
    version: int


class Located(Model):
    """A point's grid. Without one: `nearest` and its distance in metres, never a silent fallback."""

    grid: str | None
    grid_name: str | None = None
    path: list[str]
    on_boundary: bool = False
    responsible: list[Responsible] = []
    nearest: str | None = None
    nearest_m: float | None = None
    point: Point | None = Field(default=None, description="the place that was asked for, WGS84")
    index_version: int


class LocatedMany(Model):
    """Answers in the order of the points."""

    items: list[Located]


class Coverage(Model):
    """覆盖: how much of a community's ground its active grids hold, in square metres."""

    community: str
    name: str
    area_m2: float
    covered_m2: float
    gap_m2: float


class GridFigures(Model):
    """Numbers about the ground: how many, and which grids lack what the rules ask for."""

    territories: dict[str, int]
    grids: dict[str, int]
    staff: int
    outside_300_400_households: int
    without_chief: list[str]
    without_worker: list[str]
    without_party_branch: int
    vacancies: int = 0
    large_grids: int = 0
    buildings: int = 0
    registered_households: int = 0
    coverage: list[Coverage] = Field(default=[], description="communities whose ground has a gap, the largest first")


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

"""网格调整: split, merge, adjust, retire: each first a plan 调整方案 to look at, then committed in one step."""

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.base import Command, Event, Query
from contracts.shared import Cursor, Geometry, GridCode, Key, Limit, Model, Page, Point, TimelineEntry


class PlanKind(StrEnum):
    """拆分, 合并, 调界, 撤销."""

    SPLIT = "split"
    MERGE = "merge"
    ADJUST = "adjust"
    RETIRE = "retire"


class PlanState(StrEnum):
    """prepared → committed | cancelled."""

    PREPARED = "prepared"
    COMMITTED = "committed"
    CANCELLED = "cancelled"


class PlannedGrid(Model):
    """A grid as it is to be. A new one needs a name; without `households` they are counted or shared out."""

    code: GridCode
    name: str | None = Field(default=None, min_length=1, max_length=200)
    geometry: Geometry | None = None
    households: int | None = Field(default=None, ge=0)


class Overlap(Model):
    """Ground that a planned grid takes of another one, in square metres."""

    code: str
    other: str
    area_m2: float


class HouseholdsMoved(Model):
    """How many households and buildings go from a grid to one that follows it."""

    source: str
    to: str
    households: int
    buildings: int


class PlanFault(Model):
    """What stands against a plan; `message` in Chinese and English."""

    code: str
    grid: str | None = None
    message: str


class Assessment(Model):
    """What a plan would do. `gap_m2` is ground that was in a source and will be in no grid."""

    area_before_m2: float
    area_after_m2: float
    gap_m2: float
    overlaps: list[Overlap] = []
    households_before: int | None = None
    households_after: int | None = None
    moved: list[HouseholdsMoved] = []
    open_cases: dict[str, int] = Field(default={}, description="by source, as far as the case desk has told")
    faults: list[PlanFault] = []


class Plan(Model):
    """调整方案. `grids` are those that there will be; `successors` those of a retired grid."""

    id: str
    kind: PlanKind
    state: PlanState
    sources: list[GridCode]
    grids: list[PlannedGrid]
    successors: list[GridCode] = []
    note: str | None = None
    assessment: Assessment
    allowed_actions: list[Literal["commit", "cancel"]] = []
    prepared_at: AwareDatetime | None = None
    committed_at: AwareDatetime | None = None
    version: int = 0
    timeline: list[TimelineEntry] = []


class PlanChange(Command[Plan]):
    """Prepare a change of grids: the sources wait in `changing` and answer until it is committed.

    split: one source, two or more new grids; or two without geometry and a `cut`, a line across the source, of whose
    parts the western (of equals the southern) goes to the first. merge: two or more sources, one new grid, by default
    with all their ground. adjust: the sources with other geometries. retire: one or more sources, and who follows
    them where somebody does. A dry run says what would happen and writes nothing.
    """

    kind: PlanKind
    sources: list[GridCode] = Field(min_length=1, max_length=50)
    grids: list[PlannedGrid] = Field(default=[], max_length=50)
    cut: list[Point] | None = Field(default=None, min_length=2, max_length=200)
    successors: list[GridCode] = Field(default=[], max_length=50)
    note: str | None = Field(default=None, max_length=500)
    dry_run: bool = False


class CommitChange(Command[Plan]):
    """Carry a prepared plan out; it is assessed once more before."""

    id: Key


class CancelChange(Command[Plan]):
    """Give a prepared plan up: its grids are active again."""

    id: Key


class GetPlan(Query[Plan]):
    """By id."""

    id: Key


class ListPlans(Query[Page[Plan]]):
    """The newest first."""

    state: PlanState | None = None
    grid: GridCode | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class Successor(Model):
    """A grid that follows another one."""

    code: str
    name: str
    community: str
    path: list[str]
    geometry: Geometry


class GroundRedrawn(Event):
    """What every event of a committed plan says: what lies in a source belongs to the successor that holds its place.

    `main` takes what has no place of its own.
    """

    plan: str
    sources: list[str]
    successors: list[Successor]
    main: str | None = None
    at: AwareDatetime
    version: int


class GridSplit(GroundRedrawn, wire="grid.split.v1"):
    """A grid was split."""


class GridMerged(GroundRedrawn, wire="grid.merged.v1"):
    """Grids became one."""


class GridRedrawn(GroundRedrawn, wire="grid.redrawn.v1"):
    """The borders between grids were moved."""


class GridRetired(GroundRedrawn, wire="grid.retired.v1"):
    """Grids ended."""

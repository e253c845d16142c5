"""层级定义: the levels of the division tree, and of other trees over the same ground 多网合一."""

from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.base import Command, Query
from contracts.grid.models import Datum
from contracts.shared import Cursor, Geometry, GridCode, ImportReport, Limit, Model, Page, Row

HierarchyKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
UnitCode = Annotated[str, StringConstraints(pattern=r"^[^\x00$/\s][^\x00/]{0,99}$")]


class HierarchyLevel(Model):
    """One level, the topmost is of order 1."""

    key: Annotated[str, Field(min_length=1, max_length=40)]
    name_zh: Annotated[str, Field(min_length=1, max_length=40)]
    order: int = Field(ge=1, le=12)
    code_length: int | None = Field(default=None, ge=1, le=30, description="characters of a code, where it is fixed")


class Hierarchy(Model):
    """A tree over the city's ground: admin is the division tree, others are police, civil affairs, special sites."""

    key: str
    name: str
    levels: list[HierarchyLevel]
    version: int = 1


class Unit(Model):
    """条线单元: a unit of a hierarchy other than admin."""

    hierarchy: str
    code: str
    level: str
    name: str
    parent: str | None = None
    path: list[str]
    area_m2: float | None = None
    has_geometry: bool = False
    geometry: Geometry | None = None
    version: int = 1


class UnitOver(Model):
    """A unit of another hierarchy over a grid; `share` of the grid's area, 0 to 1."""

    hierarchy: str
    code: str
    level: str
    name: str
    share: float


class SaveHierarchy(Command[Hierarchy]):
    """A new hierarchy, or other names and further levels of a known one. `admin` stands and is not changed."""

    key: HierarchyKey
    name: str = Field(min_length=1, max_length=100)
    levels: list[HierarchyLevel] = Field(min_length=1, max_length=12)


class ListHierarchies(Query[Page[Hierarchy]]):
    """All, admin first."""


class ListUnits(Query[Page[Unit]]):
    """By code, of one hierarchy; the children of `parent`, or all; geometries on demand."""

    hierarchy: HierarchyKey
    parent: UnitCode | None = None
    geometries: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


class ImportUnits(Command[ImportReport]):
    """Units of hierarchies other than admin. A row: hierarchy, code, level, name, parent, geometry (in `datum`).

    Rows that say a `hierarchy_name` as well, as those of a tree file do, define a hierarchy that is not known, its
    levels by depth.
    """

    rows: list[Row] = Field(max_length=20_000)
    dry_run: bool = False
    datum: Datum | str = Datum.WGS84


class ListUnitsOver(Query[Page[UnitOver]]):
    """What other hierarchies show over one grid."""

    grid: GridCode

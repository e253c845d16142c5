"""Words that several services use."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Generic, Literal, NamedTuple, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

T = TypeVar("T")


class Model(BaseModel):
    """An immutable value; unknown fields of a newer writer are ignored."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, ser_json_bytes="base64", val_json_bytes="base64"
    )


DivisionCode = Annotated[str, Field(pattern=r"^\d{12}$", description="统计用区划代码, 12 digits")]
GridCode = Annotated[str, Field(pattern=r"^\d{15}$", description="网格编码: community 12 digits + 3")]
Key = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00$][^\x00]*$")]
Text = Annotated[str, Field(max_length=5000)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Cursor = Annotated[str, Field(max_length=500)]
Limit = Annotated[int, Field(ge=1, le=200)]


class Scope(StrEnum):
    """What a key may do. `admin` includes all others but `pii:read`."""

    GRID_READ = "grid:read"
    GRID_WRITE = "grid:write"
    ALERTS_REPORT = "alerts:report"
    ALERTS_READ = "alerts:read"
    ALERTS_HANDLE = "alerts:handle"
    CASES_REPORT = "cases:report"
    CASES_READ = "cases:read"
    CASES_HANDLE = "cases:handle"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_APPLY = "catalogue:apply"
    CATALOGUE_HANDLE = "catalogue:handle"
    DATASETS_READ = "datasets:read"
    DATASETS_PUBLISH = "datasets:publish"
    DATASETS_USE = "datasets:use"
    DATASETS_APPROVE = "datasets:approve"
    OPS = "ops"
    PII_READ = "pii:read"
    ADMIN = "admin"


class Caller(Model):
    """Who asks: the client that holds the key, and the person behind it where the client names one."""

    client: str
    name: str = ""
    scopes: frozenset[Scope] = frozenset()
    department: str | None = None
    territory: str | None = None
    actor: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the caller holds the scope."""
        return scope in self.scopes or (Scope.ADMIN in self.scopes and scope is not Scope.PII_READ)

    @property
    def who(self) -> str:
        """The name for records: the person where known, else the client."""
        return self.actor or self.client


class Point(Model):
    """A place, WGS84 (equal to CGCS2000 at this precision), degrees."""

    longitude: Longitude
    latitude: Latitude


class Extent(NamedTuple):
    """West, south, east, north in degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, point: Point) -> bool:
        """Whether the point lies within, the edge included."""
        return self.west <= point.longitude <= self.east and self.south <= point.latitude <= self.north


class Geometry(Model):
    """GeoJSON Polygon or MultiPolygon, WGS84, longitude before latitude."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: Sequence[JsonValue]


class Page(Model, Generic[T]):
    """Part of a list; `next` is the opaque cursor of the part that follows, absent at the end."""

    items: list[T]
    next: str | None = None


class Done(Model):
    """Nothing to say but that it is done."""

    id: str = ""
    version: int = 0


class Row(Model):
    """One row of an import; `line` counts from 1 in the file as a person sees it."""

    line: int = Field(ge=1)
    values: dict[str, JsonValue]


class RowFault(Model):
    """A row that was not taken, and why (Chinese and English in one text)."""

    line: int
    key: str
    code: str
    message: str


class ImportReport(Model):
    """What an import did; a dry run gives the same numbers and writes nothing."""

    kind: str
    dry_run: bool = False
    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[RowFault] = []
    repaired: list[RowFault] = []


class TimelineEntry(Model):
    """One step of a matter: who did what, when, from where and why."""

    at: AwareDatetime
    actor: str
    action: str
    from_state: str | None = None
    to_state: str | None = None
    note: str | None = None
    trace_id: str | None = None


class Timeline(Model):
    """The whole record of one matter, oldest first."""

    items: list[TimelineEntry]

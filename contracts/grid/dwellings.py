"""一楼一册, 一户一档: buildings, rooms, households and visits.

Of a household every field has one source department; persons are private, and masked unless somebody who may read
personal values says what for.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.base import Command, Event, Query
from contracts.shared import (
    Cursor,
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

BuildingCode = Annotated[
    str, StringConstraints(pattern=r"^\d{20}$"), Field(description="楼栋编码: the grid 15 digits + 5")
]
RoomCode = Annotated[
    str,
    StringConstraints(pattern=r"^\d{20}(-[0-9A-Za-z]{1,10}){1,2}$"),
    Field(description="房屋编码: building, unit, number: 23090200100100100001-1-302"),
]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Purpose = Annotated[str, Field(min_length=4, max_length=200, description="what the values are needed for")]


class CareTag(StrEnum):
    """关爱标签: who needs looking after."""

    MINIMUM_LIVING = "minimum_living"
    LIVING_ALONE = "living_alone"
    EMPTY_NEST = "empty_nest"
    DISABLED = "disabled"
    SERIOUSLY_ILL = "seriously_ill"
    LEFT_BEHIND_CHILD = "left_behind_child"
    BEREAVED_PARENT = "bereaved_parent"
    VETERAN = "veteran"


class Building(Model):
    """楼栋. `grid` is the grid that holds it now; its code keeps the one that it was entered in."""

    code: str
    grid: str
    path: list[str]
    compound: str | None = Field(default=None, description="小区")
    address: str | None = None
    point: Point | None = None
    floors: int | None = None
    units: int | None = None
    property_company: str | None = None
    version: int = 1
    timeline: list[TimelineEntry] = []


class Room(Model):
    """房屋."""

    code: str
    building: str
    grid: str
    floor: int | None = None
    use: Literal["dwelling", "shop", "office", "storage", "other"] = "dwelling"
    version: int = 1


class Person(Model):
    """A member of a household: private. On a masked read what is left of each value shows only that it is there."""

    name: Name
    relation: str | None = Field(default=None, max_length=50)
    id_number: str | None = Field(default=None, pattern=r"^\d{17}[\dX]$")
    phone: str | None = Field(default=None, pattern=r"^\d{5,15}$")


class MaskedPerson(Model):
    """The same as anybody sees it: 李**, 230***********001X, 139****0000."""

    name: str
    relation: str | None = None
    id_number: str | None = None
    phone: str | None = None


class FieldSource(Model):
    """一数一源: the department that a field is from, and until when nobody may ask for it again."""

    department: str
    collected_at: AwareDatetime
    do_not_recollect_until: AwareDatetime | None = None


class Household(Model):
    """户. `persons` masked; the values themselves only after LookAtHousehold.

    Who needs care is sensitive as well: `care` is empty for callers without grid:write, who do not visit.
    """

    household_no: str
    room: str
    building: str
    grid: str
    size: int | None = None
    care: list[CareTag] = []
    persons: list[MaskedPerson] = []
    sources: dict[str, FieldSource] = {}
    version: int = 1
    timeline: list[TimelineEntry] = []


class HouseholdLook(Model):
    """What somebody was shown of a household, unmasked; only the fields asked for."""

    household_no: str
    care: list[CareTag] | None = None
    persons: list[Person] | None = None
    access: str = Field(description="the entry of the access log")


class Access(Model):
    """查阅记录: who looked at private fields, which, why and when. Never a value."""

    id: str
    household_no: str
    who: str
    client: str
    purpose: str
    fields: list[str]
    at: AwareDatetime
    trace_id: str | None = None


class Visit(Model):
    """走访. `note` may hold what somebody said: listed for those who may read personal values only."""

    id: str
    household_no: str
    grid: str
    staff_no: str
    purpose: str
    note: str | None = None
    visited_at: AwareDatetime


class SaveBuilding(Command[Building]):
    """A new building, or other fields of a known one (absent fields stay).

    With a point it is in the grid that holds the point; where none does, and without one, in the grid that its code
    names. There it stays until a new point or a change of grids moves it, and its households with it.
    """

    code: BuildingCode
    compound: Name | None = None
    address: str | None = Field(default=None, max_length=300)
    point: Point | None = None
    floors: int | None = Field(default=None, ge=1, le=200)
    units: int | None = Field(default=None, ge=1, le=100)
    property_company: Name | None = None


class GetBuilding(Query[Building]):
    """By code."""

    code: BuildingCode


class ListBuildings(Query[Page[Building]]):
    """Of a grid, of a compound, or within `bbox` (west, south, east, north).

    By grid and code; within a small box by place.
    """

    grid: GridCode | None = None
    compound: Name | None = None
    bbox: tuple[Longitude, Latitude, Longitude, Latitude] | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class SaveRoom(Command[Room]):
    """A new room of a known building, or other fields of a known one."""

    code: RoomCode
    floor: int | None = Field(default=None, ge=-10, le=200)
    use: Literal["dwelling", "shop", "office", "storage", "other"] | None = None


class ListRooms(Query[Page[Room]]):
    """By code, of one building."""

    building: BuildingCode
    cursor: Cursor | None = None
    limit: Limit = 50


class SaveHousehold(Command[Household]):
    """A new household, or other fields of a known one (absent fields stay).

    Every field given comes from `department` (the caller's own where absent; a caller of a department speaks for no
    other). A field of another department that is not to be collected again yet is refused, whatever its value.
    """

    household_no: Key
    room: RoomCode | None = None
    size: int | None = Field(default=None, ge=0, le=100)
    care: list[CareTag] | None = None
    persons: list[Person] | None = Field(default=None, max_length=50)
    department: Name | None = None
    do_not_recollect_until: AwareDatetime | None = None


class GetHousehold(Query[Household]):
    """By its number, masked."""

    household_no: Key


class ListHouseholds(Query[Page[Household]]):
    """By grid and number, of a grid or of a building; masked. By care tag only with grid:write."""

    grid: GridCode | None = None
    building: BuildingCode | None = None
    care: CareTag | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class LookAtHousehold(Command[HouseholdLook]):
    """Private fields unmasked, for a stated purpose; the look is written down before anything is shown, and once.

    The same idempotency key for another household, purpose or fields is a Conflict.
    """

    household_no: Key
    purpose: Purpose
    fields: list[Literal["persons", "care"]] = Field(default=["persons"], min_length=1, max_length=2)


class ListAccesses(Query[Page[Access]]):
    """Who looked at a household, the newest first; without one at any."""

    household_no: Key | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class RecordVisit(Command[Visit]):
    """A visit by grid staff."""

    household_no: Key
    staff_no: Key
    purpose: Name
    note: str | None = Field(default=None, max_length=2000)
    visited_at: AwareDatetime | None = None


class ListVisits(Query[Page[Visit]]):
    """Of a household or of a grid, the newest first."""

    household_no: Key | None = None
    grid: GridCode | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class ImportDwellings(Command[ImportReport]):
    """Rows of one kind with the fields of SaveBuilding (its point as longitude and latitude), SaveRoom, SaveHousehold.

    A building's place may also be a GeoJSON point. A row of a household may hold one person: person_name, relation,
    id_number, phone. Rows of one number are gathered, and none of them is taken where one is wrong.
    """

    kind: Literal["buildings", "rooms", "households"]
    rows: list[Row] = Field(max_length=20_000)
    dry_run: bool = False


class HouseholdChanged(Event, wire="grid.household_changed.v1", public=True):
    """Which fields of which household changed; never a value."""

    household_no: str
    building: str
    grid: str
    fields: list[str]
    version: int

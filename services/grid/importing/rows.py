"""Rows of each kind, as files carry them."""

import re
from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from contracts.grid import CareTag, HierarchyKey, Level, Moment, Role, UnitCode
from contracts.grid.dwellings import BuildingCode, Name, RoomCode
from contracts.shared import Key, Latitude, Longitude, Model, Point
from services.grid.domain import national

DivisionCode = Annotated[
    str, StringConstraints(pattern=r"^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$"), AfterValidator(national)
]
Text = Annotated[str, StringConstraints(max_length=200)]
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
Count = Annotated[int, Field(ge=0)]


def _digits(value: object) -> object:
    """A telephone number as people write it: separators and the country's 86 go."""
    if not isinstance(value, str):
        return value
    return re.sub(r"^(\+86|86(?=1\d{10}$))", "", re.sub(r"[\s\-()]", "", value))


def _words(value: object) -> object:
    """Several words in one cell, as people separate them; sorted, each once."""
    words = re.split(r"[\s,;|、，；]+", value.strip()) if isinstance(value, str) else value
    return sorted(set(words)) if isinstance(words, list) and all(isinstance(one, str) for one in words) else words


def _capital(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _position(value: object) -> object:
    """Longitude and latitude; a height is left out."""
    return value[:2] if isinstance(value, list) else value


def _moment(value: object) -> object:
    """A day, or a time without an offset, as people in China mean it."""
    if not isinstance(value, str):
        return value
    try:
        said = datetime.fromisoformat(value)
    except ValueError:
        return value
    return said if said.tzinfo else said.replace(tzinfo=CHINA)


Phone = Annotated[str, BeforeValidator(_digits), StringConstraints(pattern=r"^\d{5,15}$")]
When = Annotated[Moment, BeforeValidator(_moment)]


class FileRow(Model):
    """A code may have been read as a number."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class DivisionRow(FileRow):
    """区划. Level and parent are checked against the code where the file names them."""

    code: DivisionCode
    level: Level | None = None
    name: Name
    parent_code: DivisionCode | None = None


class AliasRow(FileRow):
    """旧代码 of a territory."""

    code: DivisionCode
    alias: DivisionCode
    name: Text | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class UnitRow(FileRow):
    """A unit of a tree other than the division tree."""

    hierarchy: HierarchyKey
    hierarchy_name: Annotated[str, StringConstraints(max_length=100)] | None = None
    code: UnitCode
    level: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    name: Name
    parent: UnitCode | None = None
    geometry: object = None


class BoundaryRow(FileRow):
    """A polygon of a territory already known."""

    code: DivisionCode = Field(validation_alias=AliasChoices("code", "adcode", "id"))
    geometry: object


class GridRow(FileRow):
    """A grid; absent fields stay as they are."""

    code: Annotated[str, StringConstraints(pattern=r"^\d{15}$")] = Field(validation_alias=AliasChoices("code", "id"))
    name: Text | None = None
    kind: Literal["base", "dedicated"] | None = None
    households: Count | None = None
    population: Count | None = None
    party_branch: Text | None = None
    responsible_body: Text | None = None
    large: bool | None = None
    overlay_of: Annotated[str, StringConstraints(pattern=r"^\d{15}$")] | None = None
    geometry: object = None


class StaffRow(FileRow):
    """A person."""

    staff_no: Key
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    phone: Phone | None = None
    role: Role
    org: Text | None = None


class AssignmentRow(FileRow):
    """A posting."""

    staff_no: Key
    target: Annotated[str, StringConstraints(pattern=r"^\d{12}(\d{3})?$")]
    role: Role
    post: Literal["A", "B"] = "B"
    primary: bool = False
    starts_at: When | None = None
    ends_at: When | None = None


class PointGeometry(Model):
    """A GeoJSON Point."""

    type: Literal["Point"]
    coordinates: Annotated[tuple[Longitude, Latitude], BeforeValidator(_position)]


class BuildingRow(FileRow):
    """楼栋, its place as two columns or as a GeoJSON point; absent fields stay as they are."""

    code: BuildingCode = Field(validation_alias=AliasChoices("code", "id"))
    compound: Name | None = None
    address: Annotated[str, StringConstraints(max_length=300)] | None = None
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    geometry: PointGeometry | None = None
    floors: Annotated[int, Field(ge=1, le=200)] | None = None
    units: Annotated[int, Field(ge=1, le=100)] | None = None
    property_company: Name | None = None

    @property
    def point(self) -> Point | None:
        """Where it stands, as far as the row says."""
        if self.geometry:
            longitude, latitude = self.geometry.coordinates
            return Point(longitude=longitude, latitude=latitude)
        if self.longitude is None or self.latitude is None:
            return None
        return Point(longitude=self.longitude, latitude=self.latitude)


class RoomRow(FileRow):
    """房屋; absent fields stay as they are."""

    code: RoomCode
    floor: Annotated[int, Field(ge=-10, le=200)] | None = None
    use: Literal["dwelling", "shop", "office", "storage", "other"] | None = None


class HouseholdRow(FileRow):
    """户, or one of its persons with what else is known of it; absent fields stay as they are."""

    household_no: Key
    room: RoomCode | None = None
    size: Annotated[int, Field(ge=0, le=100)] | None = None
    care: Annotated[list[CareTag], BeforeValidator(_words)] | None = None
    department: Name | None = None
    do_not_recollect_until: AwareDatetime | None = None
    person_name: Name | None = None
    relation: Annotated[str, StringConstraints(max_length=50)] | None = None
    id_number: Annotated[str, BeforeValidator(_capital), StringConstraints(pattern=r"^\d{17}[\dX]$")] | None = None
    phone: Phone | None = None

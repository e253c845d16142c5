"""Rows of the five kinds, as files carry them."""

import re
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field, StringConstraints

from contracts.grid import Level, Role
from contracts.shared import Key, Model

DivisionCode = Annotated[str, StringConstraints(pattern=r"^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$")]
Text = Annotated[str, StringConstraints(max_length=200)]
Count = Annotated[int, Field(ge=0)]


def _digits(value: object) -> object:
    """A telephone number as people write it: separators and the country's 86 go."""
    if not isinstance(value, str):
        return value
    return re.sub(r"^(\+86|86(?=1\d{10}$))", "", re.sub(r"[\s\-()]", "", value))


class FileRow(Model):
    """A code may have been read as a number."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class DivisionRow(FileRow):
    """区划. Level and parent are checked against the code where the file names them."""

    code: DivisionCode
    level: Level | None = None
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    parent_code: DivisionCode | None = None


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
    geometry: object = None


class StaffRow(FileRow):
    """A person."""

    staff_no: Key
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    phone: Annotated[str, BeforeValidator(_digits), StringConstraints(pattern=r"^\d{5,15}$")] | None = None
    role: Role
    org: Text | None = None


class AssignmentRow(FileRow):
    """A posting."""

    staff_no: Key
    target: Annotated[str, StringConstraints(pattern=r"^\d{12}(\d{3})?$")]
    role: Role
    post: Literal["A", "B"] = "B"
    primary: bool = False

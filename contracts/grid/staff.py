"""网格人员 and 任职: who works here, where each is posted, and what may be asked and ordered about them."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from contracts.base import Command, Query
from contracts.shared import Cursor, Done, GridCode, Key, Limit, Model, Page


def _storable(moment: datetime) -> datetime:
    if not 1900 < moment.year < 2200:
        raise ValueError("a time between 1901 and 2199")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000).astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_storable), Field(description="in whole milliseconds, 1901 to 2199")]
Target = Annotated[str, StringConstraints(pattern=r"^\d{12}(\d{3})?$"), Field(description="a grid or a territory")]


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


class AssignmentAction(StrEnum):
    """What may be done to a posting. A planned one begins, and one with an end ends, by the clock."""

    START_LEAVE = "start_leave"
    END_LEAVE = "end_leave"
    END = "end"
    CANCEL = "cancel"


class Leave(Model):
    """休假 of one posting. `until` is when it is planned to end, `ended_at` when it did."""

    starts_at: AwareDatetime
    until: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    backup: str | None = None


class Posting(Model):
    """任职: one person in one role at one place. `post` A is a desk of the service station, B a grid.

    planned → current → ended; current → on_leave → current; planned → cancelled. One that ends during a leave ends the
    leave too. Without `starts_at` it has stood for ever. Who stands in has a posting of its own for each absent person
    (`backup_for`), never primary: it acts for the primary one.
    """

    staff_no: str
    role: Role
    post: Literal["A", "B"] = "B"
    primary: bool = False
    backup_for: str | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    state: Literal["planned", "current", "on_leave", "ended", "cancelled"] = "current"
    leaves: list[Leave] = []


class Posted(Posting):
    """A posting as people read it; `version` is that of the roster it is on."""

    target: str | None = None
    name: str | None = None
    allowed_actions: list[AssignmentAction] = []
    version: int = 0


class Vacancy(Model):
    """空缺: a role of an active grid that nobody fills: nobody is posted, or who is posted is on leave unreplaced."""

    target: str
    role: Role
    reason: Literal["nobody", "on_leave"]
    staff_no: str | None = None


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
    stands_in_for: str | None = Field(default=None, description="the absent person whose backup this is")


class WhoIsResponsible(Query[Page[Responsible]]):
    """For a grid: worker → chief → supervisor → community; the answer says which rule fired.

    A stand-in's rule ends in `_backup`; who is on leave unreplaced is passed over. With `role` its holders come first
    and the ladder is climbed from there. `at`: as it was at that time.
    """

    grid: GridCode
    role: Role | None = None
    at: AwareDatetime | None = None


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
    """Give a person a role at a grid or territory, at once or from `starts_at`, for good or until `ends_at`.

    Who has it already keeps it, and may get an end or another `primary`. A start in the past is taken as said; the
    roster then answers for that time too. 409 assignment_overlap where somebody else is primary in the role meanwhile.
    """

    staff_no: Key
    target: Target
    role: Role
    post: Literal["A", "B"] = "B"
    primary: bool = False
    starts_at: Moment | None = None
    ends_at: Moment | None = None


class ActOnAssignment(Command[Posted]):
    """One step of a posting's machine.

    A leave needs a `backup`, who stands in with the same role; without one the place is vacant, which has to be
    said: `vacant`. A stand-in can only be ended; `backup` is then who follows. `until` is told, not acted on: a leave
    ends when somebody says so.
    """

    staff_no: Key
    target: Target
    role: Role
    post: Literal["A", "B"] = "B"
    action: AssignmentAction
    backup: Key | None = None
    vacant: bool = False
    until: Moment | None = None


class ListAssignments(Query[Page[Posted]]):
    """The roster of one grid or territory, those who left last; `at`: as it was at that time."""

    target: Target
    at: AwareDatetime | None = None


class ListVacancies(Query[Page[Vacancy]]):
    """Chiefs and workers that the active grids within `parent` lack, by code.

    At most 200 grids are looked at for a page: it may be short, even empty, while `next` says that more follow.
    """

    parent: str | None = Field(default=None, pattern=r"^\d{2,12}$")
    cursor: Cursor | None = None
    limit: Limit = 50

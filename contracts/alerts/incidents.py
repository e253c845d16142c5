"""事件研判: several alerts that are one matter, who is told of it, and how it climbs the five levels."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from contracts.alerts.models import AlertType
from contracts.base import Command, Query
from contracts.shared import Cursor, Limit, Model, Page, Point, TimelineEntry

StaffNo = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class IncidentState(StrEnum):
    """candidate → open → dispatched → handling → resolved → closed; any → merged; candidate → rejected."""

    CANDIDATE = "candidate"
    OPEN = "open"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"
    REJECTED = "rejected"


class IncidentAction(StrEnum):
    """What people do; a case that is opened, signed and closed does dispatch, answer, resolve and close by itself."""

    CONFIRM = "confirm"
    REJECT = "reject"
    DISPATCH = "dispatch"
    ANSWER = "answer"
    RESOLVE = "resolve"
    CLOSE = "close"
    MERGE = "merge"


class IncidentResult(StrEnum):
    """What it was."""

    HANDLED = "handled"
    FALSE = "false"
    OVER = "over"


class Level(StrEnum):
    """The five levels 五级, lowest first: 网格员, 网格长, 社区, 街道, 区."""

    WORKER = "worker"
    CHIEF = "chief"
    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"


class Notice(Model):
    """通知: who of a level was told (numbers of staff), by which rule they were found, and until when they may wait.

    Nobody at all, by the rule `none`: nobody stands there. Such a level is passed at once, the last one is told so.
    """

    level: Level
    notified: list[str]
    notified_by: str
    at: AwareDatetime
    due_at: AwareDatetime | None = Field(default=None, description="None at the last level")


class Evidence(Model):
    """人防+技防: what a grid worker reported at the same place and time."""

    case_no: str
    distance_m: float
    reported_at: AwareDatetime


class Incident(Model):
    """事件. `alerts` are the first 200 of `alert_count`; `answered_*` end the climbing."""

    id: str
    state: IncidentState
    rule: str
    rule_name: str
    type: AlertType
    types: list[AlertType]
    severity: int
    alert: str
    alerts: list[str]
    alert_count: int
    channels: int
    device: str
    channel: str
    target: str | None = None
    point: Point | None = None
    grid: str | None = None
    path: list[str] = []
    first_at: AwareDatetime
    last_at: AwareDatetime
    opened_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    governance: bool = False
    case_no: str | None = None
    evidence: list[Evidence] = []
    notices: list[Notice] = []
    answered_by: str | None = None
    answered_at: AwareDatetime | None = None
    result: IncidentResult | None = None
    merged_into: str | None = None
    sessions: list[str] = []
    allowed_actions: list[IncidentAction] = []
    version: int = 1
    timeline: list[TimelineEntry] = []
    trace_id: str | None = None


class ListIncidents(Query[Page[Incident]]):
    """Newest first, without timelines. `open` ones are those that have not ended."""

    state: IncidentState | None = None
    open: bool = False
    grid: str | None = Field(default=None, max_length=15)
    rule: str | None = Field(default=None, max_length=100)
    cursor: Cursor | None = None
    limit: Limit = 50


class GetIncident(Query[Incident]):
    """With its timeline."""

    id: str = Field(max_length=100)


class ActOnIncident(Command[Incident]):
    """One step of the machine; `into` goes with merge, `result` with close. To answer an open one dispatches it."""

    id: str = Field(max_length=100)
    action: IncidentAction
    into: str | None = Field(default=None, max_length=100)
    result: IncidentResult | None = None
    note: str | None = Field(default=None, max_length=1000)


class SessionState(StrEnum):
    """open → closed."""

    OPEN = "open"
    CLOSED = "closed"


class SessionAction(StrEnum):
    """What happens in a session. Who was not called may join; who left may be called and join again."""

    CALL = "call"
    JOIN = "join"
    LEAVE = "leave"
    WATCH = "watch"
    DECIDE = "decide"
    CLOSE = "close"


class Participant(Model):
    """Who was called last, when they joined first, and when they left; None while they are there."""

    staff_no: str
    called_at: AwareDatetime | None = None
    joined_at: AwareDatetime | None = None
    left_at: AwareDatetime | None = None


class Watched(Model):
    """A channel that was on the screen."""

    device: str
    channel: str
    by: str
    at: AwareDatetime


class Decision(Model):
    """What was decided."""

    text: str
    by: str
    at: AwareDatetime


class Session(Model):
    """会商: the record of a conference, a command room or a training; the pictures are the video platform's."""

    id: str
    kind: Literal["conference", "command", "training"]
    title: str
    state: SessionState
    incident: str | None = None
    opened_by: str
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    participants: list[Participant] = []
    watched: list[Watched] = []
    decisions: list[Decision] = []
    allowed_actions: list[SessionAction] = []
    version: int = 1
    timeline: list[TimelineEntry] = []


class OpenSession(Command[Session]):
    """Open a session from an incident; only a training needs none."""

    kind: Literal["conference", "command", "training"]
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    incident: str | None = Field(default=None, max_length=100)
    call: list[StaffNo] = Field(default=[], max_length=200, description="numbers of the staff who are called at once")


class ActOnSession(Command[Session]):
    """`staff_no` goes with call, join and leave; `device` and `channel` with watch; `text` with decide."""

    id: str = Field(max_length=100)
    action: SessionAction
    staff_no: StaffNo | None = None
    device: str | None = Field(default=None, max_length=200)
    channel: str | None = Field(default=None, max_length=200)
    text: str | None = Field(default=None, max_length=2000)


class GetSession(Query[Session]):
    """With its timeline."""

    id: str = Field(max_length=100)


class ListSessions(Query[Page[Session]]):
    """Newest first."""

    incident: str | None = Field(default=None, max_length=100)
    cursor: Cursor | None = None
    limit: Limit = 50

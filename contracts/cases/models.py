"""Cases and their categories."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from contracts.shared import Model, Point, TimelineEntry

Evidence = Annotated[str, Field(min_length=1, max_length=500, description="a reference to a picture or a paper")]
Urgency = Literal["normal", "urgent", "critical"]
Stage = Literal["dispatch", "sign", "handling", "callback"]


class CaseSource(StrEnum):
    """来源 of a case."""

    HOTLINE = "12345"
    PATROL = "patrol"
    VIDEO = "video"
    RESIDENT = "resident"
    DEPARTMENT = "department"
    SUPERIOR = "superior"
    OPEN311 = "open311"


class CaseState(StrEnum):
    """状态 of a case."""

    REPORTED = "reported"
    VERIFIED = "verified"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    RETURNED = "returned"
    SUSPENDED = "suspended"
    RESOLVED = "resolved"
    AWAITING_CALLBACK = "awaiting_callback"
    CLOSED = "closed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


ENDED = frozenset({CaseState.CLOSED, CaseState.REJECTED, CaseState.WITHDRAWN})
"""States in which nobody has to do anything any more, unless the case is reopened."""


class CaseAction(StrEnum):
    """Steps of the case machine."""

    VERIFY = "verify"
    FILE = "file"
    REJECT = "reject"
    DISPATCH = "dispatch"
    SIGN = "sign"
    RETURN = "return"
    TRANSFER = "transfer"
    EXTEND = "extend"
    SUSPEND = "suspend"
    RESUME = "resume"
    RESOLVE = "resolve"
    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    CALL_BACK = "call_back"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"


class Place(Model):
    """Where it is; `grid` and `path` come from the grid registry."""

    point: Point | None = None
    address: str | None = Field(default=None, max_length=300)
    grid: str | None = Field(default=None, pattern=r"^\d{15}$")
    path: list[str] = []


class Reporter(Model):
    """Who reported: private, never in an event, a log or a span; masked on reading."""

    name: str | None = Field(default=None, max_length=100)
    phone: str | None = Field(default=None, max_length=30)


class Clock(Model):
    """限时 of one stage: `hours` of working time. Without `due_at`, `fault` says why (a calendar year is missing)."""

    stage: Stage
    started_at: AwareDatetime
    hours: int | None = None
    due_at: AwareDatetime | None = None
    paused_at: AwareDatetime | None = Field(default=None, description="stands still since then: suspended")
    stopped_at: AwareDatetime | None = None
    fault: str | None = Field(default=None, description="calendar_missing_<year>")
    due_soon: bool = False
    overdue: bool = False


class Feedback(Model):
    """回访: what the one who asked says."""

    responded: bool | None = None
    solved: bool | None = None
    satisfied: bool | None = None


class Case(Model):
    """工单."""

    case_no: str
    source: CaseSource
    category: str
    urgency: Urgency
    description: str
    place: Place
    state: CaseState
    owner_org: str | None = None
    assignee: str | None = None
    assigned_by: str | None = Field(default=None, description="the rule that named the assignee")
    alert: str | None = Field(default=None, description="the alert that speaks for its incident")
    incident: str | None = None
    reporter: Reporter | None = None
    clocks: list[Clock] = []
    result: str | None = None
    evidence: list[Evidence] = []
    media: list[Evidence] = []
    returns: int = 0
    extensions: int = 0
    suspended_until: AwareDatetime | None = Field(default=None, description="it resumes by itself then")
    rework_count: int = 0
    reopened_count: int = 0
    feedback: Feedback | None = None
    allowed_actions: list[CaseAction] = []
    reported_at: AwareDatetime
    occurred_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    version: int = 1
    timeline: list[TimelineEntry] = []
    trace_id: str | None = None


class Category(Model):
    """事件分类: only leaves may be used. Limits are in working hours.

    Filing condition 立案条件: a look on the spot where `site_check_required`. Closing condition 结案条件: evidence of
    the result where `evidence_required`.
    """

    code: str
    name: str
    parent: str | None = None
    leaf: bool = True
    dispatch_hours: int = 2
    sign_hours: int = 4
    handling_hours: int = 40
    callback_hours: int = 14
    site_check_required: bool = False
    evidence_required: bool = False

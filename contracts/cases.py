"""接诉即办: every matter of the city from report to rating (事件 is a case; `event` is a bus message)."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from contracts.base import Command, Event, Query
from contracts.shared import (
    Cursor,
    ImportReport,
    Limit,
    Model,
    Page,
    Point,
    Row,
    Text,
    Timeline,
    TimelineEntry,
)

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
    alert: str | None = None
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


class ReportCase(Command[Case]):
    """上报: opens a case."""

    source: CaseSource = CaseSource.RESIDENT
    category: str = Field(max_length=50)
    description: Text
    urgency: Urgency = "normal"
    place: Place = Place()
    occurred_at: AwareDatetime | None = None
    reporter: Reporter | None = None
    media: list[Evidence] = Field(default=[], max_length=9)


class ActOnCase(Command[Case]):
    """One step of the machine; which of the fields it needs is the step's own condition.

    verify: `confirmed` (false rejects: reason, result) · reject: reason, result (the reply to the one who asked) ·
    dispatch: org (the grid's community without one), assignee · return: reason · transfer: org, reason ·
    extend: hours, reason · suspend: hours (the most), reason · resolve: result, evidence where the category wants it ·
    fail: reason · call_back: feedback.solved.
    """

    case_no: str = Field(max_length=40)
    action: CaseAction
    note: str | None = Field(default=None, max_length=2000)
    reason: str | None = Field(default=None, max_length=2000)
    confirmed: bool = Field(default=True, description="whether the matter was found on the spot")
    org: str | None = Field(default=None, max_length=100, description="a territory code that covers the place")
    assignee: str | None = Field(default=None, max_length=100)
    result: str | None = Field(default=None, max_length=5000)
    evidence: list[Evidence] = Field(default=[], max_length=9)
    hours: int | None = Field(
        default=None, ge=1, le=2000, description="working hours of an extension, or the most of a suspension"
    )
    feedback: Feedback | None = None


class GetCase(Query[Case]):
    """With the actions that are legal now."""

    case_no: str = Field(max_length=40)


class ListCases(Query[Page[Case]]):
    """Newest first."""

    state: CaseState | None = None
    grid: str | None = Field(default=None, max_length=15)
    assignee: str | None = Field(default=None, max_length=100)
    alert: str | None = Field(default=None, max_length=100)
    category: str | None = Field(default=None, max_length=50)
    cursor: Cursor | None = None
    limit: Limit = 50


class GetCaseTimeline(Query[Timeline]):
    """Every step since the report."""

    case_no: str = Field(max_length=40)


class ListCategories(Query[Page[Category]]):
    """All, by code."""


class ImportCategories(Command[ImportReport]):
    """Rows by code: name, parent, {dispatch,sign,handling,callback}_hours, {site_check,evidence}_required.

    A field that a row does not hold stays as it was.
    """

    rows: list[Row] = Field(max_length=20_000)
    dry_run: bool = False


class CaseStep(Event):
    """What every event of a case says."""

    case_no: str
    state: CaseState
    category: str
    grid: str | None = None
    alert: str | None = None
    assignee: str | None = None
    owner_org: str | None = None
    version: int


class CaseReported(CaseStep, wire="cases.reported.v1"):
    """A case was opened."""

    source: CaseSource


class CaseFiled(CaseStep, wire="cases.filed.v1", public=True):
    """立案."""


class CaseDispatched(CaseStep, wire="cases.dispatched.v1", public=True):
    """派单."""


class CaseSigned(CaseStep, wire="cases.signed.v1", public=True):
    """签收."""


class CaseReturned(CaseStep, wire="cases.returned.v1", public=True):
    """退单."""


class CaseSuspended(CaseStep, wire="cases.suspended.v1", public=True):
    """挂账."""


class CaseResumed(CaseStep, wire="cases.resumed.v1", public=True):
    """恢复."""


class CaseResolved(CaseStep, wire="cases.resolved.v1", public=True):
    """办结."""


class CaseChecked(CaseStep, wire="cases.checked.v1", public=True):
    """核查通过."""


class CaseReworked(CaseStep, wire="cases.reworked.v1", public=True):
    """返工."""


class CaseClosed(CaseStep, wire="cases.closed.v1"):
    """结案, with what the one who asked said."""

    solved: bool | None = None


class CaseReopened(CaseStep, wire="cases.reopened.v1", public=True):
    """重开."""


class CaseRejected(CaseStep, wire="cases.rejected.v1", public=True):
    """不予受理."""


class CaseWithdrawn(CaseStep, wire="cases.withdrawn.v1", public=True):
    """撤诉."""


class CaseDueSoon(CaseStep, wire="cases.due_soon.v1", public=True):
    """80 % of a clock has run."""

    stage: Stage
    due_at: AwareDatetime


class CaseOverdue(CaseStep, wire="cases.overdue.v1", public=True):
    """A clock has run out."""

    stage: Stage
    due_at: AwareDatetime

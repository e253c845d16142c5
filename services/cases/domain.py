"""接诉即办: what a case is, and the table of its steps. `machine.py` takes a step by this table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from contracts.cases import (
    ENDED,
    CaseAction,
    CaseChecked,
    CaseClosed,
    CaseDispatched,
    CaseFiled,
    CaseRejected,
    CaseReopened,
    CaseResolved,
    CaseResumed,
    CaseReturned,
    CaseReworked,
    CaseSigned,
    CaseState,
    CaseStep,
    CaseSuspended,
    CaseWithdrawn,
    Feedback,
    Place,
    Stage,
)
from services.cases.clocks import StageClock

MAX_RETURNS = 2
MAX_EXTENSIONS = 2
MAX_REOPENED = 2
REOPEN_WITHIN = timedelta(hours=72)
OPEN = tuple(state for state in CaseState if state not in ENDED)
"""States in which somebody has something to do."""


@dataclass(frozen=True)
class CaseRecord:
    """工单, as far as its steps read or change it. Organisations are named by the code of their territory.

    `reported_by` is the client and the person behind it; `owner_path` the territories from the province to the owner.
    """

    case_no: str
    state: CaseState
    version: int
    category: str
    place: Place
    alert: str | None
    reported_by: tuple[str, str]
    incident: str | None = None
    site_check_required: bool = False
    evidence_required: bool = False
    owner_org: str | None = None
    owner_path: tuple[str, ...] = ()
    assignee: str | None = None
    assigned_by: str | None = None
    clocks: tuple[StageClock, ...] = ()
    suspended_until: datetime | None = None
    returned_by: tuple[str, ...] = ()
    extensions: int = 0
    rework_count: int = 0
    unsolved_count: int = 0
    reopened_count: int = 0
    resolved_by: str | None = None
    result: str | None = None
    evidence: tuple[str, ...] = ()
    feedback: Feedback | None = None
    closed_at: datetime | None = None

    def clock(self, stage: Stage) -> StageClock | None:
        """The latest clock of a stage."""
        return next((clock for clock in reversed(self.clocks) if clock.stage == stage), None)


class Who(Enum):
    """Who may take a step. The case desk (`cases:handle`) may also act for an owner."""

    DESK = "desk"
    OWNER = "owner"
    ABOVE = "above"
    REPORTER = "reporter"


@dataclass(frozen=True)
class Step:
    """A row of the table: from where, to where (and what is announced then), by whom, with which fields filled in."""

    zh: str
    sources: frozenset[CaseState]
    outcomes: Mapping[CaseState, type[CaseStep] | None]
    who: Who
    needs: tuple[str, ...] = ()


def _from(*states: CaseState) -> frozenset[CaseState]:
    return frozenset(states)


S, A = CaseState, CaseAction
BEFORE_RESOLVED = _from(S.REPORTED, S.VERIFIED, S.FILED, S.DISPATCHED, S.RETURNED, S.HANDLING, S.SUSPENDED)

STEPS: dict[CaseAction, Step] = {
    A.VERIFY: Step("核实", _from(S.REPORTED), {S.VERIFIED: None, S.REJECTED: CaseRejected}, Who.DESK),
    A.FILE: Step("立案", _from(S.REPORTED, S.VERIFIED), {S.FILED: CaseFiled}, Who.DESK),
    A.REJECT: Step(
        "不予受理",
        _from(S.REPORTED, S.VERIFIED, S.FILED),
        {S.REJECTED: CaseRejected},
        Who.DESK,
        ("reason", "result"),
    ),
    A.DISPATCH: Step("派单", _from(S.FILED, S.RETURNED), {S.DISPATCHED: CaseDispatched}, Who.DESK),
    A.SIGN: Step("签收", _from(S.DISPATCHED), {S.HANDLING: CaseSigned}, Who.OWNER),
    A.RETURN: Step("退单", _from(S.DISPATCHED), {S.RETURNED: CaseReturned}, Who.OWNER, ("reason",)),
    A.TRANSFER: Step("转办", _from(S.HANDLING), {S.DISPATCHED: CaseDispatched}, Who.OWNER, ("org", "reason")),
    A.EXTEND: Step("延期", _from(S.HANDLING), {S.HANDLING: None}, Who.ABOVE, ("hours", "reason")),
    A.SUSPEND: Step("挂账", _from(S.HANDLING), {S.SUSPENDED: CaseSuspended}, Who.ABOVE, ("hours", "reason")),
    A.RESUME: Step("恢复", _from(S.SUSPENDED), {S.HANDLING: CaseResumed}, Who.OWNER),
    A.RESOLVE: Step("办结", _from(S.HANDLING), {S.RESOLVED: CaseResolved}, Who.OWNER, ("result",)),
    A.PASS: Step("核查通过", _from(S.RESOLVED), {S.AWAITING_CALLBACK: CaseChecked}, Who.DESK),
    A.FAIL: Step("返工", _from(S.RESOLVED), {S.HANDLING: CaseReworked}, Who.DESK, ("reason",)),
    A.CALL_BACK: Step(
        "回访", _from(S.AWAITING_CALLBACK), {S.CLOSED: CaseClosed, S.HANDLING: CaseReworked}, Who.DESK, ("feedback",)
    ),
    A.REOPEN: Step("重开", _from(S.CLOSED), {S.FILED: CaseReopened}, Who.DESK),
    A.WITHDRAW: Step("撤诉", BEFORE_RESOLVED, {S.WITHDRAWN: CaseWithdrawn}, Who.REPORTER),
}


@dataclass(frozen=True)
class Hindrance:
    """Why a step is not legal now although the state would allow it."""

    code: str
    zh: str
    en: str


def hindrance(record: CaseRecord, action: CaseAction, now: datetime) -> Hindrance | None:
    """The condition of the case itself that forbids a step from its present state."""
    match action:
        case A.FILE if record.site_check_required and record.state is S.REPORTED:
            return Hindrance("site_check_required", "该类事件须先现场核实", "this category demands a look on the spot")
        case A.RETURN | A.TRANSFER:
            return _return_hindrance(record)
        case A.EXTEND:
            return _extension_hindrance(record, now)
        case A.REOPEN:
            return _reopening_hindrance(record, now)
    return None


def _return_hindrance(record: CaseRecord) -> Hindrance | None:
    if len(record.returned_by) >= MAX_RETURNS:
        return Hindrance("returns_exhausted", "退单、转办已满两次", "it was returned or passed on twice already")
    if record.owner_org in record.returned_by:
        return Hindrance("returned_before", "本单位已退过此单", "this organisation has given it back before")
    return None


def _reopening_hindrance(record: CaseRecord, now: datetime) -> Hindrance | None:
    if record.reopened_count >= MAX_REOPENED:
        return Hindrance("reopenings_exhausted", "重开已满两次", "it was reopened twice already")
    if record.closed_at is None or now > record.closed_at + REOPEN_WITHIN:
        return Hindrance("reopen_too_late", "结案已超过 72 小时", "it was closed more than 72 hours ago")
    return None


def _extension_hindrance(record: CaseRecord, now: datetime) -> Hindrance | None:
    clock = record.clock("handling")
    if record.extensions >= MAX_EXTENSIONS:
        return Hindrance("extensions_exhausted", "延期已满两次", "it was extended twice already")
    if clock is None or clock.due_at is None:
        return Hindrance("due_unknown", "工作日历缺失, 限时未定", "its due time is unknown: a calendar year is missing")
    if now >= clock.due_at:
        return Hindrance("already_overdue", "已超期, 不能延期", "it is overdue: too late to extend")
    return None


def allowed_actions(record: CaseRecord, now: datetime) -> list[CaseAction]:
    """The steps that are legal now, in the order of the table, for somebody who is entitled to them."""
    return [
        action
        for action, step in STEPS.items()
        if record.state in step.sources and hindrance(record, action, now) is None
    ]


def announce(event: type[CaseStep], record: CaseRecord, **further: object) -> CaseStep:
    """What the world is told about a case as it now stands: no person in it."""
    return event.model_validate(
        {
            "case_no": record.case_no,
            "state": record.state,
            "category": record.category,
            "grid": record.place.grid,
            "alert": record.alert,
            "incident": record.incident,
            "assignee": record.assignee,
            "owner_org": record.owner_org,
            "version": record.version,
            **further,
        }
    )

"""办件: the machine of an application, who may take which step, and what a step needs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import JsonValue

from contracts.catalogue import (
    Accepted,
    ActOnApplication,
    ApplicationAction,
    ApplicationState,
    ApplicationStep,
    Applied,
    Corrected,
    CorrectionAsked,
    Decided,
    Delivered,
    NotAccepted,
    Withdrawn,
)
from contracts.faults import FieldFault, Forbidden, Invalid, Refused
from contracts.shared import Caller, Scope
from services.catalogue.domain.items import Content
from services.catalogue.forms import check_form
from services.catalogue.workdays import deadline

_Action, _State = ApplicationAction, ApplicationState
Urgency = Literal["in_time", "soon", "overdue"]

# DECIDE leads to the state that the decision names
STEPS: dict[ApplicationState, dict[ApplicationAction, ApplicationState]] = {
    _State.DRAFT: {_Action.SUBMIT: _State.SUBMITTED, _Action.WITHDRAW: _State.WITHDRAWN},
    _State.SUBMITTED: {
        _Action.ACCEPT: _State.ACCEPTED,
        _Action.ASK_CORRECTION: _State.CORRECTING,
        _Action.NOT_ACCEPT: _State.NOT_ACCEPTED,
        _Action.WITHDRAW: _State.WITHDRAWN,
    },
    _State.CORRECTING: {_Action.CORRECT: _State.CORRECTED, _Action.WITHDRAW: _State.WITHDRAWN},
    # 一次性告知: what was corrected is taken or not, it is never sent back for more
    _State.CORRECTED: {
        _Action.ACCEPT: _State.ACCEPTED,
        _Action.NOT_ACCEPT: _State.NOT_ACCEPTED,
        _Action.WITHDRAW: _State.WITHDRAWN,
    },
    _State.ACCEPTED: {_Action.REVIEW: _State.REVIEWING, _Action.WITHDRAW: _State.WITHDRAWN},
    _State.REVIEWING: {_Action.DECIDE: _State.APPROVED, _Action.WITHDRAW: _State.WITHDRAWN},
    _State.APPROVED: {_Action.DELIVER: _State.DELIVERED},
    _State.REFUSED: {_Action.DELIVER: _State.DELIVERED},
    _State.NOT_ACCEPTED: {},
    _State.DELIVERED: {},
    _State.WITHDRAWN: {},
}
APPLICANT_STEPS = frozenset({_Action.SUBMIT, _Action.CORRECT, _Action.WITHDRAW})
_EVENTS: dict[ApplicationState, type[ApplicationStep]] = {
    _State.SUBMITTED: Applied,
    _State.ACCEPTED: Accepted,
    _State.CORRECTING: CorrectionAsked,
    _State.CORRECTED: Corrected,
    _State.NOT_ACCEPTED: NotAccepted,
    _State.APPROVED: Decided,
    _State.REFUSED: Decided,
    _State.DELIVERED: Delivered,
    _State.WITHDRAWN: Withdrawn,
}


class Pinned(NamedTuple):
    """The version of the item that an application was opened for."""

    code: str
    version_no: int
    content: Content

    @property
    def instant(self) -> bool:
        """即办件: may be decided at once."""
        return self.content.case_type == "instant"


class Matter(NamedTuple):
    """What the rules need to know of an application."""

    app_no: str
    state: ApplicationState
    pinned: Pinned
    has_applicant: bool
    channel: str
    form: Mapping[str, JsonValue]


class Step(NamedTuple):
    """Where a step leads, what it changes (contract field → value), and what the record says about it."""

    to: ApplicationState
    changes: dict[str, Any]
    note: str | None
    decision: Literal["approved", "refused"] | None = None

    def event(self, matter: Matter, version: int) -> list[ApplicationStep]:
        """What the others hear; `version` is the one after the write."""
        if self.to not in _EVENTS:
            return []
        facts = {
            "app_no": matter.app_no,
            "item_code": matter.pinned.code,
            "item_version_no": matter.pinned.version_no,
            "department": matter.pinned.content.department,
            "state": self.to,
            "version": version,
        }
        if self.decision:
            facts["decision"] = self.decision
        return [_EVENTS[self.to].model_validate(facts)]


def allowed(state: ApplicationState, instant: bool) -> list[ApplicationAction]:
    """The steps that lead on."""
    steps = list(STEPS[state])
    if state is _State.ACCEPTED and instant:
        steps.insert(1, _Action.DECIDE)
    return steps


def illegal(state: ApplicationState, instant: bool, action: str) -> Refused:
    """The refusal of a step that the machine does not know."""
    return Refused(
        "illegal_step",
        f"办件处于 {state} 状态, 不能执行 {action}",
        f"an application in state {state} cannot take the step {action}",
        allowed_actions=[*allowed(state, instant)],
        state=state,
    )


def take_step(matter: Matter, command: ActOnApplication, now: datetime) -> Step:
    """What the command does. Raises Refused (illegal_step), or Invalid with everything that the step lacks."""
    action = command.action
    if action not in allowed(matter.state, matter.pinned.instant):
        raise illegal(matter.state, matter.pinned.instant, action)
    faults = _lacking(matter, command)
    if faults:
        raise Invalid("step_incomplete", "办理步骤所需内容不全或有误", "the step lacks something", faults)
    changes: dict[str, Any] = {}
    if action in (_Action.SUBMIT, _Action.CORRECT):
        changes |= {name: told for name in ("form", "materials") if (told := getattr(command, name)) is not None}
    match action:
        case _Action.ACCEPT:
            changes |= {"accepted_at": now, **clock(now, matter.pinned.content.limit_days)}
        case _Action.ASK_CORRECTION:
            missing = _said(command.missing)
            return Step(_State.CORRECTING, {"correction": missing}, "; ".join(missing))
        case _Action.NOT_ACCEPT:
            changes["decision_reason"] = command.reason
        case _Action.DECIDE if command.decision:
            decided = {"decision": command.decision, "decision_reason": command.reason}
            return Step(_State(command.decision), decided, command.reason, command.decision)
        case _Action.DELIVER:
            changes["delivery"] = command.delivery or matter.channel
            return Step(_State.DELIVERED, changes, changes["delivery"])
    return Step(STEPS[matter.state][action], changes, command.reason)


def clock(accepted_at: datetime, limit_days: int | None) -> dict[str, datetime | str]:
    """When a decision is due: `due_at`, or `clock_fault` while no calendar can say; nothing without a limit."""
    if limit_days is None:
        return {}
    due_at, fault = deadline(accepted_at, limit_days)
    return {"due_at": due_at} if due_at else {"clock_fault": str(fault)}


def urgency(state: ApplicationState, due_at: datetime | None, now: datetime) -> Urgency | None:
    """How a running clock stands; None where none runs."""
    if due_at is None or _Action.DECIDE not in allowed(state, instant=True):
        return None
    if now > due_at:
        return "overdue"
    next_day = deadline(now, 1).due_at
    return "soon" if next_day and due_at <= next_day else "in_time"


def _said(texts: Sequence[str]) -> list[str]:
    return [text.strip() for text in texts if text.strip()]


def _lacking(matter: Matter, command: ActOnApplication) -> list[FieldFault]:
    faults = []
    match command.action:
        case _Action.SUBMIT | _Action.CORRECT:
            if not matter.has_applicant:
                faults.append(_needed("/applicant", "申请人", "the applicant"))
            form = matter.form if command.form is None else command.form
            faults += check_form(matter.pinned.content.form_schema, form)
        case _Action.ASK_CORRECTION if not _said(command.missing):
            faults.append(_needed("/missing", "需补正的全部内容 (一次性告知)", "all that is missing, at once"))
        case _Action.DECIDE if command.decision is None:
            faults.append(_needed("/decision", "决定", "the decision"))
    refusing = command.action is _Action.NOT_ACCEPT or command.decision == "refused"
    if refusing and command.action in (_Action.NOT_ACCEPT, _Action.DECIDE) and not (command.reason or "").strip():
        faults.append(_needed("/reason", "理由", "the reason"))
    return faults


def _needed(pointer: str, zh: str, en: str) -> FieldFault:
    return FieldFault(pointer=pointer, code="needed", zh=f"必须写明{zh}", en=f"{en} must be given")


def check_actor(caller: Caller, action: ApplicationAction | None = None) -> None:
    """Applicants draft, submit, correct and withdraw; the other steps are the office's. Raises Forbidden."""
    applies = (action is None or action in APPLICANT_STEPS) and caller.may(Scope.CATALOGUE_APPLY)
    if not applies and not caller.may(Scope.CATALOGUE_HANDLE):
        needed = Scope.CATALOGUE_HANDLE if action and action not in APPLICANT_STEPS else Scope.CATALOGUE_APPLY
        raise Forbidden("scope_missing", f"没有权限: 需要 {needed}", f"needs the scope {needed}", scope=needed)


def is_visible(client: str, caller: Caller) -> bool:
    """Whether the caller may know of it: those who handle, and the client that opened it."""
    return caller.client == client or caller.may(Scope.CATALOGUE_HANDLE)

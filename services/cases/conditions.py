"""What a step demands before it is taken: of the caller, of the case, and of the fields of the command."""

from datetime import datetime

from pydantic import JsonValue

from contracts.cases import ActOnCase, CaseAction
from contracts.faults import FieldFault, Forbidden, Invalid, Refused
from contracts.shared import Caller, Scope
from services.cases.domain import STEPS, CaseRecord, Who, allowed_actions, hindrance
from services.chassis.territories import is_above, significant


def check(record: CaseRecord, command: ActOnCase, caller: Caller, now: datetime) -> None:
    """Raises Forbidden, Refused (with the legal steps) or Invalid (naming every field).

    Rights come first, so that a stranger learns nothing of the case; whose it is comes after its state.
    """
    who = STEPS[command.action].who
    check_scope(record, who, caller)
    check_legal(record, command.action, now)
    check_relation(record, command.action, caller)
    check_fields(command)


def check_scope(record: CaseRecord, who: Who, caller: Caller) -> None:
    """Whether the caller may take such steps at all. Raises Forbidden."""
    at_desk = caller.may(Scope.CASES_HANDLE)
    if who is Who.REPORTER:
        client, person = record.reported_by
        if caller.client != client or not (at_desk or caller.who == person):
            raise Forbidden("not_the_reporter", "只有上报人可以撤诉", "only the one who reported it may withdraw")
    elif not (at_desk or (who is Who.OWNER and caller.may(Scope.CASES_READ))):
        raise Forbidden("scope_missing", "没有权限: 需要 cases:handle", "needs the scope cases:handle")


def check_relation(record: CaseRecord, action: CaseAction, caller: Caller) -> None:
    """Whether it is this caller's to take it on this case. Raises Forbidden."""
    who = STEPS[action].who
    if who is Who.OWNER and not (caller.may(Scope.CASES_HANDLE) or _owns(record, caller)):
        raise Forbidden("not_the_owner", "此单未派给您或您的单位", "it was not dispatched to you or yours")
    if who is Who.ABOVE and not (caller.may(Scope.ADMIN) or _stands_above(record, caller)):
        raise Forbidden("not_from_above", "须由上级批准", "must be approved by a territory above the owner")
    if action in (CaseAction.PASS, CaseAction.FAIL) and caller.who == record.resolved_by:
        raise Forbidden("checker_is_handler", "办结人不能核查自己的工单", "who resolved it may not check it")


def check_legal(record: CaseRecord, action: CaseAction, now: datetime) -> None:
    """Whether the case allows the step now. Raises Refused with the legal ones."""
    step, legal = STEPS[action], allowed_actions(record, now)
    actions: list[JsonValue] = [str(one) for one in legal]
    if record.state not in step.sources:
        raise Refused(
            "illegal_step",
            f"当前状态不能{step.zh}, 可执行: {'、'.join(STEPS[one].zh for one in legal) or '无'}",
            f"{action} is not possible while {record.state}; possible: {', '.join(legal) or 'nothing'}",
            allowed_actions=actions,
            state=str(record.state),
        )
    if found := hindrance(record, action, now):
        raise Refused(found.code, found.zh, found.en, allowed_actions=actions, state=str(record.state))


def check_fields(command: ActOnCase) -> None:
    """Whether the command says what the step needs. Raises Invalid naming every field at once."""
    step = STEPS[command.action]
    needs = step.needs
    if command.action is CaseAction.VERIFY and not command.confirmed:
        needs = STEPS[CaseAction.REJECT].needs
    missing = [name for name in needs if not str(getattr(command, name) or "").strip()]
    if "feedback" in needs and command.feedback is not None and command.feedback.solved is None:
        missing.append("feedback/solved")
    if missing:
        raise Invalid(
            "field_missing",
            f"{step.zh}缺少必填项: {', '.join(missing)}",
            f"{command.action} needs {', '.join(missing)}",
            [FieldFault(pointer=f"/{name}", code="required", zh="必填", en="required") for name in missing],
        )


def _owns(record: CaseRecord, caller: Caller) -> bool:
    theirs = {significant(code) for code in (caller.department, caller.territory) if code}
    by_org = record.owner_org is not None and significant(record.owner_org) in theirs
    return by_org or (record.assignee is not None and record.assignee == caller.actor)


def _stands_above(record: CaseRecord, caller: Caller) -> bool:
    return bool(caller.territory and record.owner_org and is_above(caller.territory, record.owner_org))

"""会商: what may happen in a session, and what it leaves on the record."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from contracts.alerts import (
    ActOnSession,
    Decision,
    OpenSession,
    Participant,
    Session,
    SessionAction,
    SessionState,
    Watched,
)
from contracts.faults import FieldFault, Invalid, Refused
from contracts.shared import TimelineEntry
from services.alerts.domain import check_legal

# what is longer goes on in another session: a record is one document
MOST_STEPS = 500
_OPEN = "open"
_A = SessionAction
_NEEDS: Mapping[SessionAction, Sequence[str]] = {
    _A.CALL: ("staff_no",),
    _A.JOIN: ("staff_no",),
    _A.LEAVE: ("staff_no",),
    _A.WATCH: ("device", "channel"),
    _A.DECIDE: ("text",),
    _A.CLOSE: (),
}
_FIELDS = tuple(dict.fromkeys(name for names in _NEEDS.values() for name in names))


def opened(id: str, command: OpenSession, now: datetime, trace_id: str | None) -> Session:
    """A new session, with those called who are called at once. Raises Invalid where it has no incident and needs one.

    A training is the only one that needs none.
    """
    if command.incident is None and command.kind != "training":
        raise Invalid.field(
            "/incident", "incident_missing", "只有演练可以不关联事件", "only a training needs no incident"
        )
    entry = TimelineEntry(
        at=now, actor=command.caller.who, action=_OPEN, to_state=SessionState.OPEN.value, trace_id=trace_id
    )
    return Session(
        id=id,
        kind=command.kind,
        title=command.title,
        state=SessionState.OPEN,
        incident=command.incident,
        opened_by=command.caller.who,
        opened_at=now,
        participants=[Participant(staff_no=staff_no, called_at=now) for staff_no in dict.fromkeys(command.call)],
        timeline=[entry],
    )


def allowed_actions(session: Session) -> list[SessionAction]:
    """What may be done now."""
    if session.state is SessionState.CLOSED:
        return []
    if session.version >= MOST_STEPS:
        return [_A.CLOSE]
    somebody = any(_there(one) for one in session.participants)
    return [action for action in SessionAction if somebody or action is not _A.LEAVE]


def acted(session: Session, command: ActOnSession, now: datetime, trace_id: str | None) -> Session:
    """The session after one step. Raises Refused with the legal ones, or Invalid naming every field."""
    action, actor = command.action, command.caller.who
    check_legal(session.state, action, allowed_actions(session))
    _check_fields(command)
    changed = session.model_copy(update=_effect(session, command, now))
    entry = TimelineEntry(
        at=now,
        actor=actor,
        action=action.value,
        to_state=changed.state.value if changed.state is not session.state else None,
        note=f"{command.device} / {command.channel}" if action is _A.WATCH else command.staff_no,
        trace_id=trace_id,
    )
    return changed.model_copy(update={"version": session.version + 1, "timeline": [*session.timeline, entry]})


def _effect(session: Session, command: ActOnSession, now: datetime) -> dict[str, object]:
    who = command.caller.who
    match command.action:
        case SessionAction.WATCH:
            seen = Watched(device=command.device or "", channel=command.channel or "", by=who, at=now)
            return {"watched": [*session.watched, seen]}
        case SessionAction.DECIDE:
            return {"decisions": [*session.decisions, Decision(text=command.text or "", by=who, at=now)]}
        case SessionAction.CLOSE:
            left = [one.model_copy(update={"left_at": now}) if _there(one) else one for one in session.participants]
            return {"state": SessionState.CLOSED, "closed_at": now, "participants": left}
        case _:
            return {"participants": _moved(session, command, now)}


def _moved(session: Session, command: ActOnSession, now: datetime) -> list[Participant]:
    """Who is called, joins or leaves, at the place where they stand on the list."""
    known = {one.staff_no: one for one in session.participants}
    staff_no = command.staff_no or ""
    person = known.get(staff_no, Participant(staff_no=staff_no))
    if command.action is _A.LEAVE:
        if not _there(person):
            raise _refused(session, "not_there", "此人不在会商中", "they are not in the session")
        change: dict[str, datetime | None] = {"left_at": now}
    elif _there(person):
        raise _refused(session, "already_there", "此人已在会商中", "they are in the session already")
    elif command.action is _A.CALL:
        change = {"called_at": now}
    else:
        change = {"joined_at": person.joined_at or now, "left_at": None}
    return list({**known, staff_no: person.model_copy(update=change)}.values())


def _there(person: Participant) -> bool:
    return person.joined_at is not None and person.left_at is None


def _check_fields(command: ActOnSession) -> None:
    needed = _NEEDS[command.action]
    given = {name for name in _FIELDS if (getattr(command, name) or "").strip()}
    faults = [
        *(FieldFault.at(f"/{name}", "required", "必填", "required") for name in needed if name not in given),
        *(
            FieldFault.at(f"/{name}", "unexpected", "此操作不用此项", "this step takes none")
            for name in _FIELDS
            if name in given and name not in needed
        ),
    ]
    if faults:
        names = ", ".join(fault.pointer[1:] for fault in faults)
        raise Invalid(
            "fields_wrong",
            f"{command.action.value} 缺少或多出字段: {names}",
            f"{command.action.value} lacks or does not take: {names}",
            faults,
        )


def _refused(session: Session, code: str, zh: str, en: str) -> Refused:
    return Refused(
        code, zh, en, allowed_actions=[action.value for action in allowed_actions(session)], state=session.state.value
    )

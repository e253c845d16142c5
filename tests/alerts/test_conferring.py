"""What may happen in a session 会商."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alerts import ActOnSession, OpenSession, Session, SessionAction, SessionState
from contracts.faults import Invalid, Refused
from services.alerts import conferring

from .scene import CALLER, NOON

FIELDS = {
    SessionAction.CALL: {"staff_no": "W1"},
    SessionAction.JOIN: {"staff_no": "W1"},
    SessionAction.LEAVE: {"staff_no": "W1"},
    SessionAction.WATCH: {"device": "cam-1", "channel": "1"},
    SessionAction.DECIDE: {"text": "增派两名网格员"},
    SessionAction.CLOSE: {},
}


def opening(**fields: object) -> OpenSession:
    told = {"kind": "command", "title": "聚集处置", "incident": "I1", **fields}
    return OpenSession.model_validate({"caller": CALLER, **told})


def opened(**fields: object) -> Session:
    return conferring.opened("S1", opening(**fields), NOON, None)


def done(session: Session, *steps: SessionAction | tuple[SessionAction, str]) -> Session:
    """Steps a second apart; a pair names whom it is about."""
    for number, step in enumerate(steps, session.version):
        action, staff_no = step if isinstance(step, tuple) else (step, "W1")
        fields = {**FIELDS[action], **({"staff_no": staff_no} if "staff_no" in FIELDS[action] else {})}
        command = ActOnSession(caller=CALLER, id="S1", action=action, **fields)
        session = conferring.acted(session, command, NOON + timedelta(seconds=number), None)
    return session


def test_only_a_training_needs_no_incident() -> None:
    assert opened(kind="training", incident=None).incident is None
    for kind in ("command", "conference"):
        with pytest.raises(Invalid) as caught:
            opened(kind=kind, incident=None)
        assert [fault.pointer for fault in caught.value.errors] == ["/incident"]


def test_who_is_called_at_once_is_on_the_list_once() -> None:
    session = opened(call=["W2", "W1", "W2"])
    assert [(one.staff_no, one.called_at, one.joined_at) for one in session.participants] == [
        ("W2", NOON, None),
        ("W1", NOON, None),
    ]


def test_from_the_call_to_the_decision() -> None:
    session = done(opened(), *SessionAction)
    [person] = session.participants
    times = [NOON + timedelta(seconds=number) for number in (1, 2, 3)]
    assert [person.called_at, person.joined_at, person.left_at] == times
    assert [(one.device, one.channel, one.by) for one in session.watched] == [("cam-1", "1", CALLER.who)]
    assert [(one.text, one.by) for one in session.decisions] == [("增派两名网格员", CALLER.who)]
    assert (session.state, session.closed_at) == (SessionState.CLOSED, NOON + timedelta(seconds=6))
    assert [entry.action for entry in session.timeline] == ["open", *SessionAction]
    assert conferring.allowed_actions(session) == []


def test_who_left_may_come_back_and_who_is_there_goes_with_the_session() -> None:
    session = done(opened(), SessionAction.JOIN, SessionAction.LEAVE, SessionAction.CALL, SessionAction.JOIN)
    [person] = session.participants
    assert (person.joined_at, person.left_at) == (NOON + timedelta(seconds=1), None)
    [person] = done(session, SessionAction.CLOSE).participants
    assert person.left_at == NOON + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("before", "step", "code"),
    [
        ([], (SessionAction.LEAVE, "W1"), "illegal_step"),
        ([SessionAction.JOIN], (SessionAction.LEAVE, "W2"), "not_there"),
        ([SessionAction.JOIN], (SessionAction.JOIN, "W1"), "already_there"),
        ([SessionAction.JOIN], (SessionAction.CALL, "W1"), "already_there"),
        ([SessionAction.CLOSE], SessionAction.DECIDE, "illegal_step"),
        ([SessionAction.CLOSE], SessionAction.CLOSE, "illegal_step"),
    ],
)
def test_an_illegal_step_names_the_legal_ones(
    before: list[SessionAction], step: SessionAction | tuple[SessionAction, str], code: str
) -> None:
    session = done(opened(), *before)
    with pytest.raises(Refused) as caught:
        done(session, step)
    assert (caught.value.code, caught.value.facts["allowed_actions"]) == (
        code,
        [str(action) for action in conferring.allowed_actions(session)],
    )


@pytest.mark.parametrize(
    ("action", "fields", "wrong"),
    [
        (SessionAction.CALL, {}, ["/staff_no"]),
        (SessionAction.DECIDE, {"text": "  "}, ["/text"]),
        (SessionAction.WATCH, {"device": "cam-1", "text": "x"}, ["/channel", "/text"]),
        (SessionAction.CLOSE, {"staff_no": "W1"}, ["/staff_no"]),
    ],
)
def test_every_wrong_field_is_named(action: SessionAction, fields: dict[str, str], wrong: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        conferring.acted(opened(), ActOnSession(caller=CALLER, id="S1", action=action, **fields), NOON, None)
    assert [fault.pointer for fault in caught.value.errors] == wrong


def test_a_record_that_is_full_can_only_be_closed() -> None:
    full = opened().model_copy(update={"version": conferring.MOST_STEPS})
    assert conferring.allowed_actions(full) == [SessionAction.CLOSE]
    assert done(full, SessionAction.CLOSE).state is SessionState.CLOSED


@given(st.lists(st.tuples(st.sampled_from(SessionAction), st.sampled_from(["W1", "W2"])), max_size=30))
def test_whatever_happens_the_record_holds_together(steps: list[tuple[SessionAction, str]]) -> None:
    session = opened(call=["W1"])
    for step in steps:
        legal = conferring.allowed_actions(session)
        try:
            after = done(session, step)
        except Refused:
            continue
        assert step[0] in legal
        assert after.timeline[:-1] == session.timeline
        assert after.version == session.version + 1 == len(after.timeline)
        session = after
    numbers = [one.staff_no for one in session.participants]
    assert len(numbers) == len(set(numbers))
    present = [one for one in session.participants if one.joined_at and not one.left_at]
    closed = session.state is SessionState.CLOSED
    assert not (closed and present)
    assert (session.closed_at is not None) is closed
    assert all(one.joined_at and one.joined_at <= one.left_at for one in session.participants if one.left_at)

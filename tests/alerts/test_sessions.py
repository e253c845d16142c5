"""Sessions in the store: each step once, only what exists, newest first."""

from typing import Any

import pytest

from contracts.alerts import ActOnSession, ListSessions, OpenSession, Session, SessionAction
from contracts.faults import Conflict, Invalid, NotFound
from services.alerts.store import AlertStore
from services.chassis import context
from services.chassis.cursors import encode
from services.chassis.grid_copies import Spot

from .scene import CALLER, save_channel


def open_session(alerts: AlertStore, **fields: Any) -> Session:
    told = {"kind": "training", "title": "桃南演练", **fields}
    return alerts.sessions.open(OpenSession.model_validate({"caller": CALLER, **told}))


def act(alerts: AlertStore, id: str, action: SessionAction, **fields: Any) -> Session:
    return alerts.sessions.act(ActOnSession(caller=CALLER, id=id, action=action, **fields))


def test_a_step_stands_after_it_was_taken(alerts: AlertStore) -> None:
    opened = open_session(alerts, call=["W1"])
    after = act(alerts, opened.id, SessionAction.JOIN, staff_no="W1")
    assert after == alerts.sessions.get(opened.id)
    assert (after.version, len(after.timeline), after.participants[0].joined_at is not None) == (2, 2, True)
    with pytest.raises(Conflict):
        act(alerts, opened.id, SessionAction.CLOSE, expected_version=1)
    with pytest.raises(NotFound):
        alerts.sessions.get("session-0")


def test_a_command_that_comes_again_is_answered_as_the_first_time(alerts: AlertStore) -> None:
    with context.applying("M1", None):
        opened = open_session(alerts)
        assert open_session(alerts) == opened
    with context.applying("M2", None):
        decided = act(alerts, opened.id, SessionAction.DECIDE, text="疏散")
        assert act(alerts, opened.id, SessionAction.DECIDE, text="疏散") == decided
    assert len(decided.decisions) == 1


def test_incident_and_channel_must_exist(alerts: AlertStore) -> None:
    with pytest.raises(Invalid) as caught:
        open_session(alerts, kind="command", incident="nothing")
    assert caught.value.errors[0].code == "incident_unknown"
    alerts.channels.save(save_channel(), Spot())
    opened = open_session(alerts)
    with pytest.raises(Invalid) as caught:
        act(alerts, opened.id, SessionAction.WATCH, device="cam-1", channel="2")
    assert [(fault.pointer, fault.code) for fault in caught.value.errors] == [("/channel", "channel_unknown")]
    assert act(alerts, opened.id, SessionAction.WATCH, device="cam-1", channel="1").watched[0].channel == "1"


def test_newest_first_page_by_page_and_those_of_an_incident(alerts: AlertStore) -> None:
    alerts.incident_documents.insert({"_id": "I1"})
    made = [open_session(alerts, incident=incident).id for incident in ("I1", None, "I1", "I1")]
    found, cursor = list[str](), None
    while True:
        page = alerts.sessions.page(ListSessions(caller=CALLER, limit=3, cursor=cursor))
        found += [one.id for one in page.items]
        cursor = page.next
        if not cursor:
            break
    assert sorted(found) == sorted(made)
    mine = alerts.sessions.page(ListSessions(caller=CALLER, incident="I1", limit=2))
    assert (len(mine.items), mine.next is not None) == (2, True)
    assert sorted(alerts.sessions.of_incident("I1")) == sorted(id for id in made if id != made[1])


@pytest.mark.parametrize("cursor", ["x", encode("x"), encode("20261301T000000"), encode(1, 2)])
def test_a_cursor_of_something_else_is_refused(alerts: AlertStore, cursor: str) -> None:
    with pytest.raises(Invalid):
        alerts.sessions.page(ListSessions(caller=CALLER, cursor=cursor))


def test_a_cursor_from_the_end_of_time_begins_at_the_newest(alerts: AlertStore) -> None:
    opened = open_session(alerts)
    far = ListSessions(caller=CALLER, cursor=encode("99991231T235959"))
    assert [one.id for one in alerts.sessions.page(far).items] == [opened.id]

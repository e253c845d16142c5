"""Who is told of an incident, on the real store: one notice at a level, upward until somebody answers."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.alerts import (
    ActOnIncident,
    Incident,
    IncidentAction,
    IncidentState,
    Level,
    RuleBody,
    SaveAlertSettings,
    SaveRule,
)
from contracts.cases import CaseSigned, CaseState
from contracts.grid import GridStaffed, Posting, Role
from services.alerts import following
from services.alerts.store import AlertStore
from services.chassis import context
from services.chassis.messages import Received

from .scene import CALLER, GRID
from .test_incidents import CAMERAS, alarm, incidents, placed, see, told

STAFF = {
    GRID: [("W1", Role.WORKER), ("C1", Role.CHIEF)],
    "230902001001": [("S1", Role.SUPERVISOR)],
    "230902000000": [("S3", Role.SUPERVISOR)],
}
OPENED, ESCALATED = "alerts.incident_opened.v1", "alerts.escalated.v1"


def staffed(store: AlertStore, staff: dict[str, list[tuple[str, Role]]]) -> None:
    events = [
        GridStaffed(target=code, postings=[Posting(staff_no=no, role=role) for no, role in held], version=1)
        for code, held in staff.items()
    ]
    store.rosters.absorb([Received(event, event.target) for event in events])


@pytest.fixture
def city(alerts: AlertStore) -> AlertStore:
    placed(alerts)
    staffed(alerts, STAFF)
    return alerts


def notices(store: AlertStore) -> list[tuple[Level, list[str], str]]:
    return [(one.level, one.notified, one.notified_by) for one in only(store).notices]


def only(store: AlertStore) -> Incident:
    (incident,) = incidents(store)
    return store.incidents.get(incident.id)


def wait(store: AlertStore, minutes: float) -> None:
    """The clock goes on from the last notice, and the work that hangs on it is done twice."""
    at = only(store).notices[-1].at + timedelta(minutes=minutes)
    store.incidents.climb(at)
    store.incidents.climb(at)


def test_three_channels_of_a_grid_give_one_notice(city: AlertStore) -> None:
    see(city, *(alarm(camera, place) for place, camera in enumerate(CAMERAS[:3])))
    assert notices(city) == [(Level.WORKER, ["W1"], "grid_worker")]
    (entry,) = [found for document in city.incident_documents.collection.find() for found in document["outbox"]]
    assert (entry["type"], '"notified":["W1"],"notified_by":"grid_worker"' in entry["body"]) == (OPENED, True)


def test_it_climbs_to_the_district_and_passes_a_level_where_nobody_stands(city: AlertStore) -> None:
    see(city, alarm("cam-1"))
    for minutes in (4.9, 5, 10, 19.9, 20, 1000):
        wait(city, minutes)
    assert notices(city) == [
        (Level.WORKER, ["W1"], "grid_worker"),
        (Level.CHIEF, ["C1"], "grid_chief"),
        (Level.COMMUNITY, ["S1"], "community_supervisor"),
        (Level.STREET, [], "none"),
        (Level.DISTRICT, ["S3"], "county_supervisor"),
    ]
    assert told(city) == [OPENED, *[ESCALATED] * 3]
    steps = [step.note for step in only(city).timeline if step.action == "notify"]
    assert steps[-2:] == ["street: 无人在岗 / nobody stands there (none)", "district: S3 (county_supervisor)"]


@pytest.mark.parametrize("by_case", [True, False])
def test_an_answer_stops_it(city: AlertStore, by_case: bool) -> None:
    see(city, alarm("cam-1"))
    id = only(city).id
    if by_case:
        signed = CaseSigned(case_no="C1", category="safety.intrusion", state=CaseState.HANDLING, incident=id, version=4)
        with context.applying("M1", None):
            following.follow_case(city, signed)
    else:
        following.act(city, ActOnIncident(caller=CALLER, id=id, action=IncidentAction.ANSWER))
    assert (only(city).state, only(city).answered_at is not None) == (IncidentState.HANDLING, True)
    wait(city, 1000)
    assert notices(city) == [(Level.WORKER, ["W1"], "grid_worker")]


def test_a_candidate_tells_nobody_until_it_is_confirmed(city: AlertStore) -> None:
    body = RuleBody(name="待确认", order=0, group_by=["channel"], window_s=60, create="candidate", dispatch_to="chief")
    city.rules.save(SaveRule(caller=CALLER, id="doubtful", **body.model_dump()))
    see(city, alarm("cam-1"))
    assert (only(city).state, notices(city), told(city)) == (IncidentState.CANDIDATE, [], [])
    confirm = ActOnIncident(caller=CALLER, id=only(city).id, action=IncidentAction.CONFIRM)
    assert following.act(city, confirm).notices[0].notified == ["C1"]
    assert (notices(city), told(city)) == ([(Level.CHIEF, ["C1"], "grid_chief")], [OPENED])
    wait(city, 10)
    assert notices(city)[-1] == (Level.COMMUNITY, ["S1"], "community_supervisor")


def test_the_times_are_settings(city: AlertStore) -> None:
    city.settings.save(SaveAlertSettings(caller=CALLER, climb_minutes={Level.WORKER: 1}))
    see(city, alarm("cam-1"))
    wait(city, 1)
    assert [level for level, _, _ in notices(city)] == [Level.WORKER, Level.CHIEF]


def test_where_nobody_is_known_the_district_is_told_at_once(alerts: AlertStore) -> None:
    placed(alerts)
    see(alerts, alarm("cam-1"))
    assert notices(alerts) == [(level, [], "none") for level in Level]
    document: dict[str, Any] = alerts.incident_documents.collection.find_one({}) or {}
    assert "climb_at" not in document

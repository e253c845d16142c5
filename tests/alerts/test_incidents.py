"""Alerts become incidents on the real store: once each, through repetition and cuts at every step."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from contracts.alerts import (
    ActOnIncident,
    AlertState,
    Incident,
    IncidentAction,
    IncidentResult,
    IncidentState,
    ListIncidents,
    SaveRule,
    TryRule,
    Verdict,
)
from contracts.cases import CaseClosed, CaseReported, CaseSigned, CaseSource, CaseState
from contracts.faults import Invalid, Refused
from contracts.shared import Point
from services.alerts import following, joining, trying
from services.alerts.store import AlertStore
from services.chassis import context
from services.chassis.messages import Received

from .scene import CALLER, NOON, PLACE, Cut, cut, grid_published, listed, motion, received, save_channel, take

CAMERAS = ("cam-1", "cam-2", "cam-3", "cam-4")
CASE: dict[str, Any] = {"case_no": "C1", "category": "safety.intrusion"}
INTRUSION = "fielddetection"


def placed(store: AlertStore, cameras: Iterable[str] = CAMERAS) -> None:
    """Cameras in one grid."""
    store.grids.absorb([Received(grid_published(), "g")])
    store.grids.rebuild()
    for camera in cameras:
        store.channels.save(save_channel(camera), store.grids.terrain.spot(PLACE))


def alarm(camera: str, second: float = 0, type_: str = INTRUSION, channel: str = "1") -> Any:
    at = NOON + timedelta(seconds=second)
    return received(motion(channel, at, type_=type_), source=camera, at=at)


def see(store: AlertStore, *alarms: Any) -> None:
    take(store, alarms)
    joining.correlate(store)


def incidents(store: AlertStore, **fields: Any) -> list[Incident]:
    """Oldest first."""
    return store.incidents.page(ListIncidents(caller=CALLER, **fields)).items[::-1]


def told(store: AlertStore) -> list[str]:
    return [entry["type"] for found in store.incident_documents.collection.find() for entry in found["outbox"]]


@pytest.fixture
def city(alerts: AlertStore) -> AlertStore:
    placed(alerts)
    return alerts


def test_one_alarm_is_one_incident_at_once(city: AlertStore) -> None:
    see(city, alarm("cam-1"))
    (incident,) = incidents(city)
    (alert,) = listed(city)
    assert (incident.rule, incident.state, incident.alerts) == ("single", IncidentState.OPEN, [alert.id])
    assert (alert.incident, incident.alert, incident.grid) == (incident.id, alert.id, alert.grid)
    assert told(city) == ["alerts.incident_opened.v1"]
    assert city.alerts.uncorrelated() == []
    assert [rule.matched for rule in city.rules.page().items if rule.id == "single"] == [1]


@pytest.mark.parametrize(("type_", "rule"), [(INTRUSION, "single"), ("VMD", "three_channels")])
def test_three_channels_of_a_grid_are_one_incident(city: AlertStore, type_: str, rule: str) -> None:
    for place, camera in enumerate(CAMERAS):
        see(city, alarm(camera, place * 100, type_))
    (incident,) = incidents(city)
    assert (incident.rule, incident.alert_count, incident.channels) == (rule, 4, 4)
    assert {alert.incident for alert in listed(city)} == {incident.id}
    assert told(city) == ["alerts.incident_opened.v1"]


def test_plain_motion_alone_is_no_incident(city: AlertStore) -> None:
    see(city, alarm("cam-1", type_="VMD"), alarm("cam-2", type_="VMD"))
    assert incidents(city) == []
    assert city.alerts.uncorrelated() == []


CUTS: dict[str, tuple[Callable[[AlertStore], Any], str, bool]] = {
    "windows written": (lambda store: store.windows, "write", True),
    "incidents counted": (lambda store: store.rules, "count", True),
    "incidents not opened": (lambda store: store.incident_documents, "insert_many", False),
    "incidents opened": (lambda store: store.incident_documents, "insert_many", True),
    "incidents joined": (lambda store: store.incidents, "join", True),
    "alerts not told": (lambda store: store.alerts, "join", False),
    "alerts told": (lambda store: store.alerts, "join", True),
}


@pytest.mark.parametrize("point", CUTS)
def test_cut_short_anywhere_each_alert_is_in_one_incident_once(
    city: AlertStore, database: Any, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Also where others came meanwhile that go before, and by a process that knows nothing of the first."""
    take(city, [alarm("cam-1", 5, "VMD"), alarm("cam-2", 6, "VMD"), alarm("cam-3", 7, "VMD")])
    of, method, after = CUTS[point]
    with monkeypatch.context() as patched:
        cut(patched, of(city), method, after=after)
        with pytest.raises(Cut):
            joining.correlate(city)
    fresh = AlertStore(database)
    placed(fresh)
    see(fresh, alarm("cam-4", 1, "VMD"))
    see(fresh, alarm("cam-1", 20, type_=INTRUSION))
    (incident,) = incidents(fresh)
    assert (incident.rule, incident.alert_count, len(incident.alerts)) == ("three_channels", 5, 5)
    assert {alert.incident for alert in listed(fresh)} == {incident.id}
    assert told(fresh) == ["alerts.incident_opened.v1"]
    assert fresh.alerts.uncorrelated() == []
    assert sum(rule.matched for rule in fresh.rules.page().items) == 1


def test_two_at_once_put_each_alert_into_one_incident(
    city: AlertStore, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other is faster between the reading of the windows and their writing."""
    other = AlertStore(database)
    take(city, [alarm("cam-1", 0), alarm("cam-2", 1)])
    write = city.windows.write

    def overtaken(*args: Any) -> bool:
        monkeypatch.setattr(city.windows, "write", write)
        joining.correlate(other)
        return write(*args)

    monkeypatch.setattr(city.windows, "write", overtaken)
    joining.correlate(city)
    (incident,) = incidents(city)
    assert (incident.alert_count, len(incident.alerts)) == (2, 2)
    assert told(city) == ["alerts.incident_opened.v1"]


def case(kind: Any, state: CaseState, incident: Incident | None = None, **told: Any) -> Any:
    known = {"incident": incident.id, "alert": incident.alert} if incident else {}
    return kind.model_validate({**CASE, **known, "state": state, "version": 1, **told})


def test_an_incident_follows_its_case_and_its_alerts_follow_it(city: AlertStore) -> None:
    see(city, alarm("cam-1"), alarm("cam-2", 1))
    (incident,) = incidents(city)
    following.follow_case(city, case(CaseReported, CaseState.REPORTED, incident, source=CaseSource.VIDEO))
    see(city, alarm("cam-3", 2))
    (dispatched,) = incidents(city, state=IncidentState.DISPATCHED)
    assert (dispatched.case_no, dispatched.alert_count) == ("C1", 3)
    assert {alert.case_no for alert in listed(city)} == {"C1"}
    following.follow_case(city, case(CaseSigned, CaseState.HANDLING, incident, assignee="W1"))
    assert city.incidents.get(incident.id).answered_by == "W1"
    for _ in range(2):
        following.follow_case(city, case(CaseClosed, CaseState.CLOSED, incident))
    closed = city.incidents.get(incident.id)
    assert (closed.state, closed.result, closed.allowed_actions) == ("closed", IncidentResult.HANDLED, [])
    assert {(alert.state, alert.verdict) for alert in listed(city)} == {(AlertState.CLOSED, Verdict.TRUE)}
    assert told(city) == ["alerts.incident_opened.v1", "alerts.incident_closed.v1"]
    assert incidents(city, open=True) == []


def test_events_of_a_case_in_any_order_lead_to_the_same(city: AlertStore) -> None:
    see(city, alarm("cam-1"))
    (incident,) = incidents(city)
    for kind, state in ((CaseSigned, CaseState.HANDLING), (CaseReported, CaseState.REPORTED)):
        following.follow_case(city, case(kind, state, incident, source=CaseSource.VIDEO))
    found = city.incidents.get(incident.id)
    assert (found.state, found.case_no) == (IncidentState.HANDLING, "C1")


def test_what_a_process_left_unspread_is_finished_by_the_round(
    city: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    see(city, alarm("cam-1"))
    (incident,) = incidents(city)
    with monkeypatch.context() as patched:
        cut(patched, city.desk, "follow", after=False)
        with pytest.raises(Cut):
            following.follow_case(city, case(CaseReported, CaseState.REPORTED, incident, source=CaseSource.VIDEO))
    assert [alert.case_no for alert in listed(city)] == [None]
    following.spread(city)
    assert [alert.case_no for alert in listed(city)] == ["C1"]
    assert city.incidents.spreading(9) == []


def act(store: AlertStore, incident: Incident, action: IncidentAction, **told: Any) -> Incident:
    return following.act(store, ActOnIncident(caller=CALLER, id=incident.id, action=action, **told))


def test_a_merged_incident_gives_its_alerts_and_takes_no_more(city: AlertStore) -> None:
    see(city, alarm("cam-1"), alarm("elsewhere"))
    one, other = sorted(incidents(city), key=lambda found: found.grid or "", reverse=True)
    act(city, one, IncidentAction.MERGE, into=other.id)
    see(city, alarm("cam-2", 9))
    (running,) = incidents(city, open=True)
    assert (running.id, running.alert_count) == (other.id, 3)
    assert {alert.incident for alert in listed(city)} == {other.id}
    with pytest.raises(Refused):
        act(city, one, IncidentAction.MERGE, into=other.id)
    with pytest.raises(Invalid) as wrong:
        act(city, running, IncidentAction.MERGE, into=one.id)
    assert wrong.value.errors[0].pointer == "/into"


def test_a_candidate_is_told_of_when_it_is_confirmed(city: AlertStore) -> None:
    rule = {"name": "x", "order": 0, "group_by": ["grid"], "window_s": 60, "create": "candidate"}
    city.rules.save(SaveRule.model_validate({"caller": CALLER, "id": "x", **rule}))
    see(city, alarm("cam-1"))
    (candidate,) = incidents(city)
    assert (candidate.rule, candidate.state, told(city)) == ("x", IncidentState.CANDIDATE, [])
    act(city, candidate, IncidentAction.CONFIRM)
    assert told(city) == ["alerts.incident_opened.v1"]


def test_one_that_ends_with_its_alerts_is_resolved(city: AlertStore, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = [alarm("cam-1", at, "videoloss", channel=str(at)) for at in range(1, 5)]
    see(city, *lost)
    (incident,) = incidents(city)
    assert (incident.rule, incident.channels) == ("channels_lost", 4)
    assert sorted(alert.inhibited_by or "" for alert in listed(city)) == ["", *[incident.alert] * 3]
    later = incident.opened_at + timedelta(minutes=1) if incident.opened_at else NOON
    monkeypatch.setattr(following.context, "now", lambda: later)
    following.resolve_ended(city)
    assert city.incidents.get(incident.id).state is IncidentState.OPEN
    city.alerts.end_quiet(NOON + timedelta(hours=1))
    monkeypatch.setattr(following.context, "now", lambda: later + timedelta(minutes=1))
    following.resolve_ended(city)
    assert city.incidents.get(incident.id).state is IncidentState.RESOLVED


def test_a_candidate_that_is_over_is_rejected_and_nobody_hears_of_it(
    city: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = {"name": "x", "order": 0, "group_by": ["grid"], "window_s": 60, "create": "candidate"}
    city.rules.save(SaveRule.model_validate({"caller": CALLER, "id": "x", "resolve_on": "ended", **rule}))
    see(city, alarm("cam-1"))
    city.alerts.end_quiet(NOON + timedelta(hours=1))
    monkeypatch.setattr(following.context, "now", lambda: datetime.now(UTC) + timedelta(minutes=1))
    following.resolve_ended(city)
    following.spread(city)
    found = city.incidents.get(incidents(city)[0].id)
    assert (found.state, found.result, found.notices) == (IncidentState.REJECTED, IncidentResult.OVER, [])
    (_, last) = found.timeline
    assert (last.action, last.note) == ("reject", "告警已全部结束 / all its alerts have ended")
    assert [alert.verdict for alert in listed(city)] == [None]
    assert (told(city), incidents(city, open=True)) == ([], [])


def test_who_answers_need_not_wait_for_the_case(city: AlertStore) -> None:
    see(city, alarm("cam-1"))
    (incident,) = incidents(city)
    assert IncidentAction.ANSWER in incident.allowed_actions
    answered = act(city, incident, IncidentAction.ANSWER)
    assert (answered.state, answered.answered_by, answered.version) == ("handling", CALLER.who, incident.version + 1)
    assert [step.to_state for step in answered.timeline][-2:] == ["dispatched", "handling"]
    following.follow_case(city, case(CaseReported, CaseState.REPORTED, incident, source=CaseSource.VIDEO))
    followed = city.incidents.get(incident.id)
    assert (followed.state, followed.case_no, followed.answered_by) == ("handling", "C1", CALLER.who)
    assert [alert.case_no for alert in listed(city)] == ["C1"]


def test_what_a_worker_reports_nearby_is_evidence(city: AlertStore) -> None:
    see(city, alarm("cam-1"))

    def report(case_no: str, north: float = 0.001, minutes: int = 5, category: str = "safety.activity") -> None:
        point = Point(longitude=PLACE.longitude, latitude=PLACE.latitude + north)
        told = {"case_no": case_no, "category": category, "point": point, "source": CaseSource.PATROL}
        reported = case(CaseReported, CaseState.REPORTED, **told)
        following.take_evidence(city, Received(reported, case_no, time=NOON + timedelta(minutes=minutes)))

    report("far", north=0.003)
    report("late", minutes=11)
    report("else", category="traffic.parking")
    for _ in range(2):
        report("near")
    (incident,) = incidents(city)
    (evidence,) = city.incidents.get(incident.id).evidence
    assert (evidence.case_no, round(evidence.distance_m)) == ("near", 111)


def test_a_trial_says_what_a_rule_would_have_done_and_writes_nothing(
    city: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    see(city, *(alarm(camera, at, "VMD") for at, camera in enumerate(CAMERAS)), alarm("elsewhere", 9, "VMD"))
    before = city.incident_documents.collection.count_documents({})
    monkeypatch.setattr(trying.context, "now", lambda: NOON + timedelta(hours=1))
    rule = {"name": "x", "group_by": ["grid"], "window_s": 60, "threshold": 4, "distinct_by": "channel"}
    found = trying.tried(city, TryRule.model_validate({"caller": CALLER, "hours": 2, **rule}))
    assert (found.alerts_read, found.alerts_matched, found.groups, found.complete) == (5, 5, 2, True)
    assert [(one.alert_count, one.group) for one in found.incidents] == [(4, {"grid": listed(city)[1].grid})]
    monkeypatch.setattr(trying, "MOST_READ", 2)
    assert not trying.tried(city, TryRule.model_validate({"caller": CALLER, "hours": 2, **rule})).complete
    assert city.incident_documents.collection.count_documents({}) == before


class Asked(CommandListener):
    """How often the store was asked, and how many documents it gave."""

    def __init__(self) -> None:
        self.queries = self.documents = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.queries += event.command_name == "find"

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self.documents += len(event.reply.get("cursor", {}).get("firstBatch", ()))

    def failed(self, event: CommandFailedEvent) -> None:
        """A write that met what stands."""


def test_the_work_for_an_alert_does_not_grow_with_those_that_stand(city: AlertStore, database: Any, store: str) -> None:
    """As many questions and documents after many alerts and incidents as after the first."""
    asked = Asked()
    with MongoClient[Any](store, tz_aware=True, event_listeners=[asked]) as watched:
        busy = AlertStore(watched[database.name])
        placed(busy)

        def measured(start: int) -> tuple[int, int]:
            take(busy, [alarm("cam-1", start, "VMD")])
            before = asked.queries, asked.documents
            joining.correlate(busy)
            return asked.queries - before[0], asked.documents - before[1]

        measured(1000)
        first = measured(1400)
        see(busy, *(alarm(f"y{at}", 1500 + at) for at in range(60)))
        assert measured(3000) == first
        assert first[0] <= 4


def test_what_a_backlog_brings_is_remembered_as_long_as_what_comes_now(city: AlertStore, database: Any) -> None:
    see(city, alarm("cam-1"))
    for window in database["windows"].find():
        assert window["until"] > context.now() + timedelta(days=1)

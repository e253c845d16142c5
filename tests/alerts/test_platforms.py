"""Stories of platforms through the store: Frigate, CloudEvents, Alertmanager. Their shapes are in the samples."""

import json
from datetime import timedelta
from typing import Any

import pytest

from contracts.alerts import AlertState, AlertType
from services.alerts import adapters
from services.alerts.adapters import Unreadable
from services.alerts.store import AlertStore

from .samples.expected import MORNING
from .scene import NOON, fixture, listed, received, take


def test_a_refused_event_is_told_what_it_lacks() -> None:
    with pytest.raises(Unreadable) as refused:
        adapters.read("cloudevents", fixture("cloudevents_no_source.json"), "")
    assert refused.value.code == "event_invalid"
    assert "source" in refused.value.en


def test_a_review_is_one_alert_from_new_to_end(alerts: AlertStore) -> None:
    """In any order of arrival, and with its end sent twice."""
    steps = ["frigate_review_update.json", "frigate_review_end.json", "frigate_review_new.json"]
    for name in (*steps, "frigate_event_update.json", "frigate_review_end.json"):
        take(alerts, [received(fixture(name), source="frigate-1", adapter="frigate", at=MORNING)])
    found = {(alert.type, alert.target): alert for alert in listed(alerts)}
    person = found[AlertType.INTRUSION, "human"]
    assert set(found) == {
        (AlertType.MOTION, "human"),
        (AlertType.INTRUSION, "human"),
        (AlertType.INTRUSION, "vehicle"),
    }
    assert (person.device, person.channel, person.count, person.severity) == ("frigate-1", "east_gate", 1, 2)
    assert person.ended_at == MORNING + timedelta(seconds=30.25)


def test_an_alert_of_prometheus_ends_when_it_is_resolved_and_no_clock_is_blamed(alerts: AlertStore) -> None:
    fires = json.loads(fixture("alertmanager_two.json"))
    fires["alerts"] = fires["alerts"][:1]
    resolved: dict[str, Any] = {**fires, "alerts": [{**fires["alerts"][0], "status": "resolved"}]}
    resolved["alerts"][0]["endsAt"] = (MORNING + timedelta(hours=1)).isoformat()
    for hours, body in ((0, fires), (4, fires), (8, fires), (9, resolved)):
        at = NOON + timedelta(hours=hours)
        assert alerts.alerts.end_quiet(at) == 0, "between two repeats is no silence"
        told = json.dumps({**body, "groupKey": f"{hours} hours"}).encode()
        take(alerts, [received(told, source="prometheus", adapter="alertmanager", at=at)])
    (alert,) = listed(alerts)
    assert alert.count == 3
    assert (alert.type, alert.state, alert.device, alert.time_quality) == (
        AlertType.VIDEO_LOSS,
        AlertState.OPEN,
        "prometheus",
        [],
    )
    assert alert.ended_at == MORNING + timedelta(hours=1)


def test_an_event_that_is_sent_again_is_not_counted_again(alerts: AlertStore) -> None:
    for body in (fixture("cloudevents_alarm.json"), fixture("cloudevents_alarm.json") + b"\n"):
        take(alerts, [received(body, source="box", adapter="cloudevents")])
    (alert,) = listed(alerts)
    assert (alert.count, alert.device, alert.severity) == (1, "23090200001320000001", 1)

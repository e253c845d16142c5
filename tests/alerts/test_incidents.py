"""Alerts become incidents on the real store: once each, through repetition and cuts at every step."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from contracts.alerts import (
    Incident,
    IncidentState,
    ListIncidents,
)
from services.alerts import joining
from services.alerts.store import AlertStore
from services.chassis.messages import Received

from .scene import CALLER, NOON, PLACE, grid_published, listed, motion, received, save_channel, take

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

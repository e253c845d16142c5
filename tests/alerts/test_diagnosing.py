"""Why nothing comes: each cause alone, and the whole from what the store has."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.alerts import ArmState, Device, DeviceState, Diagnosis, GetDiagnosis
from contracts.faults import NotFound
from services.alerts import diagnosing, registering, watching
from services.alerts.diagnosing import Evidence
from services.alerts.store import AlertStore
from services.chassis import context

from .scene import CALLER, NOON, fixture, motion, received, save_channel, save_device, take

FINE = Evidence(
    device=Device(id="cam-1", last_report_at=NOON, last_heartbeat_at=NOON),
    registered=True,
    last_alarm_at=NOON,
    last_unreadable_at=None,
    reports_today=3,
    unreadable={},
    unmapped={},
    silenced=0,
    unbound=(),
)


def device(**fields: Any) -> Evidence:
    return replace(FINE, device=FINE.device.model_copy(update=fields))


CASES = [
    (FINE, {}),
    (device(state=DeviceState.RETIRED), {"retired": False}),
    (device(state=DeviceState.SILENT, state_since=NOON), {"silent": True}),
    (device(state=DeviceState.OFFLINE), {"silent": True}),
    (device(last_report_at=None, last_heartbeat_at=None), {"never_heard": True}),
    (device(arm_state=ArmState.DISARMED), {"disarmed": True}),
    (replace(FINE, last_alarm_at=None), {"not_subscribed": True}),
    (device(clock_skew_s=-480.0), {"clock_wrong": False}),
    (device(clock_skew_s=299.0), {}),
    (replace(FINE, unmapped={"5/11": 2, "9": 1}), {"type_unmapped": False}),
    (replace(FINE, unreadable={"xml_malformed": 7}), {"unreadable": False}),
    (replace(FINE, unbound=["1", "2"]), {"channel_unbound": False}),
    (replace(FINE, silenced=4), {"muted": True}),
    (
        replace(device(last_report_at=None, last_heartbeat_at=None), unreadable={"empty": 1}, last_alarm_at=None),
        {"unreadable": True},
    ),
    (
        replace(device(state=DeviceState.SILENT, clock_skew_s=900.0), silenced=1),
        {"silent": 1, "muted": 1, "clock_wrong": 0},
    ),
]


@pytest.mark.parametrize(("evidence", "causes"), CASES)
def test_each_cause(evidence: Evidence, causes: dict[str, bool]) -> None:
    findings = diagnosing.found(evidence)
    assert {finding.cause: finding.grave for finding in findings} == causes
    assert [finding.cause for finding in findings] == list(causes)
    assert all(finding.zh and finding.en and "{" not in finding.zh + finding.en for finding in findings)


def diagnosis(store: AlertStore, id: str) -> Diagnosis:
    return diagnosing.diagnose(store, GetDiagnosis(caller=CALLER, id=id))


def causes(found: Diagnosis) -> list[str]:
    return [finding.cause for finding in found.findings]


def test_from_nothing_to_a_device_that_works(alerts: AlertStore) -> None:
    now = context.now()
    with pytest.raises(NotFound):
        diagnosis(alerts, "cam-1")
    take(alerts, [received(fixture("hik_broken.xml"), at=now) for _ in range(3)])
    found = diagnosis(alerts, "cam-1")
    assert (found.registered, causes(found), found.unreadable) == (False, ["unreadable"], {"truncated": 3})
    assert (found.findings[0].count, found.reports_today) == (3, 0)
    registering.save(alerts, save_device("cam-2", heartbeat_expected_s=60, arm_state=ArmState.ARMED))
    assert causes(diagnosis(alerts, "cam-2")) == ["never_heard"]
    take(alerts, [received(fixture("hik_heartbeat.xml"), source="cam-2", at=now)])
    found = diagnosis(alerts, "cam-2")
    assert (found.registered, found.heartbeats_expected, found.reports_today) == (True, True, 1)
    assert found.findings[0].cause == "not_subscribed"
    late = motion(at=now - timedelta(minutes=8), type_="somethingNew")
    take(alerts, [received(late, source="cam-2", at=now)])
    found = diagnosis(alerts, "cam-2")
    assert causes(found) == ["clock_wrong", "type_unmapped", "channel_unbound"]
    assert (found.device.clock_skew_s, found.unmapped_types) == (-480.0, {"somethingNew": 1})
    assert (found.unbound_channels, found.last_alert_at, found.reports_today) == (["1"], now, 2)
    registering.bind(alerts, save_channel("cam-2"))
    take(alerts, [received(motion(at=now), source="cam-2", at=now + timedelta(milliseconds=1))])
    assert causes(diagnosis(alerts, "cam-2")) == ["type_unmapped"]
    watching.watch(alerts, now + timedelta(minutes=4))
    found = diagnosis(alerts, "cam-2")
    assert causes(found)[0] == "silent"
    assert found.last_alert_at == now + timedelta(milliseconds=1), "the alert of its silence did not come from it"

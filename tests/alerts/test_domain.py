"""The alert machine, severities, quiet times, and whose report it is."""

from datetime import datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from contracts.alerts import AlertAction, AlertState, AlertType, CanonicalReport, Verdict
from contracts.faults import Invalid, Refused
from services.alerts import domain

from .scene import NOON

LEGAL = {
    (AlertState.OPEN, AlertAction.ACKNOWLEDGE): AlertState.ACKNOWLEDGED,
    (AlertState.ACKNOWLEDGED, AlertAction.JUDGE): AlertState.JUDGED,
    (AlertState.JUDGED, AlertAction.CLOSE): AlertState.CLOSED,
    (AlertState.CLOSED, AlertAction.REOPEN): AlertState.OPEN,
}


@pytest.mark.parametrize(("state", "action"), list(product(AlertState, AlertAction)))
def test_only_the_legal_steps_are_taken(state: AlertState, action: AlertAction) -> None:
    if (state, action) in LEGAL:
        assert domain.step(state, action, NOON, NOON) is LEGAL[state, action]
        return
    with pytest.raises(Refused) as refused:
        domain.step(state, action, NOON, NOON)
    assert refused.value.code == "illegal_step"
    assert refused.value.facts["state"] == state.value
    assert refused.value.facts["allowed_actions"] == [legal.value for at, legal in LEGAL if at is state]


def test_a_closed_alert_is_opened_again_within_ten_minutes_only() -> None:
    on_time, late = NOON + timedelta(minutes=10), NOON + timedelta(minutes=10, milliseconds=1)
    assert domain.step(AlertState.CLOSED, AlertAction.REOPEN, NOON, on_time) is AlertState.OPEN
    with pytest.raises(Refused) as refused:
        domain.step(AlertState.CLOSED, AlertAction.REOPEN, NOON, late)
    assert refused.value.facts["allowed_actions"] == []


@pytest.mark.parametrize("state", AlertState)
def test_the_way_to_closed_is_legal_step_by_step(state: AlertState) -> None:
    reached = state
    for action in domain.steps_to_closed(state):
        reached = domain.step(reached, action, None, NOON)
    assert reached is AlertState.CLOSED


def test_judging_alone_takes_a_verdict() -> None:
    domain.check_verdict(AlertAction.JUDGE, Verdict.FALSE)
    domain.check_verdict(AlertAction.CLOSE, None)
    for action, verdict in ((AlertAction.JUDGE, None), (AlertAction.CLOSE, Verdict.TRUE)):
        with pytest.raises(Invalid) as wrong:
            domain.check_verdict(action, verdict)
        assert wrong.value.errors[0].pointer == "/verdict"


def test_quiet_times_and_severities() -> None:
    quiet = {type_: domain.quiet_time(type_, domain.SHIPPED).total_seconds() for type_ in AlertType}
    assert quiet[AlertType.MOTION] == 60
    assert quiet[AlertType.INTRUSION] == quiet[AlertType.LINE_CROSSING] == 120
    assert quiet[AlertType.VIDEO_LOSS] == quiet[AlertType.VIDEO_TAMPER] == 300
    assert quiet[AlertType.STORAGE_FULL] == 3600
    assert quiet[AlertType.IO_INPUT] == quiet[AlertType.PIR] == quiet[AlertType.UNKNOWN] == 120
    assert domain.severity_of(AlertType.FIRE_SMOKE) == 1
    assert {domain.severity_of(type_) for type_ in AlertType} <= {1, 2, 3, 4}


def test_a_time_without_offset_is_the_devices_and_a_wrong_clock_is_flagged() -> None:
    local = datetime(2026, 3, 14, 12, 0)  # noqa: DTZ001
    report = CanonicalReport(kind="alarm", occurred_local=local)
    assert domain.occurred(report, NOON, "Asia/Shanghai") == (NOON, None)
    # two hours off: what the clock said is known, and decides nothing
    assert domain.occurred(report, NOON, "Asia/Urumqi") == (NOON, local.replace(tzinfo=ZoneInfo("Asia/Urumqi")))
    assert domain.occurred(CanonicalReport(kind="alarm"), NOON, "Asia/Shanghai") == (NOON, None)
    for off, believed in ((299, True), (-300, True), (301, False), (-301, False), (-172_800, False)):
        told = NOON + timedelta(seconds=off)
        report = CanonicalReport(kind="alarm", occurred_at=told)
        assert domain.occurred(report, NOON, "Asia/Shanghai") == ((told, None) if believed else (NOON, told))


def test_one_address_is_one_device_unless_a_code_or_a_registered_serial_says_otherwise() -> None:
    registered = frozenset({"NVR-1"})
    assert domain.device_of("gate", None, registered) == "gate"
    assert domain.device_of("gate", "02:00:5e:10:00:01", registered) == "gate"
    assert domain.device_of("gate", "NVR-1", registered) == "NVR-1"
    assert domain.device_of("platform", "23090200001320000002", registered) == "23090200001320000002"


def test_places_in_china_are_plausible() -> None:
    assert domain.plausible(130.95, 45.77)
    for longitude, latitude in ((0, 0), (45.77, 130.95), (171.3, 34.2)):
        assert not domain.plausible(longitude, latitude)

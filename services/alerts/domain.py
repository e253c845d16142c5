"""告警: what may be done to an alert, how grave it is, when it ends, and what its times and places are worth."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from contracts.alerts import (
    AlertAction,
    AlertSettings,
    AlertState,
    AlertType,
    CanonicalReport,
    Level,
    Verdict,
)
from contracts.faults import Invalid, Refused

REOPEN_WITHIN = timedelta(minutes=10)
SKEW = timedelta(minutes=5)
UPDATES_APART = timedelta(seconds=30)
DEFAULT_TIMEZONE = "Asia/Shanghai"
UNASSIGNED = "unassigned"
MOST_MEDIA = 16

STEPS: Mapping[tuple[AlertState, AlertAction], AlertState] = MappingProxyType(
    {
        (AlertState.OPEN, AlertAction.ACKNOWLEDGE): AlertState.ACKNOWLEDGED,
        (AlertState.ACKNOWLEDGED, AlertAction.JUDGE): AlertState.JUDGED,
        (AlertState.JUDGED, AlertAction.CLOSE): AlertState.CLOSED,
        (AlertState.CLOSED, AlertAction.REOPEN): AlertState.OPEN,
    }
)

# seconds without a report after which an alert has ended; pulses 120
QUIET_S: Mapping[AlertType, int] = MappingProxyType(
    dict.fromkeys(AlertType, 120)
    | {
        AlertType.MOTION: 60,
        AlertType.VIDEO_LOSS: 300,
        AlertType.VIDEO_TAMPER: 300,
        AlertType.SCENE_CHANGE: 300,
        AlertType.DEFOCUS: 300,
        AlertType.DEVICE_TAMPER: 300,
        AlertType.STORAGE_FULL: 3600,
        AlertType.DISK_FAULT: 3600,
    }
)
CLIMB_MINUTES: Mapping[Level, float] = MappingProxyType(
    {Level.WORKER: 5, Level.CHIEF: 10, Level.COMMUNITY: 20, Level.STREET: 40}
)
SHIPPED = AlertSettings(
    quiet_s=dict(QUIET_S),
    flapping_raised=10,
    flapping_window_s=600,
    flood_reports=200,
    climb_minutes=dict(CLIMB_MINUTES),
    offline_after_s=86_400,
)

# 级别 1 (highest) .. 4, where the device itself says none
_USUAL = 3
_SEVERITY: Mapping[AlertType, int] = MappingProxyType(
    {
        AlertType.FIRE_SMOKE: 1,
        AlertType.MANUAL_ALARM: 1,
        AlertType.FALL: 2,
        AlertType.INTRUSION: 2,
        AlertType.CROWD_DENSITY: 2,
        AlertType.E_BIKE_IN_LIFT: 2,
        AlertType.WRONG_WAY: 2,
        AlertType.VIDEO_TAMPER: 2,
        AlertType.DEVICE_TAMPER: 2,
        AlertType.MOTION: 4,
        AlertType.PLATE_RECOGNISED: 4,
    }
)

# the mainland and the sea around it, degrees: wide enough never to drop a real camera
_WEST, _EAST, _SOUTH, _NORTH = 73.0, 136.0, 3.0, 54.0


def severity_of(type_: AlertType) -> int:
    """1 (highest) to 4."""
    return _SEVERITY.get(type_, _USUAL)


def quiet_time(type_: AlertType, settings: AlertSettings) -> timedelta:
    """静默时间: how long nothing must be received for an alert of the type to have ended."""
    return timedelta(seconds=settings.quiet_s[type_])


def plausible(longitude: float, latitude: float) -> bool:
    """Whether a place can be one of ours (0,0 and swapped axes are not)."""
    return _WEST <= longitude <= _EAST and _SOUTH <= latitude <= _NORTH


def occurred(report: CanonicalReport, received_at: datetime, timezone: str) -> tuple[datetime, datetime | None]:
    """When it happened, and what the device's clock said where it is off by more than 5 minutes.

    The device's own time, its zone assumed where it names none; the time of receipt where it names no time or a wrong
    one, which must not decide what came first. What is told belatedly says nothing of the clock.
    """
    if report.occurred_at:
        at = report.occurred_at
    elif report.occurred_local:
        at = report.occurred_local.replace(tzinfo=ZoneInfo(timezone)).astimezone(received_at.tzinfo)
    else:
        return received_at, None
    return (at, None) if report.belated or abs(at - received_at) <= SKEW else (received_at, at)


def device_of(source: str, named: str | None, registered: frozenset[str]) -> str:
    """Whose report it is.

    A 20-digit national code (国标编码) names its device wherever it comes from. Otherwise one address of intake is
    one device, named by its source; several recorders behind one address are told apart once each is registered
    under the serial number or MAC that its reports bear.
    """
    if named and (named in registered or (len(named) == 20 and named.isascii() and named.isdigit())):
        return named
    return source


def allowed_actions(state: AlertState, closed_at: datetime | None, now: datetime) -> list[AlertAction]:
    """What may be done now."""
    late = closed_at is not None and now - closed_at > REOPEN_WITHIN
    return [action for at, action in STEPS if at is state and not (action is AlertAction.REOPEN and late)]


def step(state: AlertState, action: AlertAction, closed_at: datetime | None, now: datetime) -> AlertState:
    """The state after the action. Refused when it is not legal now; the legal ones are in `allowed_actions`."""
    check_legal(state, action, allowed_actions(state, closed_at, now))
    return STEPS[state, action]


def check_legal(state: StrEnum, action: StrEnum, legal: Sequence[StrEnum]) -> None:
    """Of whatever machine: raises Refused (illegal_step) with the legal ones where the action is none of them."""
    if action not in legal:
        raise Refused(
            "illegal_step",
            f"当前状态 {state.value} 不允许操作 {action.value}",
            f"{action.value} is not allowed in state {state.value}",
            allowed_actions=[found.value for found in legal],
            state=state.value,
        )


def check_verdict(action: AlertAction, verdict: Verdict | None) -> None:
    """Judging needs a verdict, nothing else takes one. Raises Invalid."""
    if action is AlertAction.JUDGE and verdict is None:
        raise Invalid.field("/verdict", "verdict_missing", "研判必须给出结论 verdict", "judging needs a verdict")
    if action is not AlertAction.JUDGE and verdict is not None:
        raise Invalid.field(
            "/verdict", "verdict_unexpected", "只有研判才有结论 verdict", "only judging takes a verdict"
        )


def steps_to_closed(state: AlertState) -> list[AlertAction]:
    """The actions that lead from a state to closed, one after the other."""
    order = [AlertAction.ACKNOWLEDGE, AlertAction.JUDGE, AlertAction.CLOSE]
    return order[[AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.JUDGED, AlertState.CLOSED].index(state) :]

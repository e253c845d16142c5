"""设备状态: when a sign of life is overdue, what a device is then, and what may be done to it. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from contracts.alerts import DeviceAction, DeviceState
from services.alerts.domain import check_legal

STEPS: Mapping[tuple[DeviceState, DeviceAction], DeviceState] = MappingProxyType(
    {
        (DeviceState.ONLINE, DeviceAction.RETIRE): DeviceState.RETIRED,
        (DeviceState.SILENT, DeviceAction.RETIRE): DeviceState.RETIRED,
        (DeviceState.OFFLINE, DeviceAction.RETIRE): DeviceState.RETIRED,
        (DeviceState.RETIRED, DeviceAction.RESTORE): DeviceState.ONLINE,
    }
)
MISSING = frozenset({DeviceState.SILENT, DeviceState.OFFLINE})
# s; so long a sign of life may wait in memory until it is written
LONGEST_UNWRITTEN = 30.0
_MISSED = 3


class Life(NamedTuple):
    """A device as far as its state goes: in this state `since` then, and last heard when."""

    state: DeviceState
    since: datetime
    expected_s: int | None
    heard_at: datetime | None


def patience(expected_s: int) -> timedelta:
    """Three heartbeats, and never less than one and what may lie unwritten."""
    return timedelta(seconds=max(_MISSED * expected_s, expected_s + LONGEST_UNWRITTEN))


def judged(life: Life, read_up_to: datetime, offline_after_s: int) -> tuple[DeviceState, datetime | None]:
    """Its state, and when to look at it again; None when nothing will come of looking."""
    if life.state is DeviceState.RETIRED:
        return life.state, None
    back = life.state in MISSING and life.heard_at is not None and life.heard_at > life.since
    if life.expected_s is None:
        return (DeviceState.ONLINE if back else life.state), None
    if life.state is DeviceState.ONLINE or back:
        due = max(life.since, life.heard_at or life.since) + patience(life.expected_s)
        if back or due > read_up_to:
            return DeviceState.ONLINE, due
        return DeviceState.SILENT, read_up_to + timedelta(seconds=offline_after_s)
    if life.state is DeviceState.OFFLINE:
        return life.state, None
    gone = life.since + timedelta(seconds=offline_after_s)
    return (DeviceState.OFFLINE, None) if gone <= read_up_to else (life.state, gone)


def as_platform_says(state: DeviceState, expected_s: int | None, *, online: bool) -> DeviceState:
    """The state after a platform's catalogue. Off counts at once; on only for a device that owes no heartbeats."""
    if not online and state in (DeviceState.ONLINE, DeviceState.SILENT):
        return DeviceState.OFFLINE
    if online and state is DeviceState.OFFLINE and expected_s is None:
        return DeviceState.ONLINE
    return state


def allowed_actions(state: DeviceState) -> list[DeviceAction]:
    """What may be done now."""
    return [action for at, action in STEPS if at is state]


def step(state: DeviceState, action: DeviceAction) -> DeviceState:
    """The state after the action. Refused when it is not legal now; the legal ones are in `allowed_actions`."""
    check_legal(state, action, allowed_actions(state))
    return STEPS[state, action]

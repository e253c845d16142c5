"""The rules of silence: pure."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alerts import DeviceAction, DeviceState
from contracts.faults import Refused
from services.alerts import living
from services.alerts.living import Life, judged, patience

from .scene import NOON

DAY_S = 86_400
MINUTE = timedelta(minutes=1)
SECONDS = st.integers(-200_000, 200_000).map(lambda seconds: NOON + timedelta(seconds=seconds))
LIVES = st.builds(
    Life,
    st.sampled_from(DeviceState),
    SECONDS,
    st.none() | st.integers(5, DAY_S),
    st.none() | SECONDS,
)


def test_three_heartbeats_may_be_missed_and_never_less_than_lies_unwritten() -> None:
    assert patience(60) == timedelta(seconds=180)
    assert patience(5) == timedelta(seconds=35)


def test_online_silent_offline_and_back() -> None:
    online = Life(DeviceState.ONLINE, NOON - 60 * MINUTE, 60, NOON)
    assert judged(online, NOON + 2 * MINUTE, DAY_S) == (DeviceState.ONLINE, NOON + 3 * MINUTE)
    silent_at = NOON + 3 * MINUTE
    state, again = judged(online, silent_at, DAY_S)
    assert (state, again) == (DeviceState.SILENT, silent_at + timedelta(days=1))
    silent = online._replace(state=state, since=silent_at)
    assert judged(silent, silent_at + MINUTE, DAY_S) == (DeviceState.SILENT, again)
    assert judged(silent, silent_at + timedelta(days=1), DAY_S) == (DeviceState.OFFLINE, None)
    heard = silent_at + MINUTE
    assert judged(silent._replace(heard_at=heard), heard, DAY_S) == (DeviceState.ONLINE, heard + 3 * MINUTE)


def test_who_owes_no_heartbeat_falls_silent_never() -> None:
    assert judged(Life(DeviceState.ONLINE, NOON, None, None), NOON + 9999 * MINUTE, 60) == (DeviceState.ONLINE, None)


@given(LIVES, SECONDS, st.integers(60, 604_800))
def test_it_comes_to_rest(life: Life, read_up_to: datetime, offline_after_s: int) -> None:
    """Looked at again at the same time it stays, unless it was heard meanwhile; a retired one always."""
    state, again = judged(life, read_up_to, offline_after_s)
    if life.state is DeviceState.RETIRED:
        assert (state, again) == (DeviceState.RETIRED, None)
        return
    assert state is not DeviceState.RETIRED
    if state is life.state and again is not None:
        assert again > read_up_to
    if state is DeviceState.SILENT and life.state is DeviceState.ONLINE:
        moved = life._replace(state=state, since=max(read_up_to, life.heard_at or life.since))
        assert judged(moved, moved.since, offline_after_s)[0] is DeviceState.SILENT


@given(st.sampled_from(DeviceState), st.sampled_from(DeviceAction))
def test_an_illegal_step_names_the_legal_ones(state: DeviceState, action: DeviceAction) -> None:
    if action in living.allowed_actions(state):
        assert living.step(state, action) is not state
        return
    with pytest.raises(Refused) as refused:
        living.step(state, action)
    assert refused.value.facts["allowed_actions"] == [legal.value for legal in living.allowed_actions(state)]


@pytest.mark.parametrize(
    ("before", "expected_s", "online", "after"),
    [
        (DeviceState.ONLINE, None, False, DeviceState.OFFLINE),
        (DeviceState.SILENT, 60, False, DeviceState.OFFLINE),
        (DeviceState.OFFLINE, None, True, DeviceState.ONLINE),
        (DeviceState.OFFLINE, 60, True, DeviceState.OFFLINE),
        (DeviceState.SILENT, 60, True, DeviceState.SILENT),
        (DeviceState.RETIRED, None, False, DeviceState.RETIRED),
        (DeviceState.RETIRED, None, True, DeviceState.RETIRED),
    ],
)
def test_what_a_platform_says(before: DeviceState, expected_s: int | None, online: bool, after: DeviceState) -> None:
    assert living.as_platform_says(before, expected_s, online=online) is after

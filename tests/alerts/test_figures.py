"""What waits and what the day brought, counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from contracts.alerts import ActOnAlert, AlertAction, AlertState, AlertType, DeviceState, IncidentState, Verdict
from services.alerts import locating, registering
from services.alerts.figures import Raised, Waiting, counted, midnight
from services.alerts.store import AlertStore
from services.alerts.store.figures import Figures
from services.chassis import context
from services.chassis.messages import Received

from .scene import CALLER, GRID, NOON, grid_published, listed, motion, received, save_channel, take


def raised(at: datetime, channel: str = "c", reports: int = 1, **fields: Any) -> Raised:
    told = {"name": None, "suppressed": 0, "muted": False, "verdict": None, "acknowledged_at": None, **fields}
    return Raised(at=at, device="cam", channel=channel, reports=reports, **told)


def test_the_day_is_the_citys() -> None:
    # half past midnight in the city is still yesterday in UTC
    assert midnight(datetime(2026, 3, 13, 16, 30, tzinfo=UTC)) == datetime(2026, 3, 13, 16, 0, tzinfo=UTC)


def test_they_are_counted_by_place_state_kind_and_hour() -> None:
    waiting = [
        Waiting(AlertState.OPEN, AlertType.INTRUSION, 2, "g1", has_case=True),
        Waiting(AlertState.OPEN, AlertType.MOTION, 3, "g1", has_case=False),
        Waiting(AlertState.JUDGED, AlertType.MOTION, 3, None, has_case=True),
    ]
    today = [raised(at) for at in (NOON, NOON + timedelta(minutes=59), NOON + timedelta(hours=2))]
    found = counted(waiting, today, {IncidentState.OPEN: 2}, {DeviceState.SILENT: 1}, NOON + timedelta(hours=3))
    assert (found.open, found.unlocated, found.raised_today) == (3, 1, 3)
    assert (found.open_by_grid, found.in_cases_by_grid) == ({"g1": 2}, {"g1": 1})
    assert found.states == {AlertState.OPEN: 2, AlertState.JUDGED: 1}
    assert (found.severities, found.types[AlertType.MOTION]) == ({2: 1, 3: 2}, 2)
    # four o'clock UTC is noon in the city
    assert {hour: number for hour, number in enumerate(found.hours) if number} == {12: 2, 14: 1}
    assert (found.incidents, found.devices) == ({IncidentState.OPEN: 2}, {DeviceState.SILENT: 1})
    assert (found.answered_after_s, found.muted_today, found.verdicts_today) == (None, 0, {})


def test_the_noisiest_channels_are_told_with_what_was_false_of_them() -> None:
    crowd = [raised(NOON, channel=str(number), reports=number) for number in range(1, 12)]
    loud = [
        raised(NOON, reports=40, name="东门", verdict=Verdict.FALSE),
        raised(NOON, reports=60, name="东门", verdict=Verdict.TEST, muted=True, suppressed=7),
        raised(NOON, reports=1, name="东门", verdict=Verdict.TRUE),
    ]
    found = counted([], [*crowd, *loud], {}, {}, NOON)
    assert len(found.noisiest) == 10
    first = found.noisiest[0]
    assert (first.channel, first.name, first.alerts, first.reports, first.falsely) == ("c", "东门", 3, 101, 2)
    assert [one.channel for one in found.noisiest[1:]] == [str(number) for number in range(11, 2, -1)]
    assert (found.muted_today, found.suppressed_today) == (1, 7)
    assert found.verdicts_today == dict.fromkeys((Verdict.FALSE, Verdict.TEST, Verdict.TRUE), 1)


def test_how_long_alerts_waited_is_told_by_the_one_in_the_middle() -> None:
    today = [raised(NOON, acknowledged_at=NOON + timedelta(seconds=waited)) for waited in (600, 30, 90)]
    assert counted([], [*today, raised(NOON)], {}, {}, NOON).answered_after_s == 90


def test_the_store_counts_what_is_not_closed(
    alerts: AlertStore, database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts.grids.absorb([Received(grid_published(), "m1", GRID, 1)])
    locating.follow(alerts)
    registering.bind(alerts, save_channel())
    yesterday = NOON - timedelta(days=1)
    take(
        alerts,
        [
            received(motion(type_="fielddetection")),
            received(motion(), source="cam-2"),
            received(motion(at=yesterday), source="cam-3", at=yesterday),
        ],
    )
    monkeypatch.setattr(context, "now", lambda: NOON + timedelta(hours=1))
    figures = Figures(database)
    found = figures.count()
    assert (found.open, found.unlocated, found.raised_today) == (3, 2, 2)
    assert found.open_by_grid == {GRID: 1}
    [intrusion] = [alert for alert in listed(alerts) if alert.grid]
    alerts.desk.note_case(intrusion.id, "C1")
    assert figures.count().in_cases_by_grid == {GRID: 1}
    assert found.answered_after_s is None
    for action, minutes in ((AlertAction.ACKNOWLEDGE, 61), (AlertAction.JUDGE, 62)):
        monkeypatch.setattr(context, "now", lambda minutes=minutes: NOON + timedelta(minutes=minutes))
        verdict = Verdict.FALSE if action is AlertAction.JUDGE else None
        alerts.desk.act(ActOnAlert(caller=CALLER, id=intrusion.id, action=action, verdict=verdict))
    found = figures.count()
    assert (found.answered_after_s, found.verdicts_today) == (61 * 60, {Verdict.FALSE: 1})
    assert {(one.device, one.falsely) for one in found.noisiest} == {("cam-1", 1), ("cam-2", 0)}
    alerts.desk.close_by_case(intrusion.id, "C1")
    found = figures.count()
    assert (found.open, found.open_by_grid, found.raised_today) == (2, {}, 2)


def test_an_alert_says_what_may_be_done_to_it(alerts: AlertStore) -> None:
    take(alerts, [received(motion())])
    [alert] = listed(alerts)
    assert alert.allowed_actions == [AlertAction.ACKNOWLEDGE]
    for action, verdict, legal in (
        (AlertAction.ACKNOWLEDGE, None, [AlertAction.JUDGE]),
        (AlertAction.JUDGE, Verdict.FALSE, [AlertAction.CLOSE]),
        (AlertAction.CLOSE, None, [AlertAction.REOPEN]),
    ):
        done = alerts.desk.act(ActOnAlert(caller=CALLER, id=alert.id, action=action, verdict=verdict))
        assert done.allowed_actions == legal

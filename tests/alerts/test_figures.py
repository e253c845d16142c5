"""What waits and what the day brought, counted."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.alerts import ActOnAlert, AlertAction, AlertState, AlertType, Verdict
from services.alerts import locating, registering
from services.alerts.figures import Waiting, counted, midnight
from services.alerts.store import AlertStore
from services.alerts.store.figures import Figures
from services.chassis import context
from services.chassis.messages import Received

from .scene import CALLER, GRID, NOON, grid_published, listed, motion, received, save_channel, take


def test_the_day_is_the_citys() -> None:
    # half past midnight in the city is still yesterday in UTC
    assert midnight(datetime(2026, 3, 13, 16, 30, tzinfo=UTC)) == datetime(2026, 3, 13, 16, 0, tzinfo=UTC)


def test_they_are_counted_by_place_state_kind_and_hour() -> None:
    waiting = [
        Waiting(AlertState.OPEN, AlertType.INTRUSION, 2, "g1", has_case=True),
        Waiting(AlertState.OPEN, AlertType.MOTION, 3, "g1", has_case=False),
        Waiting(AlertState.JUDGED, AlertType.MOTION, 3, None, has_case=True),
    ]
    found = counted(waiting, [NOON, NOON + timedelta(minutes=59), NOON + timedelta(hours=2)], NOON + timedelta(hours=3))
    assert (found.open, found.unlocated, found.raised_today) == (3, 1, 3)
    assert (found.open_by_grid, found.in_cases_by_grid) == ({"g1": 2}, {"g1": 1})
    assert found.states == {AlertState.OPEN: 2, AlertState.JUDGED: 1}
    assert (found.severities, found.types[AlertType.MOTION]) == ({2: 1, 3: 2}, 2)
    # four o'clock UTC is noon in the city
    assert {hour: number for hour, number in enumerate(found.hours) if number} == {12: 2, 14: 1}


def test_the_store_counts_what_is_not_closed(alerts: AlertStore, monkeypatch: pytest.MonkeyPatch) -> None:
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
    figures = Figures(alerts.alert_documents)
    found = figures.count()
    assert (found.open, found.unlocated, found.raised_today) == (3, 2, 2)
    assert found.open_by_grid == {GRID: 1}
    [intrusion] = [alert for alert in listed(alerts) if alert.grid]
    alerts.desk.note_case(intrusion.id, "C1")
    assert figures.count().in_cases_by_grid == {GRID: 1}
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

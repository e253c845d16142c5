"""Order, flapping, floods and transport repeats on the real store: what is counted, and as what."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.alerts import Alert, ReportReceived, SaveAlertSettings
from services.alerts import intake
from services.alerts.store import AlertStore
from services.chassis.messages import Received

from .scene import CALLER, NOON, POSTS, burst, counts, events, fixture, listed, motion, received, take

Batch = list[Received[ReportReceived]]


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def post(second: float, *, active: bool = True, at: float | None = None, **fields: Any) -> Received[ReportReceived]:
    """A start or a stop of that second; received then, unless `at` says when."""
    body = motion(at=after(second), active=active, post=next(POSTS))
    return received(body, at=after(second if at is None else at), **fields)


def only(store: AlertStore, **fields: Any) -> Alert:
    (found,) = listed(store, **fields)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 40), min_size=1, max_size=7), st.integers(0, 5), st.integers(1, 8), st.randoms())
def test_any_order_and_any_cutting_come_to_the_same(
    alerts: AlertStore, starts: list[int], gap: int, most: int, chance: Any
) -> None:
    """Starts, repeats and the stop of one alarm, received within its quiet time."""
    source, stop = uuid4().hex, max(starts) + gap
    posts = [(second, True) for second in starts] + [(stop, False)]
    chance.shuffle(posts)
    left = [post(second, active=active, at=50 + place, source=source) for place, (second, active) in enumerate(posts)]
    while left:
        size = chance.randint(1, most)
        take(alerts, left[:size])
        left = left[size:]
    found = only(alerts, device=source)
    assert (found.first_at, found.last_at) == (after(min(starts)), after(max(starts)))
    assert (found.count, found.ended_at) == (len(starts), after(stop))


def test_a_stop_that_came_long_before_ends_nothing(alerts: AlertStore) -> None:
    take(alerts, [post(30, active=False)])
    take(alerts, [post(0, at=91)])
    assert only(alerts).ended_at is None


def test_a_clock_two_days_wrong_decides_nothing(alerts: AlertStore) -> None:
    days = 2 * 86_400
    take(alerts, [post(0), post(-days, at=5), post(days, at=10)])
    take(alerts, [post(days, active=False, at=8), post(-days, active=False, at=9)])
    found = only(alerts)
    assert (found.first_at, found.last_at, found.ended_at) == (NOON, after(10), None)
    assert "clock_skew" in found.time_quality
    take(alerts, [post(-days, active=False, at=20)])
    assert only(alerts).ended_at == after(20)
    take(alerts, [post(-days, at=100, source="wrong")])
    wrong = only(alerts, device="wrong")
    assert (wrong.first_at, wrong.told_at) == (after(100), after(-days))


def blink(store: AlertStore, second: int) -> None:
    """On and off."""
    take(store, [post(second)])
    take(store, [post(second + 1, active=False)])


def test_what_is_raised_too_often_is_held_as_one_until_it_is_quiet(alerts: AlertStore) -> None:
    for number in range(15):
        blink(alerts, number * 10)
    blink(alerts, 2000)
    *before, held = sorted(listed(alerts), key=lambda alert: alert.first_at)
    assert [alert.flapping for alert in (*before, held)] == [False] * 10 + [True]
    assert (held.count, held.first_at, held.last_at) == (6, after(100), after(2000))


def test_a_flapping_alert_ends_after_its_own_quiet_time(alerts: AlertStore) -> None:
    for number in range(12):
        blink(alerts, number * 10)
    assert alerts.alerts.end_quiet(after(110 + 599)) == 0
    assert alerts.alerts.end_quiet(after(110 + 600)) == 1
    assert events(alerts).count("alerts.raised.v1") == 11
    blink(alerts, 1200)
    assert max(listed(alerts), key=lambda alert: alert.first_at).flapping is False


def test_flapping_is_a_setting(alerts: AlertStore) -> None:
    alerts.settings.save(SaveAlertSettings(caller=CALLER, flapping_raised=2, flapping_window_s=100))
    for second in (0, 10, 200, 210, 220):
        blink(alerts, second)
    found = sorted(listed(alerts), key=lambda alert: alert.first_at)
    assert [alert.flapping for alert in found] == [False, False, False, False, True]


def flood(posts: int, source: str = "loud") -> Batch:
    return burst(posts, source=source)


def bodies(store: AlertStore) -> list[int]:
    """How many bytes are kept of each report."""
    return [len(found["body"]) for found in store.reports.raw.collection.find()]


def test_of_a_flood_the_latest_is_kept_and_all_is_counted(alerts: AlertStore) -> None:
    batch = [*flood(199), post(300, active=False, source="loud"), *flood(2), *burst(3, source="calm")]
    take(alerts, batch)
    loud, calm = only(alerts, device="loud"), only(alerts, device="calm")
    assert (loud.count, loud.suppressed_count, loud.ended_at) == (201, 200, after(300))
    assert (calm.count, calm.suppressed_count) == (3, 0)
    assert sum(size > 0 for size in bodies(alerts)) == 1 + 1 + 3
    first = alerts.reports.get(batch[0].data.report)
    kept = batch[198].data.report
    assert (first.state, first.alerts, first.size > 0) == ("parsed", [loud.id], True)
    assert first.reason
    assert first.reason.startswith("suppressed: ")
    assert first.reason.endswith(f"kept as report {kept}")
    assert alerts.reports.get(kept).reason is None


def test_a_flood_is_what_one_source_says_in_one_batch(alerts: AlertStore) -> None:
    take(alerts, [*flood(200), *flood(200, "other")])
    take(alerts, flood(100))
    assert [alert.suppressed_count for alert in listed(alerts)] == [0, 0]


@pytest.mark.parametrize("again", ["whole", "in parts", "backwards"])
def test_a_flood_that_is_cut_short_and_delivered_again_counts_exactly(
    database: Any, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    store, batch = AlertStore(database), flood(250)

    def cut(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(store.reports, "finish", cut)
        with pytest.raises(ConnectionError):
            take(store, batch)
    fresh = AlertStore(database)
    intake.finish_left_behind(fresh)
    parts: dict[str, list[Sequence[Received[ReportReceived]]]] = {
        "whole": [batch],
        "in parts": [batch[:20], batch[20:]],
        "backwards": [batch[::-1]],
    }
    for part in parts[again]:
        take(fresh, part)
    assert counts(fresh) == [250]
    assert only(fresh).suppressed_count == 249


def test_the_same_bytes_within_ten_minutes_are_a_transport_repeat(alerts: AlertStore) -> None:
    body = motion(post=7)
    posts = [received(body, at=after(second)) for second in (0, 5, 6)]
    take(alerts, posts[:2])
    take(alerts, posts[2:])
    found = only(alerts)
    assert (found.count, found.last_at) == (1, NOON)
    for repeat in posts[1:]:
        report = alerts.reports.get(repeat.data.report)
        assert (report.state, report.reason and report.reason.startswith("body_repeated")) == ("ignored", True)
    # another camera's are its own
    take(alerts, [received(body, source="cam-2")])
    assert counts(alerts) == [1, 1]


def test_after_ten_minutes_the_same_bytes_are_news(alerts: AlertStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.chassis import context

    body = motion(post=8)
    for minutes, count in ((0, 1), (9, 1), (11, 2), (12, 2)):
        present = after(60 * minutes)
        monkeypatch.setattr(context, "now", lambda at=present: at)
        take(alerts, [received(body)])
        assert only(alerts).count == count


def test_what_names_no_time_may_honestly_come_twice(alerts: AlertStore) -> None:
    nameless, stuck = motion(at=None), motion(at=NOON - timedelta(days=2), post=9)
    take(alerts, [received(nameless), received(nameless), received(stuck, source="stuck")])
    take(alerts, [received(nameless), received(stuck, source="stuck")])
    assert counts(alerts) == [2, 3]
    beats = [received(fixture("hik_heartbeat.xml")) for _ in range(3)]
    take(alerts, beats)
    assert {alerts.reports.get(beat.data.report).state for beat in beats} == {"heartbeat"}

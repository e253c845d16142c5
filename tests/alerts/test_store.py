"""The store on the real thing: exact counts through repetition and cuts at every step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.alerts import (
    AlertState,
    AlertType,
    ListDevices,
    ReportReceived,
)
from contracts.faults import NotFound
from services.alerts import intake
from services.alerts.store import AlertStore
from services.chassis import context
from services.chassis.messages import Received

from .scene import (
    CALLER,
    NOON,
    Cut,
    burst,
    counts,
    cut,
    events,
    fixture,
    listed,
    motion,
    received,
    take,
)

Batch = list[Received[ReportReceived]]


def test_fifty_posts_of_one_alarm_are_one_alert_with_count_fifty(alerts: AlertStore) -> None:
    body = fixture("hik_region_exiting.xml")  # no time, no counter: every post is the same bytes
    posts = [received(body, at=NOON + timedelta(seconds=at)) for at in range(50)]
    for part in (posts[:1], posts[1:20], posts[20:]):
        take(alerts, part)
    (alert,) = listed(alerts)
    assert (alert.count, alert.type, alert.rule) == (50, AlertType.REGION_EXITING, "row-B")
    assert (alert.first_at, alert.last_at) == (NOON, NOON + timedelta(seconds=49))
    assert events(alerts) == ["alerts.raised.v1"]
    report = alerts.reports.get(posts[30].data.report)
    assert (report.state, report.alerts) == ("parsed", [alert.id])
    assert alerts.desk.get(alert.id).timeline[0].trace_id == posts[0].trace_id


def test_a_redelivered_batch_changes_nothing(alerts: AlertStore) -> None:
    batch = [
        *burst(5),
        *burst(3, source="cam-2"),
        received(fixture("hik_broken.xml")),
        received(fixture("hik_heartbeat.xml")),
    ]
    take(alerts, batch)
    before = list(alerts.alert_documents.collection.find())
    for again in (batch, batch[3:], batch[:1], batch[::-1]):
        take(alerts, again)
    assert list(alerts.alert_documents.collection.find()) == before
    assert counts(alerts) == [3, 5]


def test_the_same_report_twice_in_one_batch_counts_once(alerts: AlertStore) -> None:
    take(alerts, [received(motion(), report="one"), received(motion(), report="one")])
    assert counts(alerts) == [1]


CUTS: dict[str, tuple[Callable[[AlertStore], Any], str, bool]] = {
    "devices not listed": (lambda store: store.devices, "enlist", False),
    "reports not stored": (lambda store: store.reports.raw, "insert_many", False),
    "reports stored, not answered": (lambda store: store.reports.raw, "insert_many", True),
    "rejections not told": (lambda store: store.reports.rejections, "insert_many", False),
    "channels not listed": (lambda store: store.channel_documents, "insert_many", False),
    "alerts not raised": (lambda store: store.alert_documents, "insert_many", False),
    "alerts raised": (lambda store: store.alert_documents, "insert_many", True),
    "alerts not moved": (lambda store: store.alert_documents, "update_many", False),
    "alerts moved": (lambda store: store.alert_documents, "update_many", True),
    "fold not noted": (lambda store: store.reports, "finish", False),
    "fold noted": (lambda store: store.reports, "finish", True),
}


@pytest.mark.parametrize("point", CUTS)
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("again", ["whole", "in parts", "with others"])
def test_cut_short_anywhere_the_counts_come_out_exact(
    database: Any, monkeypatch: pytest.MonkeyPatch, point: str, restarted: bool, again: str
) -> None:
    one, two, three = (f"{uuid4().hex[:8]}-{place}" for place in range(3))
    shared = AlertStore(database)
    standing = burst(2, source=one)
    take(shared, standing)
    batch = [
        *burst(6, source=one),
        *burst(4, source=two),
        received(motion("7"), source=two),
        *burst(1, source=three),
    ]
    of, method, after = CUTS[point]
    with monkeypatch.context() as patched:
        cut(patched, of(shared), method, after=after)
        with pytest.raises(Cut):
            take(shared, batch)
    if restarted:
        # a fresh process knows nothing of what the other had in memory
        shared = AlertStore(database)
        intake.finish_left_behind(shared)
        shared.backlog.looked_behind = False
    later = burst(3, source=two)
    deliveries: dict[str, list[Batch]] = {
        "whole": [batch, later],
        "in parts": [batch[4:9], batch[:4], batch[9:], later],
        "with others": [later[:1] + batch[8:], batch[:8] + later[1:]],
    }
    for delivery in deliveries[again]:
        take(shared, delivery)
    intake.finish_left_behind(shared)
    documents = list(shared.alert_documents.collection.find({"device": {"$in": [one, two, three]}}))
    assert sorted(found["count"] for found in documents) == [1, 1, 7, 8]
    raised = [entry["type"] for found in documents for entry in found["outbox"] if entry["type"] == "alerts.raised.v1"]
    assert len(raised) == 4
    reports = [report.data.report for report in (*standing, *batch, *later)]
    assert {shared.reports.get(report).state for report in reports[::5]} == {"parsed"}
    assert set(shared.devices.known([one, two, three])) == {one, two, three}


def test_what_was_acknowledged_and_not_folded_is_folded_after_a_restart(alerts: AlertStore, database: Any) -> None:
    """Killed between the acknowledgement and the alerts: nothing is delivered again."""
    for part in (burst(5), burst(3, source="cam-2"), [received(fixture("hik_heartbeat.xml"))]):
        intake.take(alerts, part)
    assert listed(alerts) == []
    fresh = AlertStore(database)
    intake.finish_left_behind(fresh)
    assert counts(fresh) == [3, 5]
    # the dead were not dead after all
    intake.fold_waiting(alerts)
    assert counts(fresh) == [3, 5]
    assert list(fresh.reports.left_open(NOON + timedelta(days=10_000), ())) == []


def test_a_fold_that_two_finish_at_once_counts_once(alerts: AlertStore, database: Any) -> None:
    """The other takes the first fold of a group; what the group says beyond it is not lost."""
    take(alerts, burst(1))
    intake.take(alerts, burst(5))
    other = AlertStore(database)
    (left,) = other.reports.left_open(NOON + timedelta(days=10_000), ())
    intake.take(alerts, burst(2))
    intake.take(alerts, burst(4, source="cam-2"))
    intake._fold(other, left.fold, left.sightings, {})
    intake.fold_waiting(alerts)
    assert counts(alerts) == [4, 8]


def test_a_fold_whose_reports_are_not_all_stored_stays_open(
    alerts: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = burst(4)
    with monkeypatch.context() as patched:
        cut(patched, alerts.reports.raw, "insert_many", after=False)
        with pytest.raises(Cut):
            intake.take(alerts, batch)
    intake.finish_left_behind(alerts)
    always = NOON + timedelta(days=10_000)
    assert [left.complete for left in alerts.reports.left_open(always, ())] == [False]
    take(alerts, batch)
    assert [left.complete for left in alerts.reports.left_open(always, ())] == [True]
    alerts.backlog.looked_behind = False
    intake.finish_left_behind(alerts)
    assert list(alerts.reports.left_open(always, ())) == []
    assert counts(alerts) == [4]


def test_silence_is_not_known_while_reports_wait(alerts: AlertStore) -> None:
    take(alerts, burst(1))
    intake.take(alerts, burst(2))
    assert intake.silent_before(alerts, NOON + timedelta(hours=1)) == NOON
    intake.fold_waiting(alerts)
    assert intake.silent_before(alerts, NOON + timedelta(hours=1)) > NOON


def test_reports_are_deleted_when_their_keeping_is_over(alerts: AlertStore) -> None:
    batch = [*burst(3), received(fixture("hik_broken.xml"))]
    take(alerts, batch)
    assert alerts.reports.expire(context.now() + timedelta(days=29)) == 0
    assert alerts.reports.expire(context.now() + timedelta(days=31)) == 1
    for report in batch:
        with pytest.raises(NotFound):
            alerts.reports.get(report.data.report)
    assert counts(alerts) == [3]


def test_an_alert_that_ended_in_between_is_not_raised_again(
    alerts: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the alerts were written, down for longer than the quiet time, then delivered again."""
    batch = burst(5)
    for first in (batch[:2], batch[2:]):
        with monkeypatch.context() as patched:
            cut(patched, alerts.reports, "finish", after=False)
            with pytest.raises(Cut):
                take(alerts, first)
        alerts.backlog.begun = []
    assert alerts.alerts.end_quiet(NOON + timedelta(minutes=5)) == 1
    intake.finish_left_behind(alerts)
    take(alerts, batch)
    assert counts(alerts) == [5]


def test_quiet_time_and_stops_end_an_alert_and_the_next_report_raises_another(alerts: AlertStore) -> None:
    take(alerts, burst(3))
    assert alerts.alerts.end_quiet(NOON + timedelta(seconds=61)) == 0
    assert alerts.alerts.end_quiet(NOON + timedelta(seconds=62)) == 1
    assert alerts.alerts.end_quiet(NOON + timedelta(seconds=90)) == 0
    (ended,) = listed(alerts)
    assert (ended.state, ended.ended_at) == (AlertState.OPEN, NOON + timedelta(seconds=2))
    again = NOON + timedelta(seconds=100)
    take(alerts, [received(motion(at=again), at=again)])
    take(alerts, [received(motion(at=again - timedelta(seconds=9), active=False), at=again)])
    assert [alert.ended_at for alert in listed(alerts)].count(None) == 1
    stop = again + timedelta(seconds=9)
    take(alerts, [received(motion(at=stop, active=False), at=stop)])
    assert all(alert.ended_at for alert in listed(alerts))
    assert sorted(events(alerts)).count("alerts.ended.v1") == 2
    assert sum("stop_ignored" in alert.time_quality for alert in listed(alerts)) == 1
    take(alerts, [received(motion(at=stop + timedelta(seconds=1), active=False), at=stop)])
    assert counts(alerts) == [1, 3]


def test_a_start_and_its_stop_in_one_batch_are_one_ended_alert(alerts: AlertStore) -> None:
    take(alerts, [received(motion(at=NOON)), received(motion(at=NOON + timedelta(seconds=3), active=False))])
    (alert,) = listed(alerts)
    assert (alert.count, alert.ended_at) == (1, NOON + timedelta(seconds=3))
    assert sorted(events(alerts)) == ["alerts.ended.v1", "alerts.raised.v1"]


def test_a_heartbeat_raises_nothing_and_shows_on_the_device(alerts: AlertStore) -> None:
    beats = [received(fixture("hik_heartbeat.xml"), at=NOON + timedelta(seconds=10 * at)) for at in range(6)]
    take(alerts, beats)
    assert listed(alerts) == []
    (device,) = alerts.devices.page(ListDevices(caller=CALLER)).items
    assert (device.id, device.vendor) == ("cam-1", "hikvision")
    assert device.last_heartbeat_at == NOON + timedelta(seconds=50)
    assert alerts.reports.get(beats[0].data.report).state == "heartbeat"


def test_unreadable_and_ignored_reports_say_why(alerts: AlertStore) -> None:
    broken, other, position = (
        received(fixture("hik_broken.xml")),
        received(fixture("hik_device.xml")),
        received(fixture("gb_position.xml"), adapter="gb28181"),
    )
    batch = [broken, other, position]
    (rejected,) = take(alerts, batch)
    found = alerts.reports.get(broken.data.report)
    assert found.state == "rejected"
    assert found.reason
    assert found.reason.startswith("truncated")
    outbox = alerts.reports.rejections.get(broken.data.report)["outbox"]  # type: ignore[index]
    assert [entry["type"] for entry in outbox] == ["alerts.report_rejected.v1"]
    (letter,) = intake.letters([rejected], batch)
    assert (letter.reason, letter.body) == ("unreadable: truncated", broken.data.body)
    assert letter.queue == "alerts.alerts.report_received.v1"
    for report in (other, position):
        assert alerts.reports.get(report.data.report).state == "ignored"
    assert listed(alerts) == []
    with pytest.raises(NotFound):
        alerts.reports.get("never-sent")


def test_a_rejected_report_that_is_redriven_to_a_better_adapter_counts(
    alerts: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.alerts import adapters

    report = received(fixture("hik_line.xml"), adapter="newvendor")
    take(alerts, [report])
    assert alerts.reports.get(report.data.report).state == "rejected"
    monkeypatch.setitem(adapters.ADAPTERS, "newvendor", adapters.ADAPTERS["hikvision"])
    for _ in range(2):
        take(alerts, [report])
    assert counts(alerts) == [1]
    assert alerts.reports.get(report.data.report).state == "parsed"


def test_a_message_that_names_itself_is_counted_once_whatever_its_report_id(alerts: AlertStore) -> None:
    first, second, third = (received(fixture("hik_plate.xml")) for _ in range(3))
    take(alerts, [first, second])
    take(alerts, [third, first])
    assert counts(alerts) == [1]
    repeat = alerts.reports.get(second.data.report)
    assert (repeat.state, repeat.reason and first.data.report in repeat.reason) == ("ignored", True)
    take(alerts, [received(fixture("hik_plate.xml"), source="cam-2")])
    assert counts(alerts) == [1, 1]


def test_folding_comes_to_an_end_while_reports_go_on_coming(
    alerts: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever folds what came meanwhile as well never rests in a storm, and writes each alert again and again."""
    finish, written = alerts.reports.finish, 0

    def then_more_comes(folds: Any) -> None:
        nonlocal written
        written += 1
        finish(folds)
        if written < 3:
            intake.take(alerts, burst(1))

    monkeypatch.setattr(alerts.reports, "finish", then_more_comes)
    intake.take(alerts, burst(1))
    intake.fold_waiting(alerts)
    assert (written, counts(alerts), len(alerts.backlog.waiting)) == (1, [1], 1)

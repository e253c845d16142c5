"""The store on the real thing: exact counts through repetition and cuts at every step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from contracts.alerts import (
    AlertState,
    AlertType,
    ListDevices,
    ReportReceived,
)
from contracts.faults import NotFound
from services.alerts import intake
from services.alerts.store import AlertStore
from services.chassis.messages import Received

from .scene import (
    CALLER,
    NOON,
    burst,
    counts,
    events,
    fixture,
    listed,
    motion,
    received,
)

Batch = list[Received[ReportReceived]]


class Cut(Exception):
    """Where the work was cut short."""


def test_fifty_posts_of_one_alarm_are_one_alert_with_count_fifty(alerts: AlertStore) -> None:
    body = fixture("hik_region_exiting.xml")  # no time, no counter: every post is the same bytes
    posts = [received(body, at=NOON + timedelta(seconds=at)) for at in range(50)]
    for part in (posts[:1], posts[1:20], posts[20:]):
        intake.take(alerts, part)
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
    intake.take(alerts, batch)
    before = list(alerts.alert_documents.collection.find())
    for again in (batch, batch[3:], batch[:1], batch[::-1]):
        intake.take(alerts, again)
    assert list(alerts.alert_documents.collection.find()) == before
    assert counts(alerts) == [3, 5]


def test_the_same_report_twice_in_one_batch_counts_once(alerts: AlertStore) -> None:
    intake.take(alerts, [received(motion(), report="one"), received(motion(), report="one")])
    assert counts(alerts) == [1]


def cut(monkeypatch: pytest.MonkeyPatch, target: Any, method: str, *, after: bool) -> None:
    """Let a step fail, before or after it has been done."""
    sound = getattr(target, method)

    def broken(*args: Any, **kwargs: Any) -> None:
        if after:
            sound(*args, **kwargs)
        raise Cut

    monkeypatch.setattr(target, method, broken)


CUTS: dict[str, tuple[Callable[[AlertStore], Any], str, bool]] = {
    "reports not stored": (lambda store: store.raw_documents, "insert_many", False),
    "reports stored, not answered": (lambda store: store.raw_documents, "insert_many", True),
    "channels not listed": (lambda store: store.channel_documents, "insert_many", False),
    "alerts not raised": (lambda store: store.alert_documents, "insert_many", False),
    "alerts raised, not moved": (lambda store: store.alert_documents, "update_many", False),
    "alerts moved": (lambda store: store.alert_documents, "update_many", True),
    "fold not noted": (lambda store: store.reports, "finish", False),
    "fold noted": (lambda store: store.reports, "finish", True),
    "signs not noted": (lambda store: store.devices, "seen", False),
}


@pytest.fixture(scope="module")
def shared(mongo: MongoClient[dict[str, Any]]) -> AlertStore:
    """One store for the many cuts; each has devices of its own."""
    return AlertStore(mongo[f"t{uuid4().hex}"])


@pytest.mark.parametrize("point", CUTS)
@pytest.mark.parametrize("again", ["whole", "in parts", "with others"])
def test_cut_short_anywhere_the_counts_come_out_exact(
    shared: AlertStore, monkeypatch: pytest.MonkeyPatch, point: str, again: str
) -> None:
    one, two, three = (f"{uuid4().hex[:8]}-{place}" for place in range(3))
    standing = burst(2, source=one)
    intake.take(shared, standing)
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
            intake.take(shared, batch)
    later = burst(3, source=two)
    deliveries: dict[str, list[Batch]] = {
        "whole": [batch, later],
        "in parts": [batch[4:9], batch[:4], batch[9:], later],
        "with others": [later[:1] + batch[8:], batch[:8] + later[1:]],
    }
    for delivery in deliveries[again]:
        intake.take(shared, delivery)
    documents = list(shared.alert_documents.collection.find({"device": {"$in": [one, two, three]}}))
    assert sorted(found["count"] for found in documents) == [1, 1, 7, 8]
    raised = [entry["type"] for found in documents for entry in found["outbox"] if entry["type"] == "alerts.raised.v1"]
    assert len(raised) == 4
    reports = [report.data.report for report in (*standing, *batch, *later)]
    assert {shared.reports.get(report).state for report in reports[::5]} == {"parsed"}
    assert set(shared.devices.known([one, two, three])) == {one, two, three}


def test_an_alert_that_ended_in_between_is_not_raised_again(
    alerts: AlertStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the alerts were written, down for longer than the quiet time, then delivered again."""
    batch = burst(5)
    for first in (batch[:2], batch[2:]):
        with monkeypatch.context() as patched:
            cut(patched, alerts.reports, "finish", after=False)
            with pytest.raises(Cut):
                intake.take(alerts, first)
    assert alerts.alerts.end_quiet(NOON + timedelta(minutes=5)) == 1
    intake.take(alerts, batch)
    assert counts(alerts) == [5]


def test_quiet_time_and_stops_end_an_alert_and_the_next_report_raises_another(alerts: AlertStore) -> None:
    intake.take(alerts, burst(3))
    assert alerts.alerts.end_quiet(NOON + timedelta(seconds=61)) == 0
    assert alerts.alerts.end_quiet(NOON + timedelta(seconds=62)) == 1
    assert alerts.alerts.end_quiet(NOON + timedelta(seconds=90)) == 0
    (ended,) = listed(alerts)
    assert (ended.state, ended.ended_at) == (AlertState.OPEN, NOON + timedelta(seconds=2))
    intake.take(alerts, burst(1))
    old = received(motion(at=NOON - timedelta(seconds=9), active=False))
    intake.take(alerts, [old])
    assert [alert.ended_at for alert in listed(alerts)].count(None) == 1
    stop = received(motion(at=NOON + timedelta(seconds=9), active=False))
    intake.take(alerts, [stop])
    assert all(alert.ended_at for alert in listed(alerts))
    assert sorted(events(alerts)).count("alerts.ended.v1") == 2
    assert sum("stop_ignored" in alert.time_quality for alert in listed(alerts)) == 1
    intake.take(alerts, [received(motion(at=NOON + timedelta(seconds=10), active=False))])
    assert counts(alerts) == [1, 3]


def test_a_start_and_its_stop_in_one_batch_are_one_ended_alert(alerts: AlertStore) -> None:
    intake.take(alerts, [received(motion(at=NOON)), received(motion(at=NOON + timedelta(seconds=3), active=False))])
    (alert,) = listed(alerts)
    assert (alert.count, alert.ended_at) == (1, NOON + timedelta(seconds=3))
    assert sorted(events(alerts)) == ["alerts.ended.v1", "alerts.raised.v1"]


def test_a_heartbeat_raises_nothing_and_shows_on_the_device(alerts: AlertStore) -> None:
    beats = [received(fixture("hik_heartbeat.xml"), at=NOON + timedelta(seconds=10 * at)) for at in range(6)]
    intake.take(alerts, beats)
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
    (rejected,) = intake.take(alerts, batch)
    found = alerts.reports.get(broken.data.report)
    assert found.state == "rejected"
    assert found.reason
    assert found.reason.startswith("xml_malformed")
    outbox = alerts.raw_documents.get(broken.data.report)["outbox"]  # type: ignore[index]
    assert [entry["type"] for entry in outbox] == ["alerts.report_rejected.v1"]
    (letter,) = intake.letters([rejected], batch)
    assert (letter.reason, letter.body) == ("unreadable: xml_malformed", broken.data.body)
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
    intake.take(alerts, [report])
    assert alerts.reports.get(report.data.report).state == "rejected"
    monkeypatch.setitem(adapters.ADAPTERS, "newvendor", adapters.ADAPTERS["hikvision"])
    for _ in range(2):
        intake.take(alerts, [report])
    assert counts(alerts) == [1]
    assert alerts.reports.get(report.data.report).state == "parsed"


def test_a_message_that_names_itself_is_counted_once_whatever_its_report_id(alerts: AlertStore) -> None:
    first, second, third = (received(fixture("hik_plate.xml")) for _ in range(3))
    intake.take(alerts, [first, second])
    intake.take(alerts, [third, first])
    assert counts(alerts) == [1]
    repeat = alerts.reports.get(second.data.report)
    assert (repeat.state, repeat.reason and first.data.report in repeat.reason) == ("ignored", True)
    intake.take(alerts, [received(fixture("hik_plate.xml"), source="cam-2")])
    assert counts(alerts) == [1, 1]

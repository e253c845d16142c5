"""The store on the real thing: exact counts through repetition and cuts at every step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from contracts.alerts import (
    ActOnAlert,
    Alert,
    AlertAction,
    AlertState,
    AlertType,
    ListAlerts,
    ListChannels,
    ListDevices,
    ReportReceived,
    Verdict,
)
from contracts.faults import Conflict, NotFound, Refused
from contracts.shared import Point, Row
from services.alerts import intake, locating, registering
from services.alerts.store import AlertStore
from services.chassis.messages import Received

from .scene import (
    CALLER,
    GRID,
    NOON,
    PATH,
    PLACE,
    burst,
    fixture,
    grid_published,
    motion,
    received,
    save_channel,
    save_device,
)

Batch = list[Received[ReportReceived]]


class Cut(Exception):
    """Where the work was cut short."""


@pytest.fixture
def alerts(database: Database[dict[str, Any]]) -> AlertStore:
    return AlertStore(database)


def listed(store: AlertStore, **fields: Any) -> list[Alert]:
    return store.desk.page(ListAlerts(caller=CALLER, **fields)).items


def counts(store: AlertStore) -> list[int]:
    return sorted(alert.count for alert in listed(store))


def events(store: AlertStore) -> list[str]:
    """What waits in the outboxes of the alerts (no relay runs here)."""
    return [entry["type"] for found in store.alert_documents.collection.find() for entry in found["outbox"]]


def act(store: AlertStore, id: str, action: AlertAction, verdict: Verdict | None = None) -> Alert:
    return store.desk.act(ActOnAlert(caller=CALLER, id=id, action=action, verdict=verdict))


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


def test_an_unbound_channel_waits_and_is_located_when_it_is_bound(alerts: AlertStore) -> None:
    intake.take(alerts, burst(2))
    intake.take(alerts, [received(motion("4"))])
    first = next(alert for alert in listed(alerts) if alert.channel == "1")
    assert (first.grid, first.place_quality) == (None, ["channel_unbound"])
    unbound = alerts.channels.page(ListChannels(caller=CALLER, unbound=True)).items
    assert [(channel.device, channel.channel) for channel in unbound] == [("cam-1", "1"), ("cam-1", "4")]
    locating.follow(alerts)
    assert registering.bind(alerts, save_channel()).grid is None
    locating.follow(alerts)
    waiting = alerts.desk.get(first.id)
    assert (waiting.point, waiting.grid, waiting.place_quality) == (PLACE, None, ["grid_unknown"])
    alerts.grids.absorb([Received(grid_published(), "m1", GRID, 1)])
    locating.follow(alerts)
    located = alerts.desk.get(first.id)
    assert (located.grid, located.path, located.place_quality, located.channel_name) == (GRID, PATH, [], "东门")
    assert (
        [alert.id for alert in listed(alerts, grid=GRID)]
        == [alert.id for alert in listed(alerts, grid=PATH[2])]
        == [first.id]
    )
    assert len(alerts.channels.page(ListChannels(caller=CALLER, unbound=True)).items) == 1
    intake.take(alerts, burst(1, source="cam-9"))
    registering.bind(alerts, save_channel("cam-9"))
    intake.take(alerts, [received(motion(type_="PIR"), source="cam-9")])
    pir = next(alert for alert in listed(alerts) if alert.type is AlertType.PIR)
    assert (pir.grid, pir.point) == (GRID, PLACE)


def test_a_start_finds_the_alerts_that_wait_for_bound_channels(
    alerts: AlertStore, database: Database[dict[str, Any]]
) -> None:
    alerts.grids.absorb([Received(grid_published(), "m1", GRID, 1)])
    intake.take(alerts, burst(1))
    alerts.moved = set()
    alerts.channels.save(save_channel(), alerts.grids.city.spot(PLACE))
    fresh = AlertStore(database)
    locating.follow(fresh)
    assert listed(fresh)[0].grid == GRID


def test_a_reported_place_counts_where_it_lies_in_the_city(alerts: AlertStore) -> None:
    alerts.grids.absorb([Received(grid_published(), "m1", GRID, 1)])
    locating.follow(alerts)
    inside = fixture("gb_alarm_intrusion.xml")
    outside = (
        inside.replace(b"130.95", b"116.40")
        .replace(b"AlarmPriority>1", b"AlarmPriority>2")
        .replace(b"000002<", b"000009<")
    )
    intake.take(alerts, [received(inside, adapter="gb28181"), received(outside, adapter="gb28181")])
    here, there = sorted(listed(alerts), key=lambda alert: alert.severity)
    assert (here.grid, here.severity, here.place_quality) == (GRID, 1, ["datum_assumed"])
    assert (there.grid, there.severity) == (None, 2)
    assert there.place_quality == ["datum_assumed", "place_outside_city", "channel_unbound"]
    assert here.device == here.channel == "23090200001320000002"


def test_the_whole_machine_with_its_timeline(alerts: AlertStore) -> None:
    intake.take(alerts, burst(1))
    id = listed(alerts)[0].id
    with pytest.raises(Refused) as refused:
        act(alerts, id, AlertAction.CLOSE)
    assert refused.value.facts["allowed_actions"] == ["acknowledge"]
    assert act(alerts, id, AlertAction.ACKNOWLEDGE).assignee == "值班员"
    assert act(alerts, id, AlertAction.JUDGE, Verdict.FALSE).verdict is Verdict.FALSE
    closed = act(alerts, id, AlertAction.CLOSE)
    assert closed.ended_at is not None
    intake.take(alerts, burst(2))
    assert counts(alerts) == [1, 2]
    reopened = act(alerts, id, AlertAction.REOPEN)
    assert (reopened.state, reopened.verdict, reopened.assignee) == (AlertState.OPEN, None, None)
    assert [(step.action, step.from_state, step.to_state) for step in reopened.timeline] == [
        ("raise", None, "open"),
        ("acknowledge", "open", "acknowledged"),
        ("judge", "acknowledged", "judged"),
        ("close", "judged", "closed"),
        ("reopen", "closed", "open"),
    ]
    with pytest.raises(Conflict):
        alerts.desk.act(ActOnAlert(caller=CALLER, id=id, action=AlertAction.ACKNOWLEDGE, expected_version=1))


@pytest.mark.parametrize("taken", [0, 1, 2, 3])
def test_a_closed_case_closes_its_alert_in_one_write(alerts: AlertStore, taken: int) -> None:
    intake.take(alerts, burst(1))
    id = listed(alerts)[0].id
    alerts.desk.note_case(id, "AJ-1")
    alerts.desk.note_case(id, "AJ-2")
    steps = [(AlertAction.ACKNOWLEDGE, None), (AlertAction.JUDGE, Verdict.TRUE), (AlertAction.CLOSE, None)]
    for action, verdict in steps[:taken]:
        act(alerts, id, action, verdict)
    before = alerts.desk.get(id)
    alerts.desk.close_by_case(id, "AJ-1")
    after = alerts.desk.get(id)
    assert (after.state, after.verdict, after.case_no) == (AlertState.CLOSED, Verdict.TRUE, "AJ-1")
    assert after.version == before.version + (taken < 3)
    added = after.timeline[len(before.timeline) :]
    assert [step.action for step in added] == [action.value for action, _ in steps[taken:]]
    assert {step.actor for step in added} <= {"cases"}
    assert events(alerts).count("alerts.closed.v1") == 1


def test_alerts_are_listed_newest_first_across_gaps_of_years(alerts: AlertStore) -> None:
    days = (0, 0, 1, 40, 2000)
    for place, day in enumerate(days):
        intake.take(alerts, [received(motion(str(place + 1)), source="cam-1", at=NOON - timedelta(days=day))])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = alerts.desk.page(
            ListAlerts(caller=CALLER, limit=2, device="cam-1", state=AlertState.OPEN, cursor=cursor)
        )
        seen += [alert.id for alert in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 5
    assert listed(alerts, type=AlertType.PIR) == []


def test_a_registered_serial_tells_recorders_behind_one_address_apart(alerts: AlertStore) -> None:
    recorder = fixture("hik_recorder_psia.xml")
    alerts.devices.save(save_device("NVR-8CH/0000001", timezone="Asia/Urumqi", owner="桃山区"))
    intake.take(alerts, [received(recorder, source="street"), received(fixture("hik_pir_psia.xml"), source="street")])
    assert {alert.device for alert in listed(alerts)} == {"NVR-8CH/0000001", "street"}
    registering.bind(alerts, save_channel("NVR-8CH/0000001", "3"))
    (bound,) = alerts.channels.page(ListChannels(caller=CALLER, device="NVR-8CH/0000001")).items
    assert bound.point == PLACE


def test_a_list_is_imported_and_again_changes_nothing(alerts: AlertStore) -> None:
    rows = [
        Row(line=2, values={"device": "nvr-1", "name": "东区", "channel": "1", "longitude": 130.95, "latitude": 45.77}),
        Row(line=3, values={"device": "nvr-1", "channel": "2", "longitude": 130.96, "latitude": 45.77}),
        Row(line=4, values={"device": "cam-7", "owner": "城管"}),
        Row(line=5, values={"device": "cam-8", "channel": "1", "longitude": 0, "latitude": 0}),
    ]
    for dry_run in (True, False):
        report = registering.import_rows(alerts, rows, dry_run=dry_run)
        assert (report.read, report.created, report.changed, report.unchanged) == (4, 3, 0, 0)
        assert [fault.line for fault in report.rejected] == [5]
    assert registering.import_rows(alerts, rows, dry_run=False).unchanged == 3
    rows[1] = Row(line=3, values={**rows[1].values, "longitude": 130.97})
    report = registering.import_rows(alerts, rows, dry_run=False)
    assert (report.changed, report.unchanged) == (1, 2)
    channels = alerts.channels.page(ListChannels(caller=CALLER)).items
    assert [channel.point for channel in channels] == [PLACE, Point(longitude=130.97, latitude=45.77)]
    assert [device.id for device in alerts.devices.page(ListDevices(caller=CALLER)).items] == ["cam-7", "nvr-1"]


def test_heartbeats_do_not_make_edits_stale(alerts: AlertStore) -> None:
    saved = alerts.devices.save(save_device("cam-1", name="东门"))
    intake.take(alerts, [received(fixture("hik_heartbeat.xml"))])
    again = alerts.devices.save(save_device("cam-1", name="北门", expected_version=saved.version))
    assert (again.name, again.version, again.last_heartbeat_at) == ("北门", 2, NOON)

"""Places, the alert desk, the register: what people see and do, on the real store."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
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
    Verdict,
)
from contracts.faults import Conflict, Refused
from contracts.shared import Point, Row
from services.alerts import locating, registering
from services.alerts.store import AlertStore
from services.chassis.messages import Received

from .scene import (
    CALLER,
    GRID,
    NOON,
    PATH,
    PLACE,
    burst,
    counts,
    events,
    fixture,
    grid_published,
    listed,
    motion,
    received,
    save_channel,
    save_device,
    take,
)


def act(store: AlertStore, id: str, action: AlertAction, verdict: Verdict | None = None) -> Alert:
    return store.desk.act(ActOnAlert(caller=CALLER, id=id, action=action, verdict=verdict))


def test_an_unbound_channel_waits_and_is_located_when_it_is_bound(alerts: AlertStore) -> None:
    take(alerts, burst(2))
    take(alerts, [received(motion("4"))])
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
    take(alerts, burst(1, source="cam-9"))
    registering.bind(alerts, save_channel("cam-9"))
    take(alerts, [received(motion(type_="PIR"), source="cam-9")])
    pir = next(alert for alert in listed(alerts) if alert.type is AlertType.PIR)
    assert (pir.grid, pir.point) == (GRID, PLACE)


def test_a_channel_placed_by_an_old_ground_follows_the_new_one(alerts: AlertStore) -> None:
    """The place was looked up before the ground changed and written after all channels had followed it."""
    before = alerts.grids.terrain
    alerts.grids.absorb([Received(grid_published(), "m1", GRID, 1)])
    locating.follow(alerts)
    alerts.grids.terrain, current = before, alerts.grids.terrain
    registering.bind(alerts, save_channel())
    alerts.grids.terrain = current
    locating.follow(alerts)
    [channel] = alerts.channels.page(ListChannels(caller=CALLER)).items
    assert (channel.grid, channel.path) == (GRID, PATH)


def test_a_start_finds_the_alerts_that_wait_for_bound_channels(
    alerts: AlertStore, database: Database[dict[str, Any]]
) -> None:
    alerts.grids.absorb([Received(grid_published(), "m1", GRID, 1)])
    take(alerts, burst(1))
    alerts.moved = set()
    alerts.channels.save(save_channel(), alerts.grids.terrain.spot(PLACE))
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
    take(alerts, [received(inside, adapter="gb28181"), received(outside, adapter="gb28181")])
    here, there = sorted(listed(alerts), key=lambda alert: alert.severity)
    assert (here.grid, here.severity, here.place_quality) == (GRID, 1, ["datum_assumed"])
    assert (there.grid, there.severity) == (None, 2)
    assert there.place_quality == ["datum_assumed", "place_outside_city", "channel_unbound"]
    assert here.device == here.channel == "23090200001320000002"


def test_the_whole_machine_with_its_timeline(alerts: AlertStore) -> None:
    take(alerts, burst(1))
    id = listed(alerts)[0].id
    with pytest.raises(Refused) as refused:
        act(alerts, id, AlertAction.CLOSE)
    assert refused.value.facts["allowed_actions"] == ["acknowledge"]
    assert act(alerts, id, AlertAction.ACKNOWLEDGE).assignee == "值班员"
    assert act(alerts, id, AlertAction.JUDGE, Verdict.FALSE).verdict is Verdict.FALSE
    closed = act(alerts, id, AlertAction.CLOSE)
    assert closed.ended_at is not None
    take(alerts, burst(2))
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
    take(alerts, burst(1))
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
        take(alerts, [received(motion(str(place + 1)), source="cam-1", at=NOON - timedelta(days=day))])
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
    take(alerts, [received(recorder, source="street"), received(fixture("hik_pir_psia.xml"), source="street")])
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
    take(alerts, [received(fixture("hik_heartbeat.xml"))])
    again = alerts.devices.save(save_device("cam-1", name="北门", expected_version=saved.version))
    assert (again.name, again.version, again.last_heartbeat_at) == ("北门", 2, NOON)


def test_conditions_together_leave_what_meets_each_of_them(alerts: AlertStore) -> None:
    alerts.grids.absorb([Received(grid_published(), "m1", GRID, 1)])
    locating.follow(alerts)
    registering.bind(alerts, save_channel())
    kinds = ("VMD", "PIR", "fielddetection")
    # an hour and more lies between them, so that they are found in different stretches
    at = [NOON - timedelta(hours=number**2) for number in range(9)]
    take(
        alerts,
        [
            received(motion(at=when, type_=kinds[number % 3]), source=f"cam-{1 + number % 2}", at=when)
            for number, when in enumerate(at)
        ],
    )
    for number, alert in enumerate(listed(alerts)):
        if number % 2:
            act(alerts, alert.id, AlertAction.ACKNOWLEDGE)
    everything = listed(alerts)
    choices: dict[str, tuple[Any, ...]] = {
        "device": (None, "cam-1"),
        "grid": (None, GRID, PATH[2]),
        "state": (None, *AlertState),
        "type": (None, AlertType.PIR, AlertType.INTRUSION),
    }
    for chosen in product(*choices.values()):
        told = {name: value for name, value in zip(choices, chosen, strict=True) if value is not None}
        wanted = [
            one.id
            for one in everything
            if all(
                value in (one.grid, *one.path) if name == "grid" else value == getattr(one, name)
                for name, value in told.items()
            )
        ]
        found, cursor = list[str](), None
        while True:
            page = alerts.desk.page(ListAlerts(caller=CALLER, limit=2, cursor=cursor, **told))
            found += [one.id for one in page.items]
            cursor = page.next
            if not cursor:
                break
        assert found == wanted, told

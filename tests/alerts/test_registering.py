"""Lists of devices: good rows count, wrong ones are named."""

from datetime import timedelta
from typing import Any

from contracts.alerts import ArmState, Channel, ListChannels
from contracts.shared import Row
from services.alerts import registering
from services.alerts.store import AlertStore
from services.chassis import context

from .scene import CALLER, NOON, motion, received, save_channel, take

ROWS: list[tuple[dict[str, Any], str | None]] = [
    ({"device": "nvr-1", "name": "东区录像机", "gb_code": "23090200001110000005"}, None),
    ({"device": "nvr-1", "channel": "1", "channel_name": "东门", "longitude": "130.95", "latitude": 45.77}, None),
    ({"device": "nvr-1", "channel": 2, "longitude": 130.96, "latitude": 45.77, "datum": "CGCS2000"}, None),
    ({"device": "nvr-1", "channel": "2", "longitude": 130.96, "latitude": 45.77}, "channel_repeated"),
    ({"device": "nvr-1", "name": "西区录像机"}, "device_differs"),
    ({"name": "无编号"}, "device_missing"),
    ({"device": "$where"}, "device_missing"),
    ({"device": "a", "gb_code": "123"}, "gb_code_invalid"),
    ({"device": "a", "timezone": "Mars/Olympus"}, "timezone_unknown"),
    ({"device": "a", "owner": ["x"]}, "text_invalid"),
    ({"device": "nvr-2", "heartbeat_expected_s": 60.0, "arm_state": "armed"}, None),
    ({"device": "nvr-2", "channel": "1", "longitude": 130.95, "latitude": 45.77, "scene": "school_gate"}, None),
    ({"device": "a", "heartbeat_expected_s": "4"}, "heartbeat_invalid"),
    ({"device": "a", "heartbeat_expected_s": "1e3"}, "heartbeat_invalid"),
    ({"device": "a", "arm_state": "on"}, "arm_state_unknown"),
    ({"device": "a", "channel": "1", "scene": "x" * 51}, "text_invalid"),
    ({"device": "a", "channel": "1"}, "place_missing"),
    ({"device": "a", "channel": "1", "longitude": 45.77, "latitude": 130.95}, "place_implausible"),
    ({"device": "a", "channel": "1", "longitude": "nan", "latitude": "nan"}, "place_implausible"),
    ({"device": "a", "channel": "1", "longitude": 130.9, "latitude": 45.7, "datum": "gcj02"}, "datum_unsupported"),
]


def test_rows_are_sorted_into_good_and_wrong() -> None:
    checked = registering.check([Row(line=line, values=values) for line, (values, _) in enumerate(ROWS, 2)])
    wrong = {fault.line: fault.code for fault in checked.rejected}
    assert wrong == {line: code for line, (_, code) in enumerate(ROWS, 2) if code}
    assert checked.devices == {
        "nvr-1": {"name": "东区录像机", "gb_code": "23090200001110000005"},
        "nvr-2": {"heartbeat_expected_s": 60, "arm_state": "armed"},
    }
    assert set(checked.channels) == {("nvr-1", "1"), ("nvr-1", "2"), ("nvr-2", "1")}
    assert checked.channels["nvr-2", "1"].scene == "school_gate"
    assert all(" / " in fault.message for fault in checked.rejected)


def test_a_list_twice_changes_nothing_and_what_it_leaves_out_stays(alerts: AlertStore) -> None:
    place = {"longitude": 130.95, "latitude": 45.77}
    rows = [
        Row(line=2, values={"device": "a", "heartbeat_expected_s": 60, "arm_state": "disarmed"}),
        Row(line=3, values={"device": "a", "channel": "1", "channel_name": "东门", "scene": "river", **place}),
    ]
    first = registering.import_rows(alerts, rows, dry_run=False)
    again = registering.import_rows(alerts, rows, dry_run=False)
    assert (first.created, again.unchanged) == (2, 2)
    bare = [Row(line=2, values={"device": "a", "channel": "1", **place})]
    assert registering.import_rows(alerts, bare, dry_run=False).unchanged == 1
    device, (channel,) = alerts.devices.get("a"), queue(alerts, unbound=False)
    assert (device.heartbeat_expected_s, device.arm_state) == (60, ArmState.DISARMED)
    assert (channel.name, channel.scene) == ("东门", "river")
    assert alerts.signs.due(context.now()) == ["a"], "looked at soon: nobody knows yet when it was heard"


def queue(store: AlertStore, *, unbound: bool = True) -> list[Channel]:
    return store.channels.page(ListChannels(caller=CALLER, unbound=unbound)).items


def test_the_queue_says_how_many_wait_and_since_when(alerts: AlertStore) -> None:
    hour = NOON + timedelta(hours=1)
    take(alerts, [received(motion("7"), at=NOON), received(motion("8"), at=NOON)])
    take(alerts, [received(motion("7", at=hour, type_="linedetection"), at=hour)])
    assert [(one.channel, one.alerts_waiting, one.last_reported_at) for one in queue(alerts)] == [
        ("7", 2, hour),
        ("8", 1, NOON),
    ]
    bound = registering.bind(alerts, save_channel(channel="7"))
    assert (bound.alerts_waiting, bound.last_reported_at) == (0, None)
    assert [one.channel for one in queue(alerts)] == ["8"]

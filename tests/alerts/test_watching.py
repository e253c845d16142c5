"""Silence on the real store: told once, whoever looks how often; over when the device is heard again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from contracts.alerts import ActOnDevice, Alert, AlertType, DeviceAction, DeviceState, ListDevices
from contracts.faults import NotFound, Refused
from services.alerts import intake, registering, watching
from services.alerts.store import AlertStore
from services.chassis import context

from .scene import CALLER, fixture, listed, motion, received, save_channel, save_device, take

BEAT = fixture("hik_heartbeat.xml")
MISSED = timedelta(seconds=181)


@pytest.fixture
def begun(alerts: AlertStore) -> Iterator[datetime]:
    """Now; a device that gives a sign each minute was last heard three minutes ago."""
    now = context.now()
    registering.save(alerts, save_device("cam-1", name="东门", heartbeat_expected_s=60))
    alerts.device_documents.collection.update_many({}, {"$set": {"state_since": now - 2 * MISSED}})
    take(alerts, [received(BEAT, at=now - MISSED)])
    yield now


def told(store: AlertStore) -> list[str]:
    return [entry["type"] for found in store.device_documents.collection.find() for entry in found["outbox"]]


def state(store: AlertStore, id: str = "cam-1") -> DeviceState:
    return store.devices.get(id).state


def silences(store: AlertStore) -> list[Alert]:
    return listed(store, type=AlertType.DEVICE_SILENT)


def test_silent_once_and_back_once(alerts: AlertStore, begun: datetime, database: Database[dict[str, Any]]) -> None:
    registering.bind(alerts, save_channel())
    other = AlertStore(database)
    for store in (alerts, other, alerts):
        watching.watch(store, begun)
    assert state(alerts) is DeviceState.SILENT
    assert told(alerts) == ["alerts.device_silent.v1"]
    (alert,) = silences(alerts)
    assert (alert.device, alert.channel, alert.rule, alert.ended_at) == ("cam-1", "device", "heartbeat", None)
    assert alert.channel_name == "东门"
    alerts.alerts.end_quiet(begun + timedelta(days=2))
    assert silences(alerts)[0].ended_at is None, "no quiet time ends it"
    back = context.now() + timedelta(seconds=1)
    for _ in range(2):
        take(alerts, [received(BEAT, at=back)])
        watching.watch(other, back)
    assert state(alerts) is DeviceState.ONLINE
    assert told(alerts) == ["alerts.device_silent.v1", "alerts.device_recovered.v1"]
    (alert,) = silences(alerts)
    assert alert.ended_at == back
    assert alerts.device_documents.collection.count_documents({"owes": True}) == 0
    # and silent another time: another alert
    watching.watch(alerts, back + MISSED)
    assert told(alerts).count("alerts.device_silent.v1") == 2
    assert [found.ended_at is None for found in silences(alerts)] == [True, False]


def test_what_died_after_the_state_is_told_by_the_next_round(
    alerts: AlertStore, begun: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr(watching, "_tell", lambda _: None)
        watching.watch(alerts, begun)
        assert state(alerts) is DeviceState.SILENT
        take(alerts, [received(BEAT, at=context.now() + timedelta(seconds=1))])
        assert state(alerts) is DeviceState.ONLINE
    assert silences(alerts) == []
    watching.watch(alerts, begun)
    (alert,) = silences(alerts)
    assert alert.ended_at is not None


def test_a_fold_that_is_told_twice_is_one_alert(
    alerts: AlertStore, begun: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as cut:
        cut.setattr(type(alerts.devices), "settled", lambda *_: None)
        watching.watch(alerts, begun)
        watching.watch(alerts, begun)
    watching.watch(alerts, begun)
    (alert,) = silences(alerts)
    assert alert.count == 1


def test_a_backlog_is_not_silence_and_nor_is_what_lies_unwritten(alerts: AlertStore, begun: datetime) -> None:
    watching.watch(alerts, begun - timedelta(seconds=30))
    assert state(alerts) is DeviceState.ONLINE
    intake.take(alerts, [received(BEAT, at=begun)])
    watching.watch(alerts, begun)
    assert state(alerts) is DeviceState.ONLINE
    watching.write_signs(alerts, begun)
    watching.watch(alerts, begun + timedelta(seconds=60))
    assert state(alerts) is DeviceState.ONLINE


def test_offline_after_its_time_and_never_when_retired(alerts: AlertStore, begun: datetime) -> None:
    watching.watch(alerts, begun)
    for days in (0.5, 1.5):
        watching.watch(alerts, context.now() + timedelta(days=days))
    assert state(alerts) is DeviceState.OFFLINE
    assert told(alerts) == ["alerts.device_silent.v1"]
    retired = registering.act(alerts, ActOnDevice(caller=CALLER, id="cam-1", action=DeviceAction.RETIRE, note="已拆除"))
    assert (retired.state, retired.state_note) == (DeviceState.RETIRED, "已拆除")
    assert retired.allowed_actions == [DeviceAction.RESTORE]
    watching.watch(alerts, context.now() + timedelta(days=9))
    assert silences(alerts)[0].ended_at is not None
    take(alerts, [received(motion(), at=context.now() + timedelta(seconds=1))])
    assert state(alerts) is DeviceState.RETIRED
    with pytest.raises(Refused):
        registering.act(alerts, ActOnDevice(caller=CALLER, id="cam-1", action=DeviceAction.RETIRE))
    with pytest.raises(NotFound):
        registering.act(alerts, ActOnDevice(caller=CALLER, id="nobody", action=DeviceAction.RETIRE))
    registering.act(alerts, ActOnDevice(caller=CALLER, id="cam-1", action=DeviceAction.RESTORE))
    watching.watch(alerts, context.now())
    assert state(alerts) is DeviceState.ONLINE
    watching.watch(alerts, context.now() + timedelta(days=1))
    assert state(alerts) is DeviceState.SILENT


def test_one_that_was_never_heard_falls_silent_too(alerts: AlertStore) -> None:
    registering.save(alerts, save_device("mute", heartbeat_expected_s=60))
    watching.watch(alerts, context.now())
    assert state(alerts, "mute") is DeviceState.ONLINE
    watching.watch(alerts, context.now() + MISSED)
    assert state(alerts, "mute") is DeviceState.SILENT
    assert silences(alerts)[0].device == "mute"


def test_nobody_is_looked_at_who_is_fine(alerts: AlertStore, begun: datetime) -> None:
    take(alerts, [received(BEAT, source=f"cam-{number}", at=begun) for number in range(2, 40)])
    assert alerts.signs.due(begun) == ["cam-1"]


def test_lists_by_state_and_by_part_of_id_or_name(alerts: AlertStore, begun: datetime) -> None:
    for id, name in (("44:19:B6:01", "桃南社区西门"), ("nvr-2", "Depot East"), ("nvr-3", None)):
        registering.save(alerts, save_device(id, name=name))
    watching.watch(alerts, begun)

    def ids(**asked: Any) -> list[str]:
        return [found.id for found in alerts.devices.page(ListDevices(caller=CALLER, **asked)).items]

    assert ids(state="silent") == ["cam-1"]
    assert ids(state="online") == ["44:19:B6:01", "nvr-2", "nvr-3"]
    assert (ids(text="社区西"), ids(text="19:b6"), ids(text="EAST"), ids(text="门")) == (
        ["44:19:B6:01"],
        ["44:19:B6:01"],
        ["nvr-2"],
        ["44:19:B6:01", "cam-1"],
    )
    assert ids(text="nvr", state="silent") == []
    first = alerts.devices.page(ListDevices(caller=CALLER, text="nvr", limit=1))
    assert [found.id for found in first.items] == ["nvr-2"]
    assert ids(text="nvr", limit=1, cursor=first.next) == ["nvr-3"]
    registering.save(alerts, save_device("nvr-3", name="河堤"))
    assert ids(text="河堤") == ["nvr-3"]


def test_a_device_that_was_written_before_there_were_states_is_online(alerts: AlertStore, begun: datetime) -> None:
    new = {"state": "", "state_since": "", "arm_state": "", "heartbeat_expected_s": "", "pairs": "", "parent": ""}
    alerts.device_documents.collection.update_many({}, {"$unset": new})
    take(alerts, [received(motion(), at=begun)])
    watching.watch(alerts, begun)
    assert state(alerts) is DeviceState.ONLINE
    registering.act(alerts, ActOnDevice(caller=CALLER, id="cam-1", action=DeviceAction.RETIRE))
    assert state(alerts) is DeviceState.RETIRED

"""A national catalogue: what becomes of each item, in every charset, twice, and up to the alarm that it places."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alerts import DeviceState, ImportCatalog, ListChannels, ListDevices
from contracts.faults import Invalid
from contracts.shared import ImportReport
from services.alerts import cataloguing
from services.alerts.store import AlertStore
from services.chassis.messages import Received

from .scene import CALLER, GRID, NOON, PLACE, fixture, grid_published, listed, received, take
from .test_watching import state

RECORDER, CAMERA, LOST, INPUT = (
    f"2309020000{kind}0000{serial}" for kind, serial in (("118", "001"), ("132", "002"), ("131", "003"), ("134", "004"))
)
PLATFORM = "23090200002000000001"


def item(code: str, *, place: tuple[object, object] = ("", ""), status: str = "ON", **more: str) -> str:
    """One item as platforms write it, with what must not be kept."""
    told = {"Name": "东门球机", "Manufacturer": "Acme", "Model": "M-CANARY", "Owner": "城管局", "ParentID": RECORDER}
    secret = {"Address": "某小区3单元", "Password": "hunter2-secret", "IPAddress": "10.9.8.7"}
    fields = {"DeviceID": code, **told, **secret, "Longitude": place[0], "Latitude": place[1], "Status": status, **more}
    return f"<Item>{''.join(f'<{name}>{value}</{name}>' for name, value in fields.items())}</Item>"


ITEMS = [
    "<Item><DeviceID>230902</DeviceID><Name>桃山区</Name></Item>",
    item("23090200002150000001", Name="业务分组"),
    item("23090200002160000001", Name="虚拟组织"),
    item(RECORDER, Name="东区录像机", ParentID=PLATFORM),
    item(CAMERA, place=(PLACE.longitude, PLACE.latitude), ParentID=f"{PLATFORM}/{RECORDER}"),
    item(LOST, Name="西门枪机", status="OFF", place=(0, 0)),
    item(INPUT, Name="烟感", status="Online", place=(45.77, 130.95)),
    item("CAM-7", Name="非国标"),
    item(CAMERA, Name="又一次"),
]


def body(items: list[str], charset: str = "GB2312", root: str = "Response") -> bytes:
    listed = "".join(items)
    text = (
        f'<?xml version="1.0" encoding="{charset}"?>\r\n<{root}><CmdType>Catalog</CmdType><SN>1</SN>'
        f"<DeviceID>{PLATFORM}</DeviceID><SumNum>{len(items)}</SumNum>"
        f'<DeviceList Num="{len(items)}">{listed}</DeviceList></{root}>'
    )
    return text.encode(charset)


def order(content: bytes, **fields: Any) -> ImportCatalog:
    return ImportCatalog(caller=CALLER, platform="city-28181", body=content, **fields)


def counts(report: ImportReport) -> tuple[int, ...]:
    return (report.read, report.created, report.changed, report.unchanged, len(report.rejected), len(report.repaired))


@pytest.mark.parametrize("charset", ["GB2312", "GB18030", "UTF-8"])
def test_items_become_devices_and_channels(charset: str) -> None:
    found = cataloguing.read("city-28181", body(ITEMS, charset), "Application/MANSCDP+xml")
    assert set(found.devices) == {RECORDER, CAMERA, LOST, INPUT}
    assert found.devices[CAMERA] == {
        "gb_code": CAMERA,
        "platform": "city-28181",
        "name": "东门球机",
        "vendor": "Acme",
        "owner": "城管局",
        "parent": RECORDER,
    }
    assert found.devices[RECORDER]["parent"] == PLATFORM
    assert found.online == {RECORDER: True, CAMERA: True, LOST: False, INPUT: True}
    assert {code: wanted.point for (code, _), wanted in found.channels.items()} == {
        CAMERA: PLACE,
        LOST: None,
        INPUT: None,
    }
    assert [(fault.line, fault.code) for fault in found.rejected] == [(8, "code_invalid"), (9, "code_repeated")]
    assert [(fault.line, fault.key, fault.code) for fault in found.repaired] == [(7, INPUT, "place_implausible")]


def test_an_alarm_lands_where_the_catalogue_put_its_camera(alerts: AlertStore) -> None:
    alerts.grids.absorb([Received(grid_published(), "g1")])
    alerts.grids.rebuild()
    dry = cataloguing.take(alerts, order(body(ITEMS), dry_run=True))
    assert counts(dry) == (6, 4, 0, 0, 2, 1)
    assert alerts.devices.page(ListDevices(caller=CALLER)).items == []
    assert counts(cataloguing.take(alerts, order(body(ITEMS)))) == counts(dry)
    assert counts(cataloguing.take(alerts, order(body(ITEMS)))) == (6, 0, 0, 4, 2, 1)
    assert (state(alerts, LOST), state(alerts, CAMERA)) == (DeviceState.OFFLINE, DeviceState.ONLINE)
    alarm = fixture("gb_alarm_plain.xml")
    code = alarm.partition(b"<DeviceID>")[2][:20]
    take(alerts, [received(alarm.replace(code, CAMERA.encode()), adapter="gb28181", source="city-28181", at=NOON)])
    (alert,) = listed(alerts)
    assert (alert.device, alert.channel, alert.channel_name, alert.grid) == (CAMERA, CAMERA, "东门球机", GRID)
    kept = str(
        [list(found.find()) for found in (alerts.device_documents.collection, alerts.channel_documents.collection)]
    )
    assert not any(secret in kept for secret in ("hunter2", "10.9.8.7", "CANARY", "3单元"))


def test_a_later_catalogue_changes_what_it_says_and_nothing_else(alerts: AlertStore) -> None:
    cataloguing.take(alerts, order(body(ITEMS)))
    news = [
        f"<Item><DeviceID>{code}</DeviceID><Event>{event}</Event></Item>"
        for code, event in ((CAMERA, "OFF"), (LOST, "ON"))
    ]
    report = cataloguing.take(alerts, order(body(news, root="Notify")))
    assert (report.changed, report.rejected) == (2, [])
    assert (state(alerts, LOST), state(alerts, CAMERA)) == (DeviceState.ONLINE, DeviceState.OFFLINE)
    assert alerts.devices.get(CAMERA).name == "东门球机"
    (camera, *_) = alerts.channels.page(ListChannels(caller=CALLER, device=CAMERA)).items
    assert (camera.point, camera.gb_code) == (PLACE, CAMERA)
    waiting = alerts.channels.page(ListChannels(caller=CALLER, unbound=True)).items
    assert [(one.device, one.name) for one in waiting] == [(LOST, "西门枪机"), (INPUT, "烟感")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<Response><CmdType>Catalog</CmdType>", "truncated"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "doctype_forbidden"),
        (b"<Notify><CmdType>Keepalive</CmdType></Notify>", "catalog_missing"),
        (b"\xff\xfe\x00", "undecodable"),
        (b"<Response><CmdType>Catalog</CmdType>" + b"<a/>" * 100_001 + b"</Response>", "xml_too_large"),
    ],
)
def test_a_body_that_is_none_names_its_fault(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        cataloguing.read("p", content, "")
    assert refused.value.errors[0].code == code


@given(st.binary(max_size=300) | st.text(max_size=40).map(lambda text: body([item(text)], "UTF-8")))
def test_hostile_bytes_are_refused_or_read(content: bytes) -> None:
    try:
        cataloguing.read("p", content, "")
    except Invalid as refused:
        assert refused.errors

"""Every shape seen in the field, as a table; what is refused, and how texts and times are read."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alerts import AlertType, CanonicalReport
from services.alerts import adapters
from services.alerts.adapters import Unreadable, multipart, wire
from services.alerts.adapters.times import moment

FIXTURES = Path(__file__).with_name("fixtures")
MORNING = datetime(2026, 3, 14, 0, 15, tzinfo=UTC)
SECRETS = ("hunter2-secret", "CANARY1", "张三", "13800000000")

# fixture -> what each report must say beyond the defaults, and the codes of its notes
EXPECTED: dict[str, list[tuple[dict[str, object], set[str]]]] = {
    "hik_io.xml": [
        (
            {"type": "io_input", "raw_type": "IO", "rule": "2", "device": "02:00:5e:10:00:01", "occurred_at": MORNING},
            set(),
        )
    ],
    "hik_field_human.xml": [
        ({"type": "intrusion", "rule": "3", "target": "human", "channel": "1", "severity": 2}, set()),
    ],
    "hik_two_regions.xml": [
        ({"type": "intrusion", "rule": "1", "target": "human"}, {"retransmitted"}),
        ({"type": "intrusion", "rule": "2", "target": "vehicle"}, {"retransmitted"}),
    ],
    "hik_heartbeat.xml": [({"kind": "heartbeat", "device": "02:00:5e:10:00:03"}, {"offset_repaired", "heartbeat"})],
    "hik_vmd_no_namespace.xml": [({"type": "motion", "channel": "2", "severity": 4}, {"ampersand_repaired"})],
    "hik_vmd_human_picture.xml": [
        (
            {
                "type": "motion",
                "channel": "1",
                "target": "human",
                "media": ["http://10.20.0.24:80/picture/tracks/103/?name=ch00001_1&size=2945"],
            },
            set(),
        )
    ],
    "hik_recorder_psia.xml": [
        ({"type": "intrusion", "device": "NVR-8CH/0000001", "channel": "3"}, {"channel_of_recorder"})
    ],
    "hik_pir_psia.xml": [({"type": "pir", "device": "IPC-0000002", "channel": "1"}, set())],
    "hik_line.xml": [({"type": "line_crossing", "device": None, "occurred_at": MORNING}, set())],
    "hik_region_exiting.xml": [
        ({"type": "region_exiting", "rule": "row-B", "active": True}, {"time_missing", "state_assumed"})
    ],
    "hik_duration.xml": [
        ({"type": "line_crossing", "occurred_local": datetime(2026, 3, 14, 8, 15, 0, 123000)}, {"zone_assumed"}),  # noqa: DTZ001
        ({"type": "video_tamper", "raw_type": "shelteralarm", "severity": 2}, {"zone_assumed"}),
    ],
    "hik_plate.xml": [
        ({"type": "plate_recognised", "source_id": "6f1c:active:1"}, {"offset_sign_assumed"}),
    ],
    "hik_two_alerts.xml": [
        ({"type": "motion", "active": True, "occurred_at": None}, {"zone_assumed"}),
        ({"type": "storage_full", "active": False, "channel": "0"}, {"time_unreadable"}),
    ],
    "hik_device.xml": [({"kind": "ignored", "raw_type": "deviceinfo"}, {"not_an_event"})],
    "hik_vmd.json": [({"type": "motion", "channel": "2", "target": "vehicle"}, set())],
    "hik_list.json": [
        ({"kind": "heartbeat"}, {"time_missing", "heartbeat"}),
        ({"type": "line_crossing", "channel": "7", "rule": "5", "target": "human"}, set()),
        (
            {"type": "unknown", "raw_type": "smellDetection", "channel": "gate-north"},
            {"channel_invalid", "time_missing", "state_assumed", "type_unknown"},
        ),
    ],
    "gb_alarm_plain.xml": [
        (
            {
                "type": "unknown",
                "raw_type": "2",
                "severity": 4,
                "device": "23090200001340000001",
                "channel": "23090200001340000001",
                "point": None,
            },
            {"zone_assumed", "type_unknown", "place_implausible"},
        )
    ],
    "gb_alarm_intrusion.xml": [
        (
            {
                "type": "intrusion",
                "raw_type": "5/6",
                "rule": "event-1",
                "severity": 1,
                "point": {"longitude": 130.95, "latitude": 45.77},
            },
            {"type_of_info", "zone_assumed", "datum_assumed"},
        )
    ],
    "gb_alarm_combined.xml": [
        ({"type": "storage_full", "raw_type": "12/3", "severity": 3}, {"time_missing", "severity_assumed"})
    ],
    "gb_position.xml": [({"kind": "state", "point": None}, {"zone_assumed", "method_is_position"})],
    "gb_keepalive.xml": [({"kind": "heartbeat", "device": "23090200001110000005"}, {"heartbeat"})],
    "gb_catalog_gb2312.xml": [({"kind": "ignored", "raw_type": "response/catalog"}, {"not_an_event"})],
}
UNREADABLE = {"hik_broken.xml": "xml_malformed"}


def adapter_of(name: str) -> str:
    return "hikvision" if name.startswith("hik") else "gb28181"


def read(name: str) -> list[CanonicalReport]:
    return adapters.read(adapter_of(name), (FIXTURES / name).read_bytes(), "application/xml")


def test_every_fixture_has_its_expectation() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == {*EXPECTED, *UNREADABLE}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shape_is_read(name: str) -> None:
    reports = read(name)
    assert len(reports) == len(EXPECTED[name])
    for report, (fields, notes) in zip(reports, EXPECTED[name], strict=True):
        said = report.model_dump()
        assert {field: said[field] for field in fields} == fields
        assert {wire.code_of(note) for note in report.notes} == notes


@pytest.mark.parametrize("name", EXPECTED)
def test_no_secret_leaves_the_adapter(name: str) -> None:
    said = "".join(report.model_dump_json() for report in read(name))
    assert not [secret for secret in SECRETS if secret in said]


def test_adapters_are_found_by_name() -> None:
    assert set(adapters.ADAPTERS) == {"hikvision", "gb28181", "frigate", "cloudevents", "alertmanager"}
    with pytest.raises(Unreadable, match="no such adapter"):
        adapters.read("xml", b"<a/>", "")


REFUSED = {
    "empty": (b"  \r\n", "empty"),
    "nothing": (b"", "empty"),
    "text": (b"Heartbeat", "xml_missing"),
    "truncated": (b"<EventNotificationAlert><channelID>1</ch", "xml_malformed"),
    "doctype": (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "doctype_forbidden"),
    "entity": (b'<!entity b "c"><a/>', "doctype_forbidden"),
    "doctype in utf-16": ('<?xml version="1.0"?><!DOCTYPE a><a/>'.encode("utf-16"), "doctype_forbidden"),
    "doctype in utf-16 without a mark": ("<!DOCTYPE a><a/>".encode("utf-16-le"), "doctype_forbidden"),
    "deep": (b"<a>" * 40 + b"</a>" * 40, "xml_too_large"),
    "wide": (b"<a>" + b"<b/>" * 5000 + b"</a>", "xml_too_large"),
    "large": (b"<a>" + b" " * 300_000 + b"</a>", "too_large"),
    "undecodable": (b'<?xml version="1.0"?><a>\xff\xff</a>', "undecodable"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("adapter", ["hikvision", "gb28181"])
def test_what_holds_no_report_is_refused_with_a_reason(adapter: str, name: str) -> None:
    body, code = REFUSED[name]
    with pytest.raises(Unreadable) as refused:
        adapters.read(adapter, body, "application/xml")
    assert refused.value.code == code
    assert refused.value.zh
    assert refused.value.en


@pytest.mark.parametrize(
    "body",
    [
        b'{"eventType":',
        b"[" * 100_000,
        b'{"eventType":"VMD","a":' + b"[" * 50 + b"]" * 50 + b"}",
        b'{"a":' + b"9" * 5000,
    ],
)
def test_broken_json_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        adapters.read("hikvision", body, "application/json")


def test_text_is_read_in_the_charsets_of_the_field() -> None:
    xml = (FIXTURES / "hik_io.xml").read_text("utf-8")
    declared = '<?xml version="1.0" encoding="GB2312"?>' + xml
    for body in (
        xml.encode("utf-8-sig"),
        xml.encode("utf-16"),
        xml.encode("utf-16-le"),
        declared.encode("gb18030"),
        xml.encode("gb18030"),
    ):
        assert adapters.read("hikvision", body, "text/xml")[0].type is AlertType.IO_INPUT
    assert wire.decode(declared.replace("东门", "丂门").encode("gb18030"))[0].count("丂门") == 1
    assert [wire.code_of(note) for note in wire.decode(xml.encode("gb18030"))[1]] == ["charset_assumed"]


def test_a_multipart_holds_the_report_and_notes_of_its_pictures() -> None:
    picture = b"\xff\xd8 jpeg \r\n--other\r\n bytes"
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="alert"\r\nContent-Type: application/xml\r\n'
        b"Content-Length: 9999\r\n\r\n" + (FIXTURES / "hik_field_human.xml").read_bytes() + b"\r\n--xyz\r\n"
        b"Content-Type: image/jpeg\r\n\r\n" + picture + b"\r\n--xyz--\r\n"
    )
    for content_type in (
        "multipart/form-data; boundary=xyz",
        'Multipart/Form-Data; boundary="xyz"',
        "multipart/mixed",
        "image/jpeg",
    ):
        (report,) = adapters.read("hikvision", body, content_type)
        assert (report.type, report.target) == (AlertType.INTRUSION, "human")
        assert len(report.media) == 1
        assert report.media[0].startswith(f"image/jpeg;size={len(picture)};sha256=")
        kept = multipart.without_media(body, content_type)
        assert picture not in kept
        assert adapters.read("hikvision", kept, content_type)[0].target == "human"


def test_a_multipart_that_is_none_is_read_all_the_same() -> None:
    body = (FIXTURES / "hik_line.xml").read_bytes()
    assert adapters.read("hikvision", body, "multipart/form-data; boundary=xyz")[0].type is AlertType.LINE_CROSSING
    with pytest.raises(Unreadable, match="pictures"):
        adapters.read(
            "hikvision", b"--x\r\nContent-Type: image/jpeg\r\n\r\n\xff\r\n--x--", "multipart/mixed; boundary=x"
        )


AT = datetime(2024, 1, 22, 11, 47, 5, tzinfo=UTC)
TIMES: dict[str, tuple[datetime | None, bool, set[str]]] = {
    "2024-01-22T11:47:05Z": (AT, False, set()),
    "2024-01-22T19:47:05+08:00": (AT, False, set()),
    "2024-01-22T19:47:05.250+0800": (AT + timedelta(milliseconds=250), False, set()),
    "2024-01-22T19:47:05+08": (AT, False, set()),
    "2024-01-22T03:47:05-8:00": (AT, False, {"offset_repaired"}),
    "2024-01-22T11:47:0500:00": (AT, False, {"offset_sign_assumed"}),
    "2024-01-22T16:47:05 05:00": (AT, False, {"offset_sign_assumed"}),
    "20240122114705": (None, True, {"zone_assumed"}),
    "20240122114705555": (None, True, {"zone_assumed"}),
    "2024-01-22 11:47:05": (None, True, {"zone_assumed"}),
    "1705924025": (AT, False, set()),
    "1705924025000": (AT, False, set()),
    "": (None, False, {"time_missing"}),
    "2024-13-22T11:47:05Z": (None, False, {"time_unreadable"}),
    "0001-01-01T00:00:00+14:00": (None, False, {"time_unreadable"}),
    "2024-01-22T11:47:05+99:00": (None, False, {"time_unreadable"}),
    "soon": (None, False, {"time_unreadable"}),
}


@pytest.mark.parametrize("written", TIMES)
def test_a_time_is_read_or_flagged(written: str) -> None:
    at, local, notes = TIMES[written]
    found = moment(written)
    assert (found.at, found.local is not None) == (at, local)
    assert {wire.code_of(note) for note in found.notes} == notes


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_every_iso_time_with_an_offset_is_read_to_the_millisecond(written: datetime, zone: timezone) -> None:
    at = written.replace(tzinfo=zone, microsecond=written.microsecond // 1000 * 1000)
    assert moment(at.isoformat(timespec="milliseconds")).at == at


@given(st.text(max_size=80))
def test_no_time_fails(written: str) -> None:
    assert moment(written).at is None or moment(written).local is None


@given(st.text(max_size=300))
def test_a_clean_value_fits_everywhere(value: str) -> None:
    found = wire.clean(value)
    if found is not None:
        found.encode()
        assert 0 < len(found) <= 100
        assert not found.startswith("$")
        assert "\x00" not in found

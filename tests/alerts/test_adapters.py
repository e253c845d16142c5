"""Charsets, parts and times of the field."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alerts import AlertType
from services.alerts import adapters
from services.alerts.adapters import Unreadable, multipart, wire
from services.alerts.adapters.plates import plate
from services.alerts.adapters.times import moment

from .scene import FIXTURES


def test_adapters_are_found_by_name() -> None:
    every = {"hikvision", "dahua", "onvif", "gb28181", "frigate", "cloudevents", "alertmanager"}
    assert set(adapters.ADAPTERS) == every
    with pytest.raises(Unreadable, match="no such adapter"):
        adapters.read("xml", b"<a/>", "")


REFUSED = {
    "empty": (b"  \r\n", "empty"),
    "nothing": (b"", "empty"),
    "text": (b"Heartbeat", "xml_missing"),
    "truncated": (b"<EventNotificationAlert><channelID>1</ch", "truncated"),
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
@pytest.mark.parametrize("adapter", ["hikvision", "gb28181", "onvif"])
def test_what_holds_no_report_is_refused_with_a_reason(adapter: str, name: str) -> None:
    body, code = REFUSED[name]
    with pytest.raises(Unreadable) as refused:
        adapters.read(adapter, body, "application/xml")
    assert refused.value.code == code
    assert refused.value.zh
    assert refused.value.en


def test_a_body_without_an_event_is_refused_by_dahua_too() -> None:
    for body, code in {
        b" ": "empty",
        b"x" * 300_000: "too_large",
        b"hello": "truncated",
        b"--b--": "truncated",
    }.items():
        with pytest.raises(Unreadable) as refused:
            adapters.read("dahua", body, "")
        assert refused.value.code == code


PLATES = {
    "京A·12345": "京A12345",
    "京ａ－１２３４５": "京A12345",
    " 粤Z 1234 港 ": "粤Z1234港",
    "unknown": None,
    "未识别": None,
    "京A***45": None,
    "0000000": None,
    "": None,
    "9" * 50: None,
}


@pytest.mark.parametrize("written", PLATES)
def test_a_plate_has_one_spelling_and_what_is_none_has_none(written: str) -> None:
    assert plate(written) == PLATES[written]
    assert plate(None, written, "沪B·1") == (PLATES[written] or "沪B1")


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

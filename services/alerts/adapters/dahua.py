"""大华 `eventManager.cgi?action=attach`: text blocks of a multipart stream, and the JSON of door stations (VTO).

A block begins where `Code=` or `Heartbeat` begins a line and ends where the next one or a part begins, whatever
headers and lengths say. A stream may be cut anywhere into bodies: what stands whole in one of them is read. Of an event
that is cut its head is enough, at the price of its rule, target and time (`data_unreadable`): it is an alert beside
that of its rule, and a stop without them ends none, quiet time does. `truncated` stands for what is not even that.
Only codes, names of rules, places and times leave this module; a plate leaves it as `subject`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import JsonValue

from contracts.alerts import AlertType, CanonicalReport
from services.alerts.adapters import jsons
from services.alerts.adapters.plates import plate
from services.alerts.adapters.times import Moment, moment
from services.alerts.adapters.wire import (
    Unreadable,
    bounded,
    check_size,
    clean,
    decode,
    left_out,
    note,
    truncated,
)
from services.alerts.domain import severity_of

Target = Literal["human", "vehicle"]
Fields = Mapping[str, JsonValue]

TYPES = {
    "videomotion": AlertType.MOTION,
    "smartmotionhuman": AlertType.MOTION,
    "smartmotionvehicle": AlertType.MOTION,
    "crossregiondetection": AlertType.INTRUSION,
    "crosslinedetection": AlertType.LINE_CROSSING,
    "wanderdetection": AlertType.LOITERING,
    "leftdetection": AlertType.LEFT_OBJECT,
    "takenawaydetection": AlertType.OBJECT_REMOVED,
    "rioterdetection": AlertType.CROWD_DENSITY,
    "crowddetection": AlertType.CROWD_DENSITY,
    "movedetection": AlertType.FAST_MOTION,
    "retrogradedetection": AlertType.WRONG_WAY,
    "trafficretrograde": AlertType.WRONG_WAY,
    "firewarning": AlertType.FIRE_SMOKE,
    "firedetection": AlertType.FIRE_SMOKE,
    "smokedetection": AlertType.FIRE_SMOKE,
    "tumbledetection": AlertType.FALL,
    "parkingdetection": AlertType.ILLEGAL_PARKING,
    "trafficparking": AlertType.ILLEGAL_PARKING,
    "citymotorparking": AlertType.ILLEGAL_PARKING,
    "trafficjunction": AlertType.PLATE_RECOGNISED,
    "trafficgate": AlertType.PLATE_RECOGNISED,
    "facerecognition": AlertType.FACE_MATCH,
    "alarmlocal": AlertType.IO_INPUT,
    "videoloss": AlertType.VIDEO_LOSS,
    "videoblind": AlertType.VIDEO_TAMPER,
    "scenechange": AlertType.SCENE_CHANGE,
    "videounfocus": AlertType.DEFOCUS,
    "chassisintruded": AlertType.DEVICE_TAMPER,
    "storagelowspace": AlertType.STORAGE_FULL,
    "storagefailure": AlertType.DISK_FAULT,
    "storagenotexist": AlertType.DISK_FAULT,
}
# what a device tells of its own doings, whatever its action
STATES = frozenset(
    {
        "intelliframe",
        "intervideoaccess",
        "lefunctionstatussync",
        "newfile",
        "ntpadjusttime",
        "rtspsessiondisconnect",
        "storagechange",
        "systemstate",
        "timechange",
        "videomotioninfo",
    }
)
TARGETS: Mapping[str, Target] = {
    "human": "human",
    "smartmotionhuman": "human",
    "vehicle": "vehicle",
    "smartmotionvehicle": "vehicle",
}
ACTIONS = {"start": True, "pulse": True, "stop": False}

_BEGIN = re.compile(rb"^(?=--|Code=|Heartbeat[ \t]*\r?$)", re.MULTILINE)
_HEAD = re.compile(
    r'Code=(?P<code>[^;=\r\n]{1,64});action=(?P<action>[a-z]{1,16})(?:;index=(?P<index>[^;="{}\r\n]{0,64}))?'
    r"[ \t]*(?P<end>;data=\s*|;|[\r\n]|\Z)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?\d{1,5}", re.ASCII)


def read(body: bytes, content_type: str) -> list[CanonicalReport]:
    """The reports of one body. Raises Unreadable; with the reason `truncated` where no event stands in it."""
    check_size(body)
    before, *pieces = _BEGIN.split(body)
    found = bounded(_read(before, pieces, content_type))
    if all(note("truncated") in report.notes for report in found):
        raise truncated()
    return found


def _read(before: bytes, pieces: list[bytes], content_type: str) -> Iterator[CanonicalReport]:
    if before.strip():
        yield from _door_station(*_text(before, content_type))
    for piece in pieces:
        if piece.startswith(b"Code="):
            yield _block(*_text(piece, content_type))
        elif piece.startswith(b"Heartbeat"):
            yield _heartbeat([])


def _text(piece: bytes, content_type: str) -> tuple[str, list[str]]:
    try:
        return decode(piece, content_type)
    except Unreadable:
        # a character cut in two, or what is no text behind the event
        return piece.decode("utf-8", "replace"), []


def _block(text: str, notes: list[str]) -> CanonicalReport:
    head = _HEAD.match(text)
    if head is None:
        return left_out("truncated")
    code, end = head["code"].strip(), head["end"]
    index, data = (head["index"] or "").strip(), None
    if code.lower() == "heartbeat":
        return _heartbeat(notes)
    if not index and end in ("", ";"):
        return left_out("truncated")
    if end == "":
        notes.append(note("channel_cut"))
    elif end[0] == ";" and (data := _object(_value(text, head.end()))) is None:
        notes.append(note("data_unreadable"))
    return _event(code, head["action"].lower(), index, data or {}, notes)


def _door_station(text: str, notes: list[str]) -> Iterator[CanonicalReport]:
    """Events as JSON, alone or in a list; what is no JSON is what a cut has left of an event."""
    text = text.lstrip()
    value = _value(text) if text[:1] in ("{", "[") else None
    if value is None:
        yield left_out("truncated")
        return
    events = list(_events(value))
    if not events:
        yield left_out("not_an_event")
    for event in events:
        code, action, index = (_word(event.get(name)) or "" for name in ("code", "action", "index"))
        yield _event(code, action.lower(), index, _object(event.get("data")) or {}, notes)


def _events(value: JsonValue, depth: int = 0) -> Iterator[Fields]:
    """The event itself, or those of a list or of a notification's `params.eventList`; keys in lower case."""
    if isinstance(value, list) and depth < 4:
        for item in value:
            yield from _events(item, depth + 1)
    if isinstance(value, dict) and depth < 4:
        fields = {name.lower(): inner for name, inner in value.items()}
        if _word(fields.get("code")) and "action" in fields:
            yield fields
        else:
            yield from _events(fields.get("params", fields.get("eventlist")), depth + 1)


def _event(code: str, action: str, index: str, data: Fields, notes: list[str]) -> CanonicalReport:
    known = code.lower()
    type_ = TYPES.get(known, AlertType.UNKNOWN)
    channel, channel_notes = _channel(index)
    when, things = _when(data), _things(data)
    is_state = action == "state" or known in STATES
    said = [*notes, *channel_notes, *when.notes]
    if is_state:
        said.append(note("state_report"))
    elif type_ is AlertType.UNKNOWN:
        said.append(note("type_unknown"))
    if not is_state and action not in ACTIONS:
        said.append(note("state_assumed"))
    classes = (known, *((_word(thing.get("ObjectType")) or "").lower() for thing in things))
    return CanonicalReport(
        kind="state" if is_state else "alarm",
        active=ACTIONS.get(action, True),
        channel=channel,
        type=type_,
        raw_type=clean(code, 64),
        severity=severity_of(type_),
        rule=clean(_word(data.get("Name")) or _word(data.get("RuleId")) or _word(data.get("RuleID"))),
        target=next((TARGETS[name] for name in classes if name in TARGETS), None),
        occurred_at=when.at,
        occurred_local=when.local,
        notes=said,
        subject=plate(
            _word((_object(data.get("TrafficCar")) or {}).get("PlateNumber")),
            _word((_object(data.get("Plate")) or {}).get("Text")),
            *(_word(thing.get("Text")) for thing in things),
        ),
    )


def _heartbeat(notes: list[str]) -> CanonicalReport:
    return CanonicalReport(kind="heartbeat", active=False, notes=[*notes, note("heartbeat")])


def _channel(index: str) -> tuple[str | None, list[str]]:
    """-1 is the device itself: no channel."""
    if not _NUMBER.fullmatch(index):
        written = clean(index)
        return written, [note("channel_invalid" if written else "channel_missing")]
    number = int(index) + 1
    return (str(number), [note("channel_from_zero")]) if number > 0 else (None, [note("channel_missing")])


def _when(data: Fields) -> Moment:
    """By the seconds of 1970; by the local time where they are missing or are the local time under another name."""
    local = moment(_word(data.get("LocaleTime")))
    seconds = next((value for name in ("RealUTC", "UTC") if (value := _seconds(data.get(name)))), None)
    if seconds is None:
        return local
    part = data.get("UTCMS")
    milliseconds = int(part) if isinstance(part, (int, float)) and 0 <= part < 1000 else 0
    at = moment(f"{seconds}{milliseconds:03d}")
    is_local = at.at and local.local and at.at.replace(microsecond=0, tzinfo=None) == local.local
    return local if is_local and "RealUTC" not in data else at


def _seconds(value: JsonValue) -> int | None:
    return int(value) if isinstance(value, (int, float)) and 1e9 <= value < 1e10 else None


def _things(data: Fields) -> list[Fields]:
    """What was seen: `Object`, then `Objects`."""
    listed = data.get("Objects")
    found = (_object(value) for value in (data.get("Object"), *(listed if isinstance(listed, list) else ())))
    return [thing for thing in found if thing]


def _value(text: str, at: int = 0) -> JsonValue:
    try:
        return jsons.first(text, at)
    except Unreadable:
        return None


def _object(value: JsonValue) -> Fields | None:
    return value if isinstance(value, dict) else None


def _word(value: JsonValue) -> str | None:
    """A text, or a number as text."""
    return str(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else None

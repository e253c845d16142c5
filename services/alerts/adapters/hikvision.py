"""海康 ISAPI `EventNotificationAlert`: XML in any namespace, its JSON form, or multipart with pictures.

One report for each alert, detection region and related event in the body. Number plates, positions of people and
credentials in picture addresses are not read.
"""

import json
import re
from collections.abc import Iterator
from typing import Literal

from pydantic import JsonValue

from contracts.alerts import AlertType, CanonicalReport
from services.alerts.adapters import multipart
from services.alerts.adapters.addresses import reference
from services.alerts.adapters.objects import check_elements
from services.alerts.adapters.times import Moment, moment
from services.alerts.adapters.wire import Unreadable, clean, decode, note
from services.alerts.adapters.xml import MAX_DEPTH, MAX_ELEMENTS, Node, documents
from services.alerts.domain import MOST_MEDIA, severity_of

TYPES = {
    "vmd": AlertType.MOTION,
    "motiondetection": AlertType.MOTION,
    "thermometry": AlertType.MOTION,
    "vmdhumanvehicle": AlertType.MOTION,
    "fielddetection": AlertType.INTRUSION,
    "linedetection": AlertType.LINE_CROSSING,
    "regionentrance": AlertType.REGION_ENTRANCE,
    "regionexiting": AlertType.REGION_EXITING,
    "loitering": AlertType.LOITERING,
    "unattendedbaggage": AlertType.LEFT_OBJECT,
    "attendedbaggage": AlertType.OBJECT_REMOVED,
    "group": AlertType.CROWD_DENSITY,
    "rapidmove": AlertType.FAST_MOTION,
    "parking": AlertType.ILLEGAL_PARKING,
    "firedetection": AlertType.FIRE_SMOKE,
    "smokedetection": AlertType.FIRE_SMOKE,
    "fireandsmokedetection": AlertType.FIRE_SMOKE,
    "anpr": AlertType.PLATE_RECOGNISED,
    "vehicledetection": AlertType.PLATE_RECOGNISED,
    "io": AlertType.IO_INPUT,
    "pir": AlertType.PIR,
    "videoloss": AlertType.VIDEO_LOSS,
    "shelteralarm": AlertType.VIDEO_TAMPER,
    "tamperdetection": AlertType.VIDEO_TAMPER,
    "scenechangedetection": AlertType.SCENE_CHANGE,
    "defocus": AlertType.DEFOCUS,
    "defocusdetection": AlertType.DEFOCUS,
    "diskfull": AlertType.STORAGE_FULL,
    "diskerror": AlertType.DISK_FAULT,
}
Target = Literal["human", "vehicle"]
Below = dict[str, list[Node]]

TARGETS: dict[str, Target] = {"human": "human", "vehicle": "vehicle"}
# a recorder counts its analogue inputs up to here and its IP cameras from the next number on
RECORDER_INPUTS = 32
MAX_REPORTS = 64

_NUMBER = re.compile(r"\d{1,5}", re.ASCII)


def read(body: bytes, content_type: str) -> list[CanonicalReport]:
    """The reports of one post. Raises Unreadable."""
    texts, media = _split(body, content_type)
    reports: list[CanonicalReport] = []
    for text, text_type in texts:
        roots, notes = _roots(text, text_type)
        for root in roots:
            for report in _reports(root, notes, media):
                if len(reports) == MAX_REPORTS:
                    raise Unreadable(
                        "too_many_reports", f"一个报文超过 {MAX_REPORTS} 条告警", f"over {MAX_REPORTS} alerts"
                    )
                reports.append(report)
    return reports


def _split(body: bytes, content_type: str) -> tuple[list[tuple[bytes, str]], list[str]]:
    if not multipart.is_multipart(body, content_type):
        return [(body, content_type)], []
    found = multipart.parts(body, content_type)
    texts = [(part.body, part.content_type) for part in found if part.is_text]
    if found and not texts:
        raise Unreadable(
            "report_missing", "multipart 中没有告警部分, 只有图片", "a multipart of pictures without a report"
        )
    return texts or [(body, "")], [part.reference for part in found if not part.is_text]


def _roots(body: bytes, content_type: str) -> tuple[list[Node], list[str]]:
    text, notes = decode(body, content_type)
    if text.lstrip()[:1] in ("{", "["):
        return [_tree(text)], notes
    found, repaired = documents(text)
    return found, [*notes, *repaired]


def _tree(text: str) -> Node:
    check_elements(text)
    try:
        value: JsonValue = json.loads(text)
    except RecursionError:
        raise Unreadable(
            "json_too_deep", f"JSON 嵌套超过 {MAX_DEPTH} 层", f"JSON deeper than {MAX_DEPTH} levels"
        ) from None
    except ValueError as error:
        line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
        raise Unreadable(
            "json_malformed",
            f"JSON 格式错误 (第 {line} 行第 {column} 列)",
            f"not valid JSON (line {line}, column {column})",
        ) from None
    root = Node("eventnotificationalert" if isinstance(value, dict) and "eventType" in value else "")
    _grow(root, value, 1, [MAX_ELEMENTS])
    return root


def _grow(node: Node, value: JsonValue, depth: int, left: list[int]) -> None:
    left[0] -= 1
    if depth > MAX_DEPTH or left[0] < 0:
        raise Unreadable("json_too_large", "JSON 嵌套过深或元素过多", "too deep or too many elements")
    if isinstance(value, dict):
        for name, inner in value.items():
            for item in inner if isinstance(inner, list) else [inner]:
                child = Node(name.lower())
                node.children.append(child)
                _grow(child, item, depth + 1, left)
    elif isinstance(value, list):
        for item in value:
            named = isinstance(item, dict) and "eventType" in item
            child = Node("eventnotificationalert" if named else "item")
            node.children.append(child)
            _grow(child, item, depth + 1, left)
    elif value is not None:
        node.text = str(value).strip() if not isinstance(value, bool) else str(value).lower()


def _reports(root: Node, notes: list[str], media: list[str]) -> Iterator[CanonicalReport]:
    alerts = [root] if root.name == "eventnotificationalert" else root.descendants().get("eventnotificationalert", [])
    if not alerts:
        yield CanonicalReport(kind="ignored", raw_type=clean(root.name, 64), notes=[*notes, note("not_an_event")])
    for alert in alerts:
        yield from _alert(alert, notes, media)


def _alert(alert: Node, notes: list[str], media: list[str]) -> Iterator[CanonicalReport]:
    below = alert.descendants()
    raw_type, state = alert.value("eventtype"), (alert.value("eventstate") or "").lower()
    device = clean(next(_texts(below, "serialnumber"), None) or (alert.value("macaddress") or "").lower())
    channel, channel_notes = _channel(alert)
    when = moment(alert.value("datetime"))
    said = [*notes, *channel_notes, *when.notes]
    kind = (raw_type or "").lower()
    if kind == "heartbeat" or (kind == "videoloss" and state == "inactive"):
        yield _heartbeat(device, channel, when, [*said, note("heartbeat")])
        return
    if state not in ("active", "inactive"):
        said.append(note("state_assumed"))
    if (alert.value("isdataretransmission") or "").lower() == "true":
        said.append(note("retransmitted"))
    kinds = [raw_type]
    if kind == "duration":
        kinds = list(dict.fromkeys(_texts(below, "relationevent"))) or kinds
    pictures = [*media, *_pictures(below)][:MOST_MEDIA]
    for name in kinds:
        type_ = TYPES.get((name or "").lower(), AlertType.UNKNOWN)
        for rule, target in _rules(alert, below, type_):
            yield CanonicalReport(
                kind="alarm",
                active=state != "inactive",
                source_id=_source_id(alert, state),
                device=device,
                channel=channel,
                type=type_,
                raw_type=clean(name, 64),
                severity=severity_of(type_),
                rule=rule,
                target=target,
                occurred_at=when.at,
                occurred_local=when.local,
                media=pictures,
                notes=[*said, note("type_unknown")] if type_ is AlertType.UNKNOWN else said,
            )


def _heartbeat(device: str | None, channel: str | None, when: Moment, notes: list[str]) -> CanonicalReport:
    return CanonicalReport(
        kind="heartbeat",
        active=False,
        device=device,
        channel=channel,
        occurred_at=when.at,
        occurred_local=when.local,
        notes=notes,
    )


def _texts(below: Below, *names: str) -> Iterator[str]:
    return (found.text for name in names for found in below.get(name, ()) if found.text)


def _channel(alert: Node) -> tuple[str | None, list[str]]:
    written = clean(alert.value("channelid", "dynchannelid"))
    if written is None:
        return None, [note("channel_missing")]
    if not _NUMBER.fullmatch(written):
        return written, [note("channel_invalid")]
    number = int(written)
    if number > RECORDER_INPUTS:
        return str(number - RECORDER_INPUTS), [note("channel_of_recorder")]
    return str(number), []


def _rules(alert: Node, below: Below, type_: AlertType) -> list[tuple[str | None, Target | None]]:
    """The distinct (rule, target) pairs: one for each detection region, or the input port of an IO alarm."""
    target = TARGETS.get((alert.value("detectiontarget", "targettype") or "").lower())
    found = [
        (clean(entry.value("regionid")), TARGETS.get((entry.value("detectiontarget") or "").lower(), target))
        for entry in below.get("detectionregionentry", ())
    ]
    if not found and type_ is AlertType.IO_INPUT:
        found = [(clean(alert.value("inputioportid")), target)]
    return list(dict.fromkeys(found)) or [(None, target)]


def _pictures(below: Below) -> list[str]:
    addresses = _texts(below, "bkgurl", "pictureurl", "picurl")
    return [found for address in addresses if (found := reference(address))]


def _source_id(alert: Node, state: str) -> str | None:
    """The device's own id of this very message: the event's UUID, its state and its counter."""
    uuid, counter = clean(alert.value("uuid")), alert.value("activepostcount")
    return clean(f"{uuid}:{state}:{counter}", 150) if uuid and counter else None

"""海康 ISAPI `EventNotificationAlert`: XML in any namespace, its JSON form, or multipart with pictures.

One report for each alert, detection region and related event in the body. Of an alertStream that is cut into bodies
every alert is read that stands whole in one; what is cut is lost and noted (`part_unreadable`, or `truncated` where
nothing else is there). Pictures belong to the alert before them. Positions of people and credentials in picture
addresses are not read; a plate leaves this module as `subject`.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from contracts.alerts import AlertType, CanonicalReport
from services.alerts.adapters import jsons, multipart
from services.alerts.adapters.addresses import reference
from services.alerts.adapters.plates import plate
from services.alerts.adapters.times import Moment, moment
from services.alerts.adapters.wire import Unreadable, bounded, clean, decode, left_out, note
from services.alerts.adapters.xml import Node, cut_out, documents
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
ALERT = "EventNotificationAlert"

_NUMBER = re.compile(r"\d{1,5}", re.ASCII)


class _Piece(NamedTuple):
    """What may hold alerts, and the pictures that came with it."""

    text: bytes
    content_type: str
    media: list[str]


def read(body: bytes, content_type: str) -> list[CanonicalReport]:
    """The reports of one post. Raises Unreadable where it holds nothing that could be read."""
    faults: list[Unreadable] = []
    found = bounded(_read(_pieces(body, content_type), faults))
    if faults and not found:
        raise faults[0]
    return [*found, left_out("part_unreadable")] if faults else found


def _read(pieces: list[_Piece], faults: list[Unreadable]) -> Iterator[CanonicalReport]:
    for piece in pieces:
        try:
            roots, notes = _roots(piece, faults)
        except Unreadable as fault:
            faults.append(fault)
            continue
        for root in roots:
            yield from _reports(root, notes, piece.media)


def _pieces(body: bytes, content_type: str) -> list[_Piece]:
    if not multipart.is_multipart(body, content_type):
        return [_Piece(body, content_type, [])]
    pieces: list[_Piece] = []
    ahead: list[str] = []
    found = multipart.parts(body, content_type)
    for part in found:
        if part.is_text:
            pieces.append(_Piece(part.body, part.content_type, ahead))
            ahead = []
        else:
            (pieces[-1].media if pieces else ahead).append(part.reference)
    if found and not pieces:
        raise Unreadable(
            "report_missing", "multipart 中没有告警部分, 只有图片", "a multipart of pictures without a report"
        )
    return pieces or [_Piece(body, "", [])]


def _roots(piece: _Piece, faults: list[Unreadable]) -> tuple[list[Node], list[str]]:
    text, notes = decode(piece.text, piece.content_type)
    if text.lstrip()[:1] in ("{", "["):
        return [jsons.tree(text.lstrip(), "eventType", ALERT.lower())], notes
    try:
        found, repaired = documents(text)
    except Unreadable as fault:
        whole = cut_out(text, ALERT) if fault.code in ("truncated", "xml_malformed") else []
        if not whole:
            raise
        faults.append(fault)
        return _each(whole, faults), notes
    return found, [*notes, *repaired]


def _each(alerts: list[str], faults: list[Unreadable]) -> list[Node]:
    found: list[Node] = []
    for alert in alerts:
        try:
            found += documents(alert)[0]
        except Unreadable as fault:
            faults.append(fault)
    return found


def _reports(root: Node, notes: list[str], media: list[str]) -> Iterator[CanonicalReport]:
    alerts = [root] if root.name == ALERT.lower() else root.descendants().get(ALERT.lower(), [])
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
                subject=plate(*_texts(below, "licenseplate")),
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

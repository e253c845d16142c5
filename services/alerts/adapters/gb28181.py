"""国标 GB/T 28181 `Alarm` and `Keepalive` bodies (MANSCDP+XML), handed over by a platform: we do not speak SIP.

The tables are those of a public implementation; the standard's own text was not read. Of a payload only codes leave
this module: no description, no password, no position of a person (method 4).
"""

from contracts.alerts import AlertType, CanonicalReport
from contracts.shared import Point
from services.alerts.adapters.times import moment
from services.alerts.adapters.wire import bounded, clean, decode, note
from services.alerts.adapters.xml import Node, documents
from services.alerts.domain import plausible, severity_of

# 报警方式 method -> 报警类型 type
TYPES = {
    "2": {
        "1": AlertType.VIDEO_LOSS,
        "2": AlertType.DEVICE_TAMPER,
        "3": AlertType.STORAGE_FULL,
        "4": AlertType.HIGH_TEMPERATURE,
    },
    "5": {
        "1": AlertType.MANUAL_ALARM,
        "2": AlertType.MOTION,
        "3": AlertType.LEFT_OBJECT,
        "4": AlertType.OBJECT_REMOVED,
        "5": AlertType.LINE_CROSSING,
        "6": AlertType.INTRUSION,
        "7": AlertType.WRONG_WAY,
        "8": AlertType.LOITERING,
        "10": AlertType.CROWD_DENSITY,
        "12": AlertType.FAST_MOTION,
    },
    "6": {"1": AlertType.DISK_FAULT},
}
POSITION = "4"


def read(body: bytes, content_type: str) -> list[CanonicalReport]:
    """The reports of one body. Raises Unreadable."""
    text, notes = decode(body, content_type)
    roots, repaired = documents(text)
    return bounded(_report(root, [*notes, *repaired]) for root in roots)


def _report(root: Node, notes: list[str]) -> CanonicalReport:
    command = (root.value("cmdtype") or "").lower()
    device = clean(root.value("deviceid"))
    if root.name == "notify" and command == "alarm":
        return _alarm(root, device, notes)
    if root.name == "notify" and command == "keepalive":
        return CanonicalReport(kind="heartbeat", active=False, device=device, notes=[*notes, note("heartbeat")])
    return CanonicalReport(
        kind="ignored",
        device=device,
        raw_type=clean(f"{root.name}/{command}" if command else root.name, 64),
        notes=[*notes, note("not_an_event")],
    )


def _alarm(root: Node, device: str | None, notes: list[str]) -> CanonicalReport:
    methods = _digits(root.value("alarmmethod"))
    kind, rule, type_notes = _kind(root)
    when = moment(root.value("alarmtime"))
    if methods == POSITION:
        return CanonicalReport(
            kind="state",
            device=device,
            channel=device,
            raw_type=POSITION,
            occurred_at=when.at,
            occurred_local=when.local,
            notes=[*notes, *when.notes, note("method_is_position")],
        )
    type_ = next((TYPES[method][kind] for method in methods if kind in TYPES.get(method, {})), AlertType.UNKNOWN)
    said = [*notes, *type_notes, *when.notes]
    if type_ is AlertType.UNKNOWN:
        said.append(note("type_unknown"))
    severity, severity_notes = _severity(root, type_)
    point, point_notes = _place(root)
    return CanonicalReport(
        kind="alarm",
        device=device,
        channel=device,
        type=type_,
        raw_type=clean(f"{methods}/{kind}" if kind else methods, 64),
        severity=severity,
        rule=rule,
        occurred_at=when.at,
        occurred_local=when.local,
        point=point,
        notes=[*said, *severity_notes, *point_notes, *([] if device else [note("channel_missing")])],
    )


def _digits(written: str | None) -> str:
    """Methods may be written together ("12") or apart ("1/2")."""
    return "".join(sign for sign in (written or "")[:20] if sign in "1234567")


def _kind(root: Node) -> tuple[str, str | None, list[str]]:
    """Alarm type, rule (the event type inside it) and notes. `Info`, however spelt, wins over the outer one."""
    outer, inside = root.value("alarmtype"), root.child("info")
    inner = inside.value("alarmtype") if inside else None
    parameters = inside.child("alarmtypeparam") if inside else None
    event = clean(parameters.value("eventtype")) if parameters else None
    notes = [note("type_of_info")] if outer and inner and outer != inner else []
    chosen = clean(inner or outer, 20) or ""
    return chosen.lstrip("0") or chosen, f"event-{event}" if event else None, notes


def _severity(root: Node, type_: AlertType) -> tuple[int, list[str]]:
    priority = root.value("alarmpriority")
    if priority in ("1", "2", "3", "4"):
        return int(priority), []
    return severity_of(type_), [note("severity_assumed")]


def _place(root: Node) -> tuple[Point | None, list[str]]:
    longitude, latitude = root.value("longitude"), root.value("latitude")
    if longitude is None and latitude is None:
        return None, []
    try:
        east, north = float(longitude or ""), float(latitude or "")
    except ValueError:
        return None, [note("place_implausible")]
    if not plausible(east, north):
        return None, [note("place_implausible")]
    return Point(longitude=east, latitude=north), [note("datum_assumed")]

"""ONVIF events (SOAP): `Notify` as it is pushed, `PullMessagesResponse` as it is fetched, one report for each message.

Prefixes are not looked at, neither those of elements nor those of topics; whitespace in a topic is none. `Initialized`
tells how things stand when somebody subscribes: a report of state. A camera names its picture once by the source and
once by its configuration, and we cannot know that they are the same: each is a channel until somebody binds both.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from contracts.alerts import AlertType, CanonicalReport
from services.alerts.adapters.times import moment
from services.alerts.adapters.wire import bounded, clean, decode, note
from services.alerts.adapters.xml import Node, documents
from services.alerts.domain import severity_of

Target = Literal["human", "vehicle"]

# a topic without prefixes, or the beginning of one
TYPES = {
    "ruleengine/cellmotiondetector": AlertType.MOTION,
    "ruleengine/motionregiondetector": AlertType.MOTION,
    "ruleengine/objectdetector": AlertType.MOTION,
    "ruleengine/myruledetector/peopledetect": AlertType.MOTION,
    "ruleengine/myruledetector/vehicledetect": AlertType.MOTION,
    "useralarm/iva/humanshapedetect": AlertType.MOTION,
    "videosource/motionalarm": AlertType.MOTION,
    "ruleengine/fielddetector": AlertType.INTRUSION,
    "ruleengine/linedetector": AlertType.LINE_CROSSING,
    "ruleengine/linecrossingdetector": AlertType.LINE_CROSSING,
    "ruleengine/loiteringdetector": AlertType.LOITERING,
    "ruleengine/recognition/licenseplate": AlertType.PLATE_RECOGNISED,
    "ruleengine/tamperdetector": AlertType.VIDEO_TAMPER,
    "videosource/globalscenechange": AlertType.SCENE_CHANGE,
    "videosource/imagetooblurry": AlertType.DEFOCUS,
    "videosource/signalloss": AlertType.VIDEO_LOSS,
    "device/trigger/digitalinput": AlertType.IO_INPUT,
    "device/hardwarefailure/storagefailure": AlertType.DISK_FAULT,
    "device/hardwarefailure/temperaturecritical": AlertType.HIGH_TEMPERATURE,
}
# what a device tells of its own doings
STATES = frozenset(
    {
        "configuration",
        "device/trigger/relay",
        "monitoring",
        "recordingconfig",
        "recordinghistory",
        "ruleengine/countaggregation",
    }
)
TARGETS: Mapping[str, Target] = {
    "human": "human",
    "humanshapedetect": "human",
    "peopledetect": "human",
    "person": "human",
    "car": "vehicle",
    "truck": "vehicle",
    "vehicle": "vehicle",
    "vehicledetect": "vehicle",
}
CHANNELS = (
    "videosourceconfigurationtoken",
    "videosourcetoken",
    "source",
    "videosource",
    "videoanalyticsconfigurationtoken",
)
RULES = ("rule", "inputtoken", "token")
# any that begins with "is" besides
CONDITIONS = frozenset({"state", "logicalstate", "failed", "critical"})
CONDITION: Mapping[str, bool] = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}

_LONGEST_TOPIC, _DEEPEST_TOPIC = 200, 6


def read(body: bytes, content_type: str) -> list[CanonicalReport]:
    """The reports of one body. Raises Unreadable."""
    text, notes = decode(body, content_type)
    roots, repaired = documents(text)
    return bounded(report for root in roots for report in _reports(root, [*notes, *repaired]))


def _reports(root: Node, notes: list[str]) -> Iterator[CanonicalReport]:
    below = {root.name: [root], **root.descendants()}
    for message in below.get("notificationmessage", ()):
        yield _report(message, notes)
    if "notificationmessage" not in below:
        # who answers that there is nothing is alive
        kind, code = ("heartbeat", "heartbeat") if "pullmessagesresponse" in below else ("ignored", "not_an_event")
        yield CanonicalReport(kind=kind, active=False, raw_type=clean(root.name, 64), notes=[*notes, note(code)])


def _report(notification: Node, notes: list[str]) -> CanonicalReport:
    outer = notification.child("message") or Node("message")
    message = outer.child("message") or outer
    written = notification.child("topic")
    topic = _topic("".join(written.text.split())[:_LONGEST_TOPIC] if written else "")
    source, data = _items(message, "source", "key"), _items(message, "data")
    operation = message.attributes.get("propertyoperation", "").lower()
    is_state = topic.is_state or operation == "initialized"
    channel, condition = _first(source, CHANNELS), _condition(data, topic.type)
    when = moment(message.attributes.get("utctime"))
    said = [*notes, *when.notes, *([] if channel else [note("channel_missing")])]
    if is_state:
        said.append(note("state_report"))
    elif topic.type is AlertType.UNKNOWN:
        said.append(note("type_unknown"))
    if condition is None and not is_state:
        said.append(note("state_assumed"))
    return CanonicalReport(
        kind="state" if is_state else "alarm",
        active=condition is not False and operation != "deleted",
        channel=channel,
        type=topic.type,
        raw_type=topic.path,
        severity=severity_of(topic.type),
        rule=_first(source, RULES),
        target=topic.target or _target(data.get("classtypes", "")),
        occurred_at=when.at,
        occurred_local=when.local,
        notes=said,
    )


class _Topic(NamedTuple):
    path: str | None
    type: AlertType
    is_state: bool
    target: Target | None


# a camera has few topics and names one with every message
@lru_cache(1024)
def _topic(written: str) -> _Topic:
    """Its path without prefixes, and what its longest beginning in the tables says."""
    parts = [part.rpartition(":")[2].replace("Soure", "Source") for part in written.split("/")]
    known = [part.lower() for part in parts[:_DEEPEST_TOPIC]]
    beginnings = ["/".join(known[:end]) for end in range(len(known), 0, -1)]
    return _Topic(
        clean("/".join(parts), 64),
        next((TYPES[path] for path in beginnings if path in TYPES), AlertType.UNKNOWN),
        not STATES.isdisjoint(beginnings),
        TARGETS.get(known[-1]),
    )


def _items(message: Node, *groups: str) -> dict[str, str]:
    """Names in lower case → values; of equal names the first."""
    found: dict[str, str] = {}
    for group in groups:
        below = message.child(group)
        for item in below.children if below else ():
            name = item.attributes.get("name", "").lower().replace("soure", "source")
            found.setdefault(name, item.attributes.get("value", ""))
    return found


def _first(items: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := clean(items.get(name)))), None)


def _condition(data: Mapping[str, str], type_: AlertType) -> bool | None:
    """Whether it holds; None when that is not said. A crossing needs none, an object is there while it has a class."""
    for name, value in data.items():
        if (name in CONDITIONS or name.startswith("is")) and value.lower() in CONDITION:
            return CONDITION[value.lower()]
    if "classtypes" in data:
        return bool(data["classtypes"])
    return True if type_ is AlertType.LINE_CROSSING else None


def _target(classes: str) -> Target | None:
    return next((TARGETS[word] for word in classes.lower().replace(",", " ").split() if word in TARGETS), None)

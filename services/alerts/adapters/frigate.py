"""Frigate `reviews` and `events`, the JSON of its two topics handed over by HTTP: reviews are the alarm.

A review comes as new, update and end; an event is the tracking of one object and only a sign of life here. Names of
people and number plates (sub labels) are not read.
"""

from hashlib import sha256
from typing import Literal, NamedTuple

from pydantic import JsonValue

from contracts.alerts import AlertType, CanonicalReport
from services.alerts.adapters.objects import Object, below, loads, text, texts
from services.alerts.adapters.times import Moment, moment
from services.alerts.adapters.wire import note
from services.alerts.domain import severity_of

# what a label says by itself; whatever else is seen in a zone is an intrusion, elsewhere motion
TYPES = {
    "fire": AlertType.FIRE_SMOKE,
    "smoke": AlertType.FIRE_SMOKE,
    "fire_alarm": AlertType.FIRE_SMOKE,
    "smoke_detector": AlertType.FIRE_SMOKE,
}
SEEN = {"alert": AlertType.INTRUSION, "detection": AlertType.MOTION}
Target = Literal["human", "vehicle"]
TARGETS: dict[str, Target] = {
    "person": "human",
    **dict.fromkeys(("car", "motorcycle", "bicycle", "bus", "truck", "train", "boat"), "vehicle"),
}
STEPS = frozenset({"new", "update", "end"})
# of an object that somebody has put a name to
_NAMED = "-verified"


class Kind(NamedTuple):
    """What one class of objects in a review is."""

    type: AlertType
    target: Target | None


def read(body: bytes, content_type: str) -> list[CanonicalReport]:
    """The reports of one message. Raises Unreadable."""
    value, notes = loads(body, content_type)
    after, step = below(value, "after"), text(value.get("type"), 64) if isinstance(value, dict) else None
    if step in STEPS and "severity" in after:
        return _review(step, below(value, "before"), after, sha256(body).hexdigest()[:12], notes)
    channel = text(after.get("camera"))
    if step in STEPS and "label" in after:
        raw_type, said = text(after["label"], 64), note("detail_of_review")
        return [CanonicalReport(kind="state", channel=channel, raw_type=raw_type, notes=[*notes, said])]
    return [CanonicalReport(kind="ignored", raw_type=step, notes=[*notes, note("not_an_event")])]


def _review(step: str, before: Object, after: Object, digest: str, notes: list[str]) -> list[CanonicalReport]:
    """One report for each kind of object; what the review was before and is no more has stopped."""
    id, channel = text(after.get("id")), text(after.get("camera"))
    known, kinds = _kinds(before) if step == "update" else {}, _kinds(after)
    detections = set(texts(below(after, "data").get("detections")))
    fresh = detections.difference(texts(below(before, "data").get("detections")))
    if step == "update" and kinds.keys() == known.keys() and not fresh:
        return [CanonicalReport(kind="state", channel=channel, notes=[*notes, note("nothing_new")])]
    when = _when(step, after, fresh)
    # the updates of a review differ in what they say alone
    source_id = f"{id}:{step}:{digest}" if step == "update" else f"{id}:{step}"
    thumbnail = text(after.get("thumb_path"), 500)
    return [
        CanonicalReport(
            kind="alarm",
            active=step != "end" and kind in kinds,
            source_id=source_id if id else None,
            channel=channel,
            type=kind.type,
            raw_type=label or None,
            severity=severity_of(kind.type),
            target=kind.target,
            occurred_at=when.at,
            media=[thumbnail] if thumbnail else [],
            notes=[
                *notes,
                *when.notes,
                *([] if channel else [note("channel_missing")]),
                *([note("type_unknown")] if kind.type is AlertType.UNKNOWN else []),
            ],
        )
        for kind, label in {**known, **kinds}.items()
    ]


def _kinds(review: Object) -> dict[Kind, str]:
    """The kinds of objects and sounds in a review, each with its first label; one without a label if none is named."""
    seen, content = SEEN.get(text(review.get("severity")) or "", AlertType.UNKNOWN), below(review, "data")
    objects = [label.removesuffix(_NAMED) for label in texts(content.get("objects"))]
    found: dict[Kind, str] = {}
    for label in objects:
        found.setdefault(Kind(TYPES.get(label, seen), TARGETS.get(label)), label[:64])
    for label in texts(content.get("audio")):
        found.setdefault(Kind(TYPES.get(label, AlertType.UNKNOWN), None), label[:64])
    return found or {Kind(seen, None): ""}


def _when(step: str, review: Object, fresh: set[str]) -> Moment:
    """Start and end as the review says them; an update is as new as the newest object that it brings."""
    if step == "update":
        return _epoch(max((_began(detection) for detection in fresh), default=0.0))
    return _epoch(review.get("end_time" if step == "end" else "start_time"))


def _began(detection: str) -> float:
    """The time of 1970 in an object's id: `1607123955.475377-mxklsc`."""
    try:
        return float(detection.partition("-")[0])
    except ValueError:
        return 0.0


def _epoch(seconds: JsonValue) -> Moment:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return moment(None)
    return moment(f"{seconds * 1000:.0f}") if 1e9 <= seconds < 1e10 else moment("?" if seconds else None)

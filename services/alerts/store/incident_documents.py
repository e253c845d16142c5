"""事件 documents: from alerts to an incident, what joins it, and the contract's view."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.alerts import Incident, IncidentEscalated, IncidentOpened, IncidentState, Level, Notice, Rule
from contracts.alerts.families import family
from contracts.base import Event
from services.alerts import climbing, handling
from services.alerts.climbing import Ladder
from services.alerts.correlating import Seen
from services.alerts.store.documents import SERVICE, entry, place
from services.chassis.aggregates import Change, Changed, Document

MOST_ALERTS = 1000
_MOST_TOLD = 200
_MOST_CHANNELS = 1000
# how long between two looks whether all alerts of an incident have ended
LOOK_AFTER = timedelta(seconds=15)


class Joining(NamedTuple):
    """An alert that goes into an incident: as rules see it, and its document."""

    seen: Seen
    document: Document


class Told(NamedTuple):
    """Who is told of an incident: the fields that this sets, notices, steps of the timeline, and the event.

    `climb_at` is when the next level is told unless somebody answers; there is none after the last one.
    """

    fields: Document
    notices: list[Document]
    entries: list[Document]
    event: Event


def opened(id: str, rule: Rule, joining: Sequence[Joining], now: datetime) -> Document:
    """A new incident of these alerts, of which nobody has been told yet."""
    ordered = sorted(joining, key=lambda one: one.seen.id)
    lead = min(ordered, key=lambda one: (one.seen.severity, one.seen.id)).document
    state = IncidentState(rule.create)
    document: Document = {
        "_id": id,
        "order": id,
        "state": state.value,
        "running": True,
        "rule": rule.id,
        "rule_name": rule.name,
        "type": lead["type"],
        "family": family(lead["type"]),
        "types": sorted({one.seen.type.value for one in ordered}),
        "severity": rule.severity or lead["severity"],
        "severity_fixed": rule.severity is not None,
        "alert": lead["_id"],
        "alerts": [one.seen.id for one in ordered][:MOST_ALERTS],
        "alert_count": len(ordered),
        "channel_keys": sorted({one.seen.channel for one in ordered})[:_MOST_CHANNELS],
        "mutes": rule.mutes,
        **{name: lead[name] for name in ("device", "channel", "target", "point", "grid", "path", "within")},
        "first_at": min(one.document["first_at"] for one in ordered),
        "last_at": max(one.document["last_at"] for one in ordered),
        "opened_at": None,
        "closed_at": None,
        "governance": rule.governance,
        "dispatch_to": rule.dispatch_to.value,
        "case_no": None,
        "evidence": [],
        "notices": [],
        "answered_by": None,
        "answered_at": None,
        "result": None,
        "merged_into": None,
        "trace_id": lead["trace_id"],
        "timeline": [entry(now, SERVICE, "open", to_state=state.value, note=rule.name, trace_id=lead["trace_id"])],
    }
    if rule.resolve_on == "ended" and not rule.governance:
        document["look_at"] = now + LOOK_AFTER
    return document


def announced(document: Document, ladder: Ladder, now: datetime) -> tuple[Document, list[Event]]:
    """A new incident with its first notice and its event; a candidate 待确认 tells nobody yet."""
    if document["state"] == IncidentState.CANDIDATE:
        return document, []
    first = told(document, ladder, now, 1)
    timeline = [*document["timeline"], *first.entries]
    return {**document, **first.fields, "notices": first.notices, "timeline": timeline}, [first.event]


def told(document: Document, ladder: Ladder, now: datetime, version: int) -> Told:
    """Of an incident that is open from now on: those whom its rule names first, and the world."""
    given = climbing.notices(Level(document["dispatch_to"]), ladder, now)
    known = {name: value for name, value in document.items() if name in IncidentOpened.model_fields}
    event = IncidentOpened.model_validate(
        {
            **known,
            "id": document["_id"],
            "alerts": document["alerts"][:_MOST_TOLD],
            "point": place(document["point"]),
            "notified": given[-1].notified,
            "notified_by": given[-1].notified_by,
            "version": version,
        }
    )
    recorded = _recorded(given, IncidentState.OPEN, event)
    return recorded._replace(fields={**recorded.fields, "opened_at": now})


def escalated(document: Document, ladder: Ladder, now: datetime) -> Changed | None:
    """The next level is told of an incident that nobody has answered; None: it is not its time."""
    given = climbing.climbed([Notice.model_validate(one) for one in document["notices"]], ladder, now)
    if not given:
        return None
    last = given[-1].model_dump(include={"level", "notified", "notified_by"})
    event = IncidentEscalated(id=document["_id"], grid=document["grid"], version=document["version"] + 1, **last)
    told = _recorded(given, document["state"], event)
    change = Change(
        told.fields,
        unset=() if told.fields else ("climb_at",),
        push={"notices": told.notices, "timeline": told.entries},
    )
    return Changed(document["_id"], document["version"], change, [event])


def joined(document: Document, joining: Sequence[Joining]) -> Change:
    """What further alerts change; how grave it is unless the rule has said so."""
    more = _More(
        alerts=[one.seen.id for one in sorted(joining, key=lambda one: one.seen.id)],
        alert_count=len(joining),
        severity=min(one.seen.severity for one in joining),
        first_at=min(one.document["first_at"] for one in joining),
        last_at=max(one.document["last_at"] for one in joining),
        types=[one.seen.type.value for one in joining],
        channels=[one.seen.channel for one in joining],
    )
    return _grown(document, more, {})


def absorbed(document: Document, other: Document, now: datetime) -> Change:
    """What an incident that is merged into this one changes: its alerts and its evidence go along."""
    known = {one["case_no"] for one in document["evidence"]}
    state = document["state"]
    more = _More(
        alerts=[alert for alert in other["alerts"] if alert not in document["alerts"]],
        alert_count=other["alert_count"],
        types=other["types"],
        channels=other["channel_keys"],
        **{name: other[name] for name in ("severity", "first_at", "last_at")},
    )
    push = {
        "evidence": [one for one in other["evidence"] if one["case_no"] not in known],
        "timeline": [entry(now, SERVICE, "absorb", from_state=state, to_state=state, note=other["_id"])],
    }
    return _grown(document, more, push)


def view(document: Document) -> Incident:
    """The contract's view, with what may be done now."""
    state = IncidentState(document["state"])
    return Incident.model_validate(
        {
            **document,
            "id": document["_id"],
            "alerts": document["alerts"][:_MOST_TOLD],
            "channels": len(document["channel_keys"]),
            "point": place(document["point"]),
            "allowed_actions": handling.allowed_actions(state),
        }
    )


def _recorded(given: Sequence[Notice], state: str, event: Event) -> Told:
    due_at = given[-1].due_at
    return Told(
        {"climb_at": due_at} if due_at else {},
        [one.model_dump() for one in given],
        [entry(one.at, SERVICE, "notify", from_state=state, to_state=state, note=_said(one)) for one in given],
        event,
    )


def _said(notice: Notice) -> str:
    whom = " ".join(notice.notified) or "无人在岗 / nobody stands there"
    return f"{notice.level}: {whom} ({notice.notified_by})"


class _More(NamedTuple):
    alerts: Sequence[str]
    alert_count: int
    severity: int
    first_at: datetime
    last_at: datetime
    types: Iterable[str]
    channels: Iterable[str]


def _grown(document: Document, more: _More, push: Mapping[str, Sequence[object]]) -> Change:
    room = max(MOST_ALERTS - len(document["alerts"]), 0)
    graver = {} if document["severity_fixed"] else {"severity": more.severity}
    return Change(
        set={
            "types": sorted({*document["types"], *more.types}),
            "channel_keys": sorted({*document["channel_keys"], *more.channels})[:_MOST_CHANNELS],
        },
        push={**push, "alerts": more.alerts[:room]},
        inc={"alert_count": more.alert_count},
        min={"first_at": more.first_at, **graver},
        max={"last_at": more.last_at},
    )

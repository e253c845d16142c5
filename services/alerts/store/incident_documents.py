"""事件 documents: from alerts to an incident, what joins it, and the contract's view."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.alerts import Incident, IncidentOpened, IncidentState, Rule
from contracts.alerts.families import family
from contracts.base import Event
from services.alerts import handling
from services.alerts.correlating import Seen
from services.alerts.store.documents import SERVICE, entry, place
from services.chassis.aggregates import Change, Document

MOST_ALERTS = 1000
_MOST_TOLD = 200
_MOST_CHANNELS = 1000
# how long between two looks whether all alerts of an incident have ended
LOOK_AFTER = timedelta(seconds=15)


class Joining(NamedTuple):
    """An alert that goes into an incident: as rules see it, and its document."""

    seen: Seen
    document: Document


def opened(id: str, rule: Rule, joining: Sequence[Joining], now: datetime) -> tuple[Document, list[Event]]:
    """A new incident of these alerts and its event; a candidate 待确认 tells nobody yet."""
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
    if state is IncidentState.CANDIDATE:
        return document, []
    document["opened_at"] = now
    return document, [told(document, 1)]


def told(document: Document, version: int) -> IncidentOpened:
    """What the world is told of an incident that is open from now on."""
    known = {name: value for name, value in document.items() if name in IncidentOpened.model_fields}
    return IncidentOpened.model_validate(
        {
            **known,
            "id": document["_id"],
            "alerts": document["alerts"][:_MOST_TOLD],
            "point": place(document["point"]),
            "version": version,
        }
    )


def joined(document: Document, joining: Sequence[Joining]) -> Change:
    """What further alerts change; how grave it is unless the rule has said so."""
    room = MOST_ALERTS - len(document["alerts"])
    kept = [one.seen.id for one in sorted(joining, key=lambda one: one.seen.id)][: max(room, 0)]
    least: Document = {"first_at": min(one.document["first_at"] for one in joining)}
    if not document["severity_fixed"]:
        least["severity"] = min(one.seen.severity for one in joining)
    return Change(
        set=_together(document, (one.seen.type.value for one in joining), (one.seen.channel for one in joining)),
        push={"alerts": kept} if kept else {},
        inc={"alert_count": len(joining)},
        min=least,
        max={"last_at": max(one.document["last_at"] for one in joining)},
    )


def absorbed(document: Document, other: Document, now: datetime) -> Change:
    """What an incident that is merged into this one changes: its alerts and its evidence go along."""
    room = max(MOST_ALERTS - len(document["alerts"]), 0)
    known = {one["case_no"] for one in document["evidence"]}
    least: Document = {"first_at": other["first_at"]}
    if not document["severity_fixed"]:
        least["severity"] = other["severity"]
    return Change(
        set=_together(document, other["types"], other["channel_keys"]),
        push={
            "alerts": [alert for alert in other["alerts"] if alert not in document["alerts"]][:room],
            "evidence": [one for one in other["evidence"] if one["case_no"] not in known],
            "timeline": [
                entry(
                    now,
                    SERVICE,
                    "absorb",
                    from_state=document["state"],
                    to_state=document["state"],
                    note=other["_id"],
                )
            ],
        },
        inc={"alert_count": other["alert_count"]},
        min=least,
        max={"last_at": other["last_at"]},
    )


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


def _together(document: Document, types: Iterable[str], channels: Iterable[str]) -> Document:
    return {
        "types": sorted({*document["types"], *types}),
        "channel_keys": sorted({*document["channel_keys"], *channels})[:_MOST_CHANNELS],
    }

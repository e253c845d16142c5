"""A case as it is stored, as the machine reads it, and as it is shown."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.cases import Case, CaseSource, CaseState, Clock, Feedback, Place, Reporter
from contracts.shared import Caller, Scope, TimelineEntry
from services.cases.clocks import StageClock
from services.cases.domain import CaseRecord, allowed_actions
from services.cases.intake import Report
from services.cases.machine import Outcome, next_look
from services.cases.privacy import masked
from services.chassis import context
from services.chassis.aggregates import Change

Document = dict[str, Any]

# what lists leave in the store
UNLISTED = {"timeline": 0, "applied": 0, "outbox": 0}


def new_document(report: Report, outcome: Outcome, position: int, now: datetime) -> Document:
    """The document of a new case. The reporter is kept apart from all else, under `private`."""
    record = outcome.record
    client, person = record.reported_by
    document: Document = {
        "_id": record.case_no,
        "position": position,
        "origin": report.origin,
        "source": report.source,
        "category": record.category,
        "urgency": report.urgency,
        "description": report.description,
        "place": report.place.model_dump(),
        "media": list(report.media),
        "occurred_at": report.occurred_at,
        "reported_at": now,
        "reported_by": {"client": client, "person": person},
        "site_check_required": record.site_check_required,
        "evidence_required": record.evidence_required,
        "trace_id": report.trace_id,
        "timeline": _timeline(outcome),
        **_state_fields(record),
    }
    document |= {name: value for name in ("alert", "incident") if (value := getattr(record, name)) is not None}
    if report.reporter is not None:
        document["private"] = {"reporter": report.reporter.model_dump()}
    return document


def change(outcome: Outcome, now: datetime) -> Change:
    """What a step writes. `watch_at` is absent from a case on which nothing runs, `closed_at` from one not closed."""
    moments = {"watch_at": next_look(outcome.record, now), "closed_at": outcome.record.closed_at}
    return Change(
        set={**_state_fields(outcome.record), **{name: at for name, at in moments.items() if at}},
        unset=[name for name, at in moments.items() if not at],
        push={"timeline": _timeline(outcome)},
    )


def shifted(outcome: Outcome) -> Change:
    """What a move to another grid writes: nothing but the place."""
    place = outcome.record.place
    return Change(set={"place.grid": place.grid, "place.path": place.path}, push={"timeline": _timeline(outcome)})


@dataclass(frozen=True)
class StoredCase:
    """A case that was read."""

    document: Document

    @property
    def record(self) -> CaseRecord:
        """What the machine reads."""
        return _to_record(self.document)

    @property
    def timeline(self) -> list[TimelineEntry]:
        """Oldest first; empty where it was not read."""
        return [TimelineEntry.model_validate(entry) for entry in self.document.get("timeline", [])]

    def has_applied(self, message_id: str | None) -> bool:
        """Whether this very message has changed the case before."""
        return message_id in self.document.get("applied", ())

    def shown_to(self, caller: Caller) -> Case:
        """What this caller sees: the steps that are legal now, the reporter masked unless the caller may read them."""
        return _to_case(self, context.now(), unmasked=caller.may(Scope.PII_READ))


def _to_record(document: Document) -> CaseRecord:
    return CaseRecord(
        case_no=document["_id"],
        state=CaseState(document["state"]),
        version=document["version"],
        category=document["category"],
        place=Place.model_validate(document["place"]),
        alert=document.get("alert"),
        incident=document.get("incident"),
        reported_by=(document["reported_by"]["client"], document["reported_by"]["person"]),
        site_check_required=document["site_check_required"],
        evidence_required=document["evidence_required"],
        owner_org=document["owner_org"],
        owner_path=tuple(document["owner_path"]),
        assignee=document["assignee"],
        assigned_by=document["assigned_by"],
        clocks=tuple(_to_clock(clock) for clock in document["clocks"]),
        suspended_until=document["suspended_until"],
        returned_by=tuple(document["returned_by"]),
        extensions=document["extensions"],
        rework_count=document["rework_count"],
        unsolved_count=document["unsolved_count"],
        reopened_count=document["reopened_count"],
        resolved_by=document["resolved_by"],
        result=document["result"],
        evidence=tuple(document["evidence"]),
        feedback=Feedback.model_validate(document["feedback"]) if document["feedback"] else None,
        closed_at=document.get("closed_at"),
    )


def _to_case(stored: StoredCase, now: datetime, *, unmasked: bool) -> Case:
    document, record = stored.document, stored.record
    return Case(
        case_no=record.case_no,
        source=CaseSource(document["source"]),
        category=record.category,
        urgency=document["urgency"],
        description=document["description"],
        place=record.place,
        state=record.state,
        owner_org=record.owner_org,
        assignee=record.assignee,
        assigned_by=record.assigned_by,
        alert=record.alert,
        incident=record.incident,
        reporter=_reporter(document, unmasked=unmasked),
        clocks=[Clock.model_validate(asdict(clock)) for clock in record.clocks],
        result=record.result,
        evidence=list(record.evidence),
        media=document["media"],
        returns=len(record.returned_by),
        extensions=record.extensions,
        suspended_until=record.suspended_until,
        rework_count=record.rework_count,
        reopened_count=record.reopened_count,
        feedback=record.feedback,
        allowed_actions=allowed_actions(record, now),
        reported_at=document["reported_at"],
        occurred_at=document["occurred_at"],
        closed_at=record.closed_at,
        version=record.version,
        timeline=stored.timeline,
        trace_id=document["trace_id"],
    )


def _reporter(document: Document, *, unmasked: bool) -> Reporter | None:
    private = document.get("private")
    if private is None:
        return None
    reporter = Reporter.model_validate(private["reporter"])
    return reporter if unmasked else masked(reporter)


def _clock_document(clock: StageClock) -> Document:
    fields = asdict(clock)
    fields["left_s"] = fields.pop("left").total_seconds()
    return fields


def _to_clock(fields: Document) -> StageClock:
    known = {name: value for name, value in fields.items() if name != "left_s"}
    return StageClock(**known, left=timedelta(seconds=fields["left_s"]))


def _timeline(outcome: Outcome) -> list[Document]:
    return [entry.model_dump(exclude_none=True) for entry in outcome.entries]


def _state_fields(record: CaseRecord) -> Document:
    return {
        "state": record.state,
        "owner_org": record.owner_org,
        "owner_path": list(record.owner_path),
        "assignee": record.assignee,
        "assigned_by": record.assigned_by,
        "clocks": [_clock_document(clock) for clock in record.clocks],
        "suspended_until": record.suspended_until,
        "returned_by": list(record.returned_by),
        "extensions": record.extensions,
        "rework_count": record.rework_count,
        "unsolved_count": record.unsolved_count,
        "reopened_count": record.reopened_count,
        "resolved_by": record.resolved_by,
        "result": record.result,
        "evidence": list(record.evidence),
        "feedback": record.feedback.model_dump() if record.feedback else None,
    }

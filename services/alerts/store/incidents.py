"""事件 in the store: opened and joined by correlation, taken further by people and cases, listed.

What an incident does to its alerts is written in the incident first (`spreads`) and then into each alert.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pymongo import IndexModel

from contracts.alerts import (
    ActOnIncident,
    Incident,
    IncidentAction,
    IncidentClosed,
    IncidentResult,
    IncidentState,
    ListIncidents,
)
from contracts.base import Event
from contracts.cases import CaseStep
from contracts.faults import Conflict, Invalid, NotFound
from contracts.shared import Page
from services.alerts import handling
from services.alerts.climbing import Ladder
from services.alerts.store import documents, incident_documents
from services.alerts.store.incident_documents import Joining
from services.alerts.store.staffing import Staffing
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Changed, Document, New
from services.chassis.portions import by_key
from services.chassis.stretches import newest

INDEXES = [
    IndexModel("order", name="newest"),
    *(IndexModel([(name, 1), ("order", 1)], name=f"newest_{name}") for name in ("running", "state", "rule", "within")),
    IndexModel([("family", 1), ("last_at", 1)], name="recent"),
    IndexModel("spreads", name="spreads", sparse=True),
    IndexModel("look_at", name="look", sparse=True),
    IndexModel("climb_at", name="climb", sparse=True),
]
# a round joins a hundred alerts at most, and must find its own again
APPLIED_KEPT = 512
_MOST_HOPS = 8
_MOST_CLIMBED = 200
_FIRST_STRETCH = timedelta(hours=1)
_UNLISTED = {"timeline": 0, "applied": 0, "outbox": 0, "alerts": 0}


class By(NamedTuple):
    """Who takes a step, when, and what is to be said of it."""

    actor: str
    note: str | None
    at: datetime


class Incidents:
    """The incidents. Every change of state goes through the machine in handling.py."""

    def __init__(self, incidents: Aggregates, staffing: Staffing) -> None:
        self._incidents, self._staffing = incidents, staffing

    def read(self, ids: Iterable[str]) -> dict[str, Document]:
        """Those that stand, and those that they were merged into."""
        found: dict[str, Document] = {}
        wanted = set(ids)
        for _ in range(_MOST_HOPS):
            if not wanted:
                break
            found |= {one["_id"]: one for one in by_key(self._incidents.collection, wanted, {"timeline": 0})}
            wanted = {one["merged_into"] for one in found.values() if one["merged_into"]} - found.keys()
        return found

    def open(self, new: Sequence[New]) -> None:
        """Write new ones; what stands already stays."""
        self._incidents.insert_many(new)

    def join(self, joining: Mapping[str, Sequence[Joining]], standing: Mapping[str, Document]) -> bool:
        """Put alerts into running incidents, each once ever; False: somebody else was at one of them."""
        changed = []
        for id, alerts in joining.items():
            document = standing[id]
            new = [one for one in alerts if not holds(document, one.seen.id)]
            if new:
                change = incident_documents.joined(document, new)
                changed.append(Changed(id, document["version"], change, message_ids=[one.seen.id for one in new]))
        return "stale" not in self._incidents.update_many(changed)

    def get(self, id: str) -> Incident:
        """One, with its timeline."""
        return incident_documents.view(self.document(id))

    def document(self, id: str) -> Document:
        """As it stands. Raises NotFound."""
        found = self._incidents.get(id)
        if found is None:
            raise NotFound("incident_unknown", "没有这个事件", "no such incident")
        return found

    def page(self, query: ListIncidents) -> Page[Incident]:
        """Newest first, without timelines."""
        asked = (
            ("rule", query.rule),
            ("within", query.grid),
            ("running", True if query.open else None),
            ("state", query.state),
        )
        conditions = {name: value for name, value in asked if value is not None}
        found = newest(
            self._incidents.collection,
            "order",
            documents.ranges(documents.before(query.cursor), _FIRST_STRETCH),
            conditions,
            limit=query.limit + 1,
            hidden={"timeline": 0},
        )
        shown, following = cursors.cut(found, query.limit)
        return Page(items=[incident_documents.view({**one, "timeline": []}) for one in shown], next=following)

    def act(self, command: ActOnIncident) -> Document:
        """One step of the machine; the incident as it then stands. Its alerts are to follow."""
        document = self.document(command.id)
        if context.applied(document):
            return document
        handling.check(command)
        command.check_version(document["version"])
        steps = handling.walk(IncidentState(document["state"]), command.action)
        if command.into is not None:
            self._check_target(document, command.into)
        further = {"into": command.into, "result": command.result}
        self._walk(document, steps, By(command.caller.who, command.note, context.now()), further)
        return self.document(command.id)

    def follow_case(self, id: str, case: CaseStep, until: IncidentState, note: str, **further: object) -> Document:
        """Take the steps that lead to a state, as its case has. Raises NotFound."""
        document = self.document(id)
        if context.applied(document):
            return document
        steps = handling.way(IncidentState(document["state"]), until)
        if steps or (document["case_no"] is None and document["running"]):
            further |= {"case_no": case.case_no, "answered_by": case.assignee}
            self._walk(document, steps, By("cases", f"{case.case_no} {note}", context.now()), further)
        return self.document(id)

    def near(self, family: str, since: datetime, until: datetime) -> list[Document]:
        """Running incidents of a family of which something was seen within these times, and which have a place."""
        recent = {"family": family, "last_at": {"$gte": since, "$lte": until}}
        found = self._incidents.collection.find(recent, _UNLISTED)
        return [one for one in found if one["running"] and one["point"]]

    def add_evidence(self, document: Document, evidence: Document, now: datetime) -> None:
        """人防+技防: what a worker reported of the same matter, once for each case."""
        if any(one["case_no"] == evidence["case_no"] for one in document["evidence"]):
            return
        state, note = document["state"], f"{evidence['case_no']} ({evidence['distance_m']:.0f} m)"
        added = documents.entry(now, "cases", "evidence", from_state=state, to_state=state, note=note)
        change = Change(push={"evidence": [evidence], "timeline": [added]})
        self._incidents.update(document["_id"], document["version"], change)

    def spreading(self, limit: int) -> list[Document]:
        """Incidents whose alerts have still to follow them."""
        return list(self._incidents.collection.find({"spreads": True}, {"timeline": 0}).limit(limit))

    def spread(self, document: Document) -> None:
        """Its alerts have followed."""
        self._incidents.update_many([Changed(document["_id"], document["version"], Change(unset=("spreads",)))])

    def absorb(self, other: Document) -> Document:
        """The incident that another was merged into, once it has taken over what that one held."""
        target = self._standing_for(other)
        mark = f"merge:{other['_id']}"
        if mark not in target["applied"]:
            change = incident_documents.absorbed(target, other, context.now())
            if self._incidents.update_many([Changed(target["_id"], target["version"], change, message_ids=[mark])]) == [
                "stale"
            ]:
                raise Conflict("version_stale", "事件正被他人更新", "the incident is being changed by somebody else")
        return target

    def to_look_at(self, now: datetime, limit: int) -> list[Document]:
        """Incidents that end with their alerts, and whose turn it is."""
        return self._due("look_at", now, limit)

    def climb(self, now: datetime) -> None:
        """Tell the next level of the incidents that nobody has answered in time (at most 200, the others next time)."""
        due = self._due("climb_at", now, _MOST_CLIMBED)
        ladders = self._staffing.ladders(due)
        changed = (incident_documents.escalated(one, ladders[one["_id"]], now) for one in due)
        self._incidents.update_many([one for one in changed if one])

    def looked_at(self, found: Sequence[Document], ended: Iterable[str], now: datetime) -> None:
        """Resolve those all of whose alerts have ended, drop those still 待确认; look at the others again."""
        over = set(ended)
        changed = []
        for document in found:
            if document["_id"] not in over:
                change = Change(set={"look_at": now + incident_documents.LOOK_AFTER})
                changed.append(Changed(document["_id"], document["version"], change))
                continue
            steps = handling.over(IncidentState(document["state"]))
            by = By(documents.SERVICE, "告警已全部结束 / all its alerts have ended", now)
            change, events = _walked(document, steps, by, {"result": IncidentResult.OVER}, {})
            changed.append(Changed(document["_id"], document["version"], change, events))
        self._incidents.update_many(changed)

    def _due(self, clock: str, now: datetime, limit: int) -> list[Document]:
        due = {clock: {"$gt": datetime.fromtimestamp(0, now.tzinfo), "$lte": now}}
        return list(self._incidents.collection.find(due, {"timeline": 0}).limit(limit))

    def _walk(self, document: Document, steps: Sequence[IncidentAction], by: By, further: Mapping[str, object]) -> None:
        change, events = _walked(document, steps, by, further, self._ladders([document]))
        self._incidents.update(document["_id"], document["version"], change, events)

    def _ladders(self, found: Iterable[Document]) -> dict[str, Ladder]:
        """Of those that a step may open."""
        return self._staffing.ladders(one for one in found if one["state"] == IncidentState.CANDIDATE)

    def _check_target(self, document: Document, into: str) -> None:
        target = self._incidents.get(into)
        if target is None:
            raise Invalid.field(
                "/into", "incident_unknown", "没有要并入的事件", "there is no such incident to merge into"
            )
        if not target["running"] or target["governance"] != document["governance"]:
            raise Invalid.field(
                "/into",
                "into_unfit",
                "只能并入未结束的同类事件 (治理事件只并入治理事件)",
                "it must be running, and governance goes with governance only",
            )

    def _standing_for(self, document: Document) -> Document:
        """The last of a chain of mergers."""
        for _ in range(_MOST_HOPS):
            if document["merged_into"] is None:
                break
            document = self.document(document["merged_into"])
        return document


def holds(document: Document, alert: str) -> bool:
    """Whether an alert has joined the incident."""
    return alert in document["alerts"] or alert in document["applied"]


def _walked(
    document: Document,
    steps: Sequence[IncidentAction],
    by: By,
    further: Mapping[str, Any],
    ladders: Mapping[str, Ladder],
) -> tuple[Change, list[Event]]:
    """Several steps of the machine as one change. `further`: case_no, result, into, answered_by."""
    state, version = IncidentState(document["state"]), document["version"] + 1
    after: Document = {"case_no": document["case_no"] or further.get("case_no")}
    entries: list[object] = []
    events: list[Event] = []
    notices: list[object] = []
    unset: list[str] = []
    for action in steps:
        reached = handling.STEPS[state, action]
        told = {"from_state": state.value, "to_state": reached.value, "note": by.note, "trace_id": context.trace_id()}
        entries.append(documents.entry(by.at, by.actor, action.value, **told))
        match action:
            case IncidentAction.CONFIRM:
                first = incident_documents.told(document, ladders[document["_id"]], by.at, version)
                after |= first.fields
                entries += first.entries
                notices += first.notices
                events.append(first.event)
            case IncidentAction.ANSWER:
                after |= {"answered_by": further.get("answered_by") or by.actor, "answered_at": by.at}
            case IncidentAction.MERGE:
                after["merged_into"] = further["into"]
            case IncidentAction.REJECT:
                after["result"] = IncidentResult(further.get("result") or IncidentResult.FALSE).value
            case IncidentAction.CLOSE:
                result = IncidentResult(further["result"])
                after["result"] = result.value
                closed = IncidentClosed(id=document["_id"], result=result, case_no=after["case_no"], version=version)
                events.append(closed)
        state = reached
    if state in handling.ENDED:
        after |= {"running": False, "closed_at": by.at}
    if state in handling.ENDED or state is IncidentState.RESOLVED:
        unset.append("look_at")
    if state in handling.SETTLED:
        after.pop("climb_at", None)
        unset.append("climb_at")
    if not document["governance"] and (state in handling.ENDED or after["case_no"] != document["case_no"]):
        after["spreads"] = True
    if state is IncidentState.MERGED:
        after["spreads"] = True
    push = {name: added for name, added in (("timeline", entries), ("notices", notices)) if added}
    return Change({**after, "state": state.value}, unset, push), events

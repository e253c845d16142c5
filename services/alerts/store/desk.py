"""告警台: what people and cases do to alerts, and how they are listed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter

from contracts.alerts import (
    ActOnAlert,
    Alert,
    AlertAcknowledged,
    AlertAction,
    AlertClosed,
    AlertJudged,
    AlertReopened,
    AlertState,
    ListAlerts,
    SilenceTrial,
    TrySilence,
    Verdict,
)
from contracts.base import Event
from contracts.faults import NotFound
from contracts.shared import Page
from services.alerts import domain, silencing
from services.alerts.store import documents
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Changed, Document
from services.chassis.portions import by_key
from services.chassis.stretches import meets, newest

_GRID_DIGITS = 15
# a storm brings a thousand a minute, and all of a stretch is read
_FIRST_STRETCH = timedelta(seconds=10)
_HIDDEN = {"timeline": 0}
_MOST_TRIED = 1000
_MOST_SHOWN = 20


class Desk:
    """The alerts as people see them. Every change of state goes through the machine in domain.py."""

    def __init__(self, alerts: Aggregates) -> None:
        self._alerts = alerts

    def get(self, id: str) -> Alert:
        """One, with its timeline."""
        return documents.alert(self._document(id))

    def media(self, id: str) -> list[str]:
        """The references of its pictures, addresses among them."""
        found: list[str] = self._document(id)["media"]
        return found

    def page(self, query: ListAlerts) -> Page[Alert]:
        """Newest first, without timelines."""
        before, conditions = documents.before(query.cursor), _conditions(query)
        one_more = query.limit + 1
        if query.incident is not None:
            found = self._of_incident(query, conditions, before)[:one_more]
        else:
            found = newest(
                self._alerts.collection,
                "muted" if query.muted else "order",
                documents.ranges(before, _FIRST_STRETCH),
                conditions,
                limit=one_more,
                hidden=_HIDDEN,
                narrowed=not query.muted and next(iter(conditions), None) != "muted",
            )
        shown, following = cursors.cut(found, query.limit)
        return Page(items=[documents.alert({**document, "timeline": []}) for document in shown], next=following)

    def _of_incident(self, query: ListAlerts, conditions: Mapping[str, object], before: str) -> list[Document]:
        """All of them are read: they are as many as one matter has."""
        found = [
            document
            for document in self._alerts.collection.find({"incident": query.incident}, _HIDDEN)
            if document["order"] < before and meets(document, conditions) and (not query.muted or "muted" in document)
        ]
        return sorted(found, key=itemgetter("order"), reverse=True)

    def try_silence(self, query: TrySilence) -> SilenceTrial:
        """The newest open alerts, held against the matchers."""
        silencing.refuse(silencing.expression_faults(query.matchers))
        found = newest(
            self._alerts.collection,
            "order",
            documents.ranges(documents.before(None), _FIRST_STRETCH),
            {"state": AlertState.OPEN.value},
            limit=_MOST_TRIED + 1,
            hidden={"timeline": 0, "outbox": 0, "applied": 0},
        )
        tried = found[:_MOST_TRIED]
        hit = [one for one in tried if silencing.hits(query.matchers, silencing.told(one))]
        return SilenceTrial(
            waits=silencing.hits_gravest(query.matchers),
            open_read=len(tried),
            complete=len(found) <= _MOST_TRIED,
            hits=len(hit),
            alerts=[documents.alert({**one, "timeline": []}) for one in hit[:_MOST_SHOWN]],
        )

    def act(self, command: ActOnAlert) -> Alert:
        """One step of the machine."""
        document = self._document(command.id)
        if context.applied(document):
            return documents.alert(document)
        command.check_version(document["version"])
        steps = [(command.action, command.verdict)]
        present = context.now()
        change, events = _walk(document, steps, command.caller.who, command.note, present)
        if command.action is AlertAction.ACKNOWLEDGE:
            # how long people let it wait; a case that closes answers for nobody
            change = replace(change, set={**change.set, "acknowledged_at": present})
        self._alerts.update(command.id, document["version"], change, events)
        return self.get(command.id)

    def note_case(self, id: str, case_no: str) -> None:
        """A case was opened from it; the first one stays."""
        document = self._document(id)
        if document["case_no"] is None:
            self._alerts.update(id, document["version"], Change(set={"case_no": case_no}))

    def close_by_case(self, id: str, case_no: str) -> None:
        """Its case is closed: the steps that are left, judged true, in one write."""
        document = self._document(id)
        steps = [
            (action, Verdict.TRUE if action is AlertAction.JUDGE else None)
            for action in domain.steps_to_closed(AlertState(document["state"]))
        ]
        if not steps:
            return
        document = {**document, "case_no": document["case_no"] or case_no}
        change, events = _walk(document, steps, "cases", f"案件 {case_no} 结案 / case closed", context.now())
        self._alerts.update(
            id,
            document["version"],
            Change({**change.set, "case_no": document["case_no"]}, change.unset, change.push),
            events,
        )

    def follow(self, incident: Document, into: Document, verdict: Verdict | None) -> bool:
        """Let the alerts of an incident follow it; whether none moved on meanwhile.

        They get its case, go along `into` the one that it was merged into, and are closed with a verdict.
        """
        alerts, settled = self._alerts.collection, True
        if incident["alert_count"] > len(incident["alerts"]):
            found = list(alerts.find({"incident": incident["_id"]}, {"timeline": 0}))
        else:
            found = list(by_key(alerts, incident["alerts"], {"timeline": 0}))
        for part in documents.chunks(found):
            changed = [_following(document, into, verdict, context.now()) for document in part]
            settled &= "stale" not in self._alerts.update_many([one for one in changed if one])
        return settled

    def _document(self, id: str) -> Document:
        found = self._alerts.get(id)
        if found is None:
            raise NotFound("alert_unknown", "没有这条告警", "no such alert")
        return found


def _conditions(query: ListAlerts) -> dict[str, str | None]:
    """Values by field, the narrowest first: closed is nearly everything after a while, and so is what is not muted."""
    own_grid = query.grid if query.grid and len(query.grid) == _GRID_DIGITS else None
    waiting = query.state if query.state is not AlertState.CLOSED else None
    asked = (
        ("device", query.device),
        ("within", own_grid),
        ("state", waiting),
        ("type", query.type),
        ("within", query.grid),
        ("state", query.state),
    )
    found: dict[str, str | None] = {}
    for name, value in asked:
        if value is not None:
            found.setdefault(name, str(value))
    return found | ({"muted": None} if query.muted is False else {})


def _following(document: Document, into: Document, verdict: Verdict | None, now: datetime) -> Changed | None:
    """What an alert does after its incident; None: it has done so."""
    after: Document = {"incident": into["_id"], "case_no": document["case_no"] or into["case_no"]}
    state = AlertState(document["state"])
    steps = [
        (action, verdict if action is AlertAction.JUDGE else None)
        for action in (domain.steps_to_closed(state) if verdict else ())
    ]
    if not steps and all(document.get(name) == value for name, value in after.items()):
        return None
    case_no = into["case_no"]
    actor, note = (
        ("cases", f"案件 {case_no} 结案 / case closed")
        if case_no
        else (documents.SERVICE, "事件关闭 / incident closed")
    )
    change, events = _walk({**document, **after}, steps, actor, note, now)
    push = change.push if steps else {}
    return Changed(document["_id"], document["version"], Change({**change.set, **after}, change.unset, push), events)


def _walk(
    document: Document,
    steps: Sequence[tuple[AlertAction, Verdict | None]],
    actor: str,
    note: str | None,
    now: datetime,
) -> tuple[Change, list[Event]]:
    """Several steps of the machine as one change; each has its entry in the timeline and its event."""
    state, closed_at = AlertState(document["state"]), document.get("closed_at")
    after: Document = {name: document[name] for name in ("verdict", "assignee", "ended_at", "case_no")}
    unset: list[str] = []
    entries: list[object] = []
    events: list[Event] = []
    id, version = document["_id"], document["version"] + 1
    for action, verdict in steps:
        domain.check_verdict(action, verdict)
        reached = domain.step(state, action, closed_at, now)
        entries.append(
            documents.entry(
                now,
                actor,
                action.value,
                from_state=state.value,
                to_state=reached.value,
                note=note,
                trace_id=context.trace_id(),
            )
        )
        match action:
            case AlertAction.ACKNOWLEDGE:
                after["assignee"] = actor
                events.append(AlertAcknowledged(id=id, actor=actor, version=version))
            case AlertAction.JUDGE if verdict:
                after["verdict"] = verdict.value
                events.append(AlertJudged(id=id, verdict=verdict, actor=actor, version=version))
            case AlertAction.CLOSE:
                after |= {"closed_at": now, "ended_at": after["ended_at"] or now}
                unset += [*documents.RUNNING, "waits_for"]
                events.append(AlertClosed(id=id, verdict=after["verdict"], case_no=after["case_no"], version=version))
            case AlertAction.REOPEN:
                after |= {"verdict": None, "assignee": None}
                unset += ["closed_at", "acknowledged_at"]
                events.append(AlertReopened(id=id, version=version))
        state = reached
    return Change({**after, "state": state.value}, unset, {"timeline": entries}), events

"""事件研判 at work: what was raised goes through the rules, in rounds that may be cut short anywhere and done again.

An alert is marked from the write that raises it until it has been through. A round writes the windows first: they
decide. Then the incidents, then the alerts, of these the marked ones last. Whoever finds a mark does the round again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from contracts.alerts import AlertType, Rule
from contracts.faults import Conflict
from services.alerts.correlating import Correlation, Known, Member, Seen, Window, windows_of
from services.alerts.store import AlertStore, incident_documents
from services.alerts.store.channels import key
from services.alerts.store.incident_documents import Joining
from services.alerts.store.incidents import holds
from services.alerts.store.raising import Causes
from services.chassis import context
from services.chassis.aggregates import Document, New
from services.chassis.company import company
from services.chassis.messages import Received

CORRELATE = "correlate alerts"
_AT_ONCE = 100
_ROUNDS = 5


def correlate_when_due(store: AlertStore) -> None:
    """Put what this process raised through the rules, unless the store is to have its rest."""
    if store.raised.due:
        store.raised.rest.after(lambda: correlate(store))


def correlate(store: AlertStore) -> None:
    """Put all that is marked through the rules, whoever raised it; one round at a time."""
    with store.raised.turn:
        store.raised.waiting = 0
        marked = store.alerts.uncorrelated()
        rules = store.rules.live() if marked else []
        for at in range(0, len(marked), _AT_ONCE):
            _settle(store, rules, marked[at : at + _AT_ONCE])


def seen_of(document: Document, scene: str | None = None) -> Seen:
    """An alert's document as rules see it."""
    return Seen(
        id=document["_id"],
        at=document["received_at"],
        type=AlertType(document["type"]),
        severity=document["severity"],
        device=document["device"],
        channel=key(document["device"], document["channel"]),
        grid=document["grid"],
        within=frozenset(document["within"]),
        target=document["target"],
        subject=document.get("subject"),
        scene=scene,
        muted=bool(document["silenced_by"] or document["inhibited_by"]),
    )


def _settle(store: AlertStore, rules: Sequence[Rule], batch: Sequence[Document]) -> None:
    with company(CORRELATE, [_cause(document) for document in batch], {"yiwang.alerts": len(batch)}) as together:
        causes = {document["_id"]: cause for document, cause in zip(batch, together.members, strict=True)}
        for _ in range(_ROUNDS):
            if _Round(store, rules, batch, causes).settled():
                return
            batch = list(store.alerts.read(causes).values())
    raise Conflict("version_stale", "告警正被他人研判", "the alerts are being correlated by somebody else")


class _Round:
    """One batch on its way: what is known of it, and the documents that it needs."""

    def __init__(self, store: AlertStore, rules: Sequence[Rule], batch: Sequence[Document], causes: Causes) -> None:
        self._store, self._causes = store, causes
        self._rules = {rule.id: rule for rule in rules}
        self._documents = {one["_id"]: one for one in batch}
        scenes = store.channels.scenes(map(_channel, batch)) if any(rule.match.scenes for rule in rules) else {}
        self._seen = [seen_of(one, scenes.get(_channel(one))) for one in batch]
        touched = [(rule, id, one) for one in self._seen for rule, id, _ in windows_of(rules, one)]
        self._windows = store.windows.read(id for _, id, _ in touched)
        first = min(one.at for one in self._seen)
        noted = {
            incident
            for window in self._windows.values()
            for incident in (
                window.running,
                *window.begun,
                *(one.incident for one in window.members if one.at >= first - self._reach(window)),
            )
            if incident
        }
        self._standing = store.incidents.read(noted)
        shared = {one.device for rule, _, one in touched if rule.share}
        self._channels = store.channels.count_of(shared) if shared else {}

    def _reach(self, window: Window) -> timedelta:
        return timedelta(seconds=self._rules[window.rule].window_s)

    def settled(self) -> bool:
        """Whether the batch went through; else somebody else was at it, and it is to be read again."""
        found = self._decided()
        return (
            found is not None and self._write(found) and self._open(found) and self._join(found) and self._mark(found)
        )

    def _decided(self) -> Correlation | None:
        """What the rules say, once it is known of everybody whether they are in an incident already."""
        placed = {
            one.alert: one.incident
            for window in self._windows.values()
            for one in window.members
            if one.incident and self._holds(one) and not self._standing[one.incident]["governance"]
        }
        for _ in range(_ROUNDS):
            found = Correlation(self._rules.values(), self._known(placed))
            found.run(self._seen)
            others = {alert for alerts in found.taken.values() for alert in alerts} - self._documents.keys()
            self._documents |= self._store.alerts.read(others)
            elsewhere = {
                alert: incident
                for id, alerts in found.taken.items()
                if not self._governs(found, id)
                for alert in alerts
                if (incident := self._documents[alert].get("incident")) not in (None, id)
            }
            if not elsewhere.keys() - placed.keys():
                return found
            placed |= elsewhere
            self._standing |= self._store.incidents.read(set(elsewhere.values()) - self._standing.keys())
        return None

    def _write(self, found: Correlation) -> bool:
        """The windows that take alerts, then those that know of it."""
        takers = [found.windows[id] for id in found.takers]
        others = [window for id, window in found.windows.items() if id not in found.takers]
        write = self._store.windows.write
        return write(self._windows, takers, self._rules) and write(self._windows, others, self._rules)

    def _open(self, found: Correlation) -> bool:
        """The incidents that do not stand yet. They are counted first: whoever does it again counts them once."""
        missing = {id: found.owner(id) for id in found.taken if id not in self._standing}
        made: dict[str, list[str]] = {}
        for id, rule in missing.items():
            made.setdefault(rule, []).append(id)
        now = context.now()
        if missing and not self._store.rules.count(made, now):
            return False
        opened = [
            incident_documents.opened(id, self._rules[rule], self._joining(found.taken[id]), now)
            for id, rule in missing.items()
        ]
        ladders = self._store.staffing.ladders(opened)
        new = []
        for one in opened:
            document, events = incident_documents.announced(one, ladders[one["_id"]], now)
            first = min(found.taken[one["_id"]] & self._causes.keys())
            new.append(New(document, events, self._causes.get(document["alert"], self._causes[first])))
        self._store.incidents.open(new)
        self._standing |= self._store.incidents.read(missing)
        return True

    def _join(self, found: Correlation) -> bool:
        joining = {id: self._joining(alerts) for id, alerts in found.taken.items()}
        return self._store.incidents.join(joining, self._standing)

    def _mark(self, found: Correlation) -> bool:
        """Tell the alerts. Those of the batch go last: their marks bring back a round that was cut short."""
        own = {
            alert: self._standing[id]
            for id, alerts in found.taken.items()
            if not self._standing[id]["governance"]
            for alert in alerts
        }
        alerts, marked = self._store.alerts, self._causes.keys()
        for part in (own.keys() - marked, own.keys() & marked):
            if not alerts.join({alert: own[alert] for alert in part}, self._documents):
                return False
        alerts.correlated(marked - own.keys())
        return True

    def _known(self, placed: Mapping[str, str]) -> Known:
        return Known(
            windows={id: self._cleaned(window) for id, window in self._windows.items()},
            incidents={id: self._alive(id) for id in self._standing},
            placed=placed,
            channels=self._channels,
        )

    def _cleaned(self, window: Window) -> Window:
        """Without what was noted of marked alerts whose incident ended before it had them."""
        members = [
            one._replace(incident=None) if one.alert in self._causes and self._missed(one) else one
            for one in window.members
        ]
        return replace(window, members=members)

    def _holds(self, member: Member) -> bool:
        """Whether a marked alert is in the incident already."""
        incident = self._standing.get(member.incident or "")
        return incident is not None and member.alert in self._causes and holds(incident, member.alert)

    def _missed(self, member: Member) -> bool:
        incident = self._standing.get(member.incident or "")
        return incident is not None and self._alive(incident["_id"]) is None and not self._holds(member)

    def _alive(self, incident: str) -> str | None:
        document: Document | None = self._standing[incident]
        while document and document["merged_into"]:
            document = self._standing.get(document["merged_into"])
        return document["_id"] if document and document["running"] else None

    def _governs(self, found: Correlation, incident: str) -> bool:
        standing = self._standing.get(incident)
        return bool(standing["governance"]) if standing else self._rules[found.owner(incident)].governance

    def _joining(self, alerts: Iterable[str]) -> list[Joining]:
        return [Joining(seen_of(self._documents[alert]), self._documents[alert]) for alert in alerts]


def _channel(document: Document) -> str:
    return key(document["device"], document["channel"])


def _cause(document: Document) -> Received[Any]:
    cause: Received[Any] = Received(None, document["_id"], document["_id"], traceparent=document.get("traceparent"))
    return cause

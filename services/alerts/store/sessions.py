"""会商 in the store: one document for each session, written step by step; no event tells of it."""

from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from pymongo import IndexModel

from contracts.alerts import ActOnSession, ListSessions, OpenSession, Session, SessionAction
from contracts.faults import Invalid, NotFound
from contracts.shared import Page
from services.alerts import conferring
from services.alerts.store import documents
from services.alerts.store.channels import key
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Document
from services.chassis.stretches import newest

INDEXES = [
    IndexModel("order", name="newest"),
    IndexModel([("incident", 1), ("order", 1)], name="newest_incident"),
]
_FIRST_STRETCH = timedelta(days=30)
_MOST_NAMED = 100
# what the store itself counts, and what is worked out when it is read
_COUNTED = {"id", "version", "allowed_actions"}


class Sessions:
    """The sessions; the machine is in conferring.py."""

    def __init__(self, sessions: Aggregates, incidents: Aggregates, channels: Aggregates) -> None:
        self._sessions, self._incidents, self._channels = sessions, incidents, channels

    def open(self, command: OpenSession) -> Session:
        """A new one. Raises Invalid for an incident that does not exist."""
        if command.incident is not None and self._incidents.get(command.incident) is None:
            raise Invalid.field("/incident", "incident_unknown", "没有这个事件", "no such incident")
        # the same when the command comes again
        id = f"session-{sha256((context.message_id() or uuid4().hex).encode()).hexdigest()[:16]}"
        session = conferring.opened(id, command, context.now(), context.trace_id())
        order = f"{documents.mark(session.opened_at)}-{id}"
        self._sessions.insert({**session.model_dump(exclude=_COUNTED), "_id": id, "order": order})
        return self.get(id)

    def act(self, command: ActOnSession) -> Session:
        """One step of the machine. Raises Invalid for a channel that does not exist."""
        found = self._document(command.id)
        session = _view(found)
        if context.applied(found):
            return session
        command.check_version(session.version)
        after = conferring.acted(session, command, context.now(), context.trace_id())
        if command.action is SessionAction.WATCH:
            self._check_channel(command.device or "", command.channel or "")
        told = after.model_dump(exclude=_COUNTED | {"timeline"})
        self._sessions.update(command.id, session.version, Change(told, push={"timeline": [_entry(after)]}))
        return self.get(command.id)

    def get(self, id: str) -> Session:
        """One, with its timeline. Raises NotFound."""
        return _view(self._document(id))

    def page(self, query: ListSessions) -> Page[Session]:
        """Newest first, without timelines."""
        wanted = {"incident": query.incident} if query.incident is not None else {}
        ranges = documents.ranges(documents.before(query.cursor), _FIRST_STRETCH)
        found = newest(
            self._sessions.collection, "order", ranges, wanted, limit=query.limit + 1, hidden={"timeline": 0}
        )
        shown, following = cursors.cut(found, query.limit, "order")
        return Page(items=[_view(one) for one in shown], next=following)

    def of_incident(self, incident: str) -> list[str]:
        """The ids of its sessions (a hundred at most), newest first."""
        found = self._sessions.collection.find({"incident": incident}, {"_id": 1}).sort("order", -1).limit(_MOST_NAMED)
        return [one["_id"] for one in found]

    def _check_channel(self, device: str, channel: str) -> None:
        if self._channels.get(key(device, channel)) is None:
            raise Invalid.field("/channel", "channel_unknown", "没有这个点位", "no such channel")

    def _document(self, id: str) -> Document:
        found = self._sessions.get(id)
        if found is None:
            raise NotFound("session_unknown", "没有这个会商", "no such session")
        return found


def _entry(session: Session) -> Document:
    return session.timeline[-1].model_dump()


def _view(document: Document) -> Session:
    session = Session.model_validate({**document, "id": document["_id"]})
    return session.model_copy(update={"allowed_actions": conferring.allowed_actions(session)})

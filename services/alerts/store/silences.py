"""静默 in the store. How many alerts one has muted is counted beside its version: a storm makes no approval stale."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from pymongo import IndexModel, UpdateOne

from contracts.alerts import (
    ActOnSilence,
    CreateSilence,
    ListSilences,
    Matcher,
    Silence,
    SilenceAction,
    SilenceEnded,
    SilenceState,
)
from contracts.faults import NotFound, Refused
from contracts.shared import Page
from services.alerts import silencing
from services.alerts.silencing import Muting
from services.alerts.store import documents
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Changed, Document
from services.chassis.resting import Remembered
from services.chassis.stretches import newest

INDEXES = [IndexModel("order", name="newest"), IndexModel([("state", 1), ("order", 1)], name="newest_state")]
# each that is in force is held against each alert that is raised
MOST = 200

_REMEMBERED_S = 2.0
# folds whose muted alerts are counted: a fold that is finished again was left behind some seconds ago
_FOLDS_KEPT = 500
_FIRST_STRETCH = timedelta(days=7)
_HIDDEN = {"counted": 0, "outbox": 0, "applied": 0}


class Silences:
    """Those that wait, those in force and those that are over."""

    def __init__(self, silences: Aggregates) -> None:
        self._silences = silences
        self._remembered = Remembered(self._in_force, _REMEMBERED_S, _REMEMBERED_S)

    def active(self) -> list[Muting]:
        """Those in force, as they were two seconds ago at most, the oldest first."""
        return self._remembered.get()

    def create(self, command: CreateSilence) -> Silence:
        """Into force, or to wait for a second person."""
        id, now = context.message_id() or uuid4().hex, context.now()
        if (found := self._silences.get(id)) is not None:
            return _view(found)
        starts_at, ends_at = silencing.check(command, now)
        if len(self._not_ended()) >= MOST:
            zh, en = f"未结束的静默已达 {MOST} 个", f"{MOST} silences have not ended yet"
            raise Refused("silences_too_many", zh, en)
        waits = silencing.hits_gravest(command.matchers)
        self._silences.insert(
            {
                "_id": id,
                "order": f"{documents.mark(now)}{now.microsecond:06}-{id}",
                "matchers": [matcher.model_dump() for matcher in command.matchers],
                "reason": command.reason,
                "state": (SilenceState.PENDING if waits else SilenceState.ACTIVE).value,
                "starts_at": starts_at,
                "ends_at": ends_at,
                "created_by": command.caller.who,
                "approved_by": None,
                "ended_by": None,
                "muted": 0,
                "counted": [],
            }
        )
        return self._changed(id)

    def act(self, command: ActOnSilence) -> Silence:
        """Approve it, or end it early."""
        found = self._silences.get(command.id)
        if found is None:
            raise NotFound("silence_unknown", "没有这个静默", "no such silence")
        if context.applied(found):
            return _view(found)
        command.check_version(found["version"])
        actor = command.caller.who
        state = silencing.step(SilenceState(found["state"]), command.action, actor, found["created_by"])
        by = "approved_by" if command.action is SilenceAction.APPROVE else "ended_by"
        change = Change(set={"state": state.value, by: actor})
        events = [_ended(found, "hand")] if state is SilenceState.ENDED else []
        self._silences.update(command.id, found["version"], change, events)
        return self._changed(command.id)

    def page(self, query: ListSilences) -> Page[Silence]:
        """Newest first."""
        ranges = documents.ranges(documents.before(query.cursor), _FIRST_STRETCH)
        conditions = {"state": query.state.value} if query.state else {}
        found = newest(self._silences.collection, "order", ranges, conditions, limit=query.limit + 1, hidden=_HIDDEN)
        shown, following = cursors.cut(found, query.limit, "order")
        return Page(items=[_view(document) for document in shown], next=following)

    def end_due(self, now: datetime) -> None:
        """End those whose time is over, also those that nobody approved."""
        due = [found for found in self._not_ended() if found["ends_at"] <= now]
        change = Change(set={"state": SilenceState.ENDED.value})
        self._silences.update_many(
            [Changed(found["_id"], found["version"], change, [_ended(found, "time")]) for found in due]
        )

    def count(self, folds: Mapping[str, Mapping[str, int]]) -> None:
        """Add what each fold (→ silence → alerts) has raised under silences; a fold counts once, however often told."""
        writes = [
            UpdateOne(
                {"_id": silence, "counted": {"$ne": fold}},
                {"$inc": {"muted": alerts}, "$push": {"counted": {"$each": [fold], "$slice": -_FOLDS_KEPT}}},
            )
            for fold, muted in folds.items()
            for silence, alerts in muted.items()
        ]
        if writes:
            self._silences.collection.bulk_write(writes, ordered=False)

    def _changed(self, id: str) -> Silence:
        self._remembered.forget()
        return _view(self._silences.get(id) or {})

    def _in_force(self) -> list[Muting]:
        active = self._silences.collection.find({"state": SilenceState.ACTIVE.value}, _HIDDEN).sort("order", 1)
        return [
            Muting(found["_id"], [Matcher(**one) for one in found["matchers"]], found["starts_at"], found["ends_at"])
            for found in active
        ]

    def _not_ended(self) -> list[Document]:
        """Never more than may be made."""
        states = (SilenceState.PENDING.value, SilenceState.ACTIVE.value)
        return [found for state in states for found in self._silences.collection.find({"state": state}, _HIDDEN)]


def _ended(found: Mapping[str, Any], by: Literal["time", "hand"]) -> SilenceEnded:
    return SilenceEnded(id=found["_id"], by=by, muted=found["muted"], version=found["version"] + 1)


def _view(document: Mapping[str, Any]) -> Silence:
    actions = silencing.allowed_actions(SilenceState(document["state"]))
    return Silence.model_validate({**document, "id": document["_id"], "allowed_actions": actions})

"""重放 at the service that copies: its local copies are made anew from the logs of the owners, while they serve.

Every document that an event meets is marked with the replay. What no event met is asked for once more, by name; what
no owner's log knows even then is a stray and is removed. Only copies are replayed: a `LocalCopy` is exact by sequence
for ever, where an aggregate knows its last messages only. Each step may be done twice, by anybody.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from contracts.faults import Conflict, NotFound, Refused
from contracts.operations import NoteReplayed, Replay, ReplayPart, SettleReplay
from services.chassis import context
from services.chassis.aggregates import Document
from services.chassis.copies import COPIES, REPLAYS, LocalCopy
from services.chassis.room import Room
from services.chassis.settings import settings
from services.chassis.topology import TIERS, event_queue

_ASKED_AT_ONCE = 500
_NAMED = 100
_STUCK_MOST = 500
# correctness does not hang on it: who is not met by then is asked for by name
_FLIGHT_AT_MOST = timedelta(seconds=30)


class Rebuilding:
    """The one replay of a service, in the document `copies` of its collection `replays`."""

    def __init__(self, database: Database[Document], service: str, copies: Sequence[LocalCopy], room: Room) -> None:
        self._service, self._copies, self._room = service, {copy.name: copy for copy in copies}, room
        self._replays, self._audit = database[REPLAYS], database["audit"]

    def begin(self, actor: str) -> Replay:
        """A new replay, or the one that runs. Raises Refused where there are no copies."""
        if not self._copies:
            raise Refused("no_copies", "该服务没有可重放的副本", "this service keeps no copies")
        standing = self._replays.find_one({"_id": COPIES})
        if standing and standing["state"] == "running":
            return self._write(standing, lambda _: {})
        fresh: Document = {
            "id": uuid4().hex,
            "state": "running",
            "round": 1,
            "copy": None,
            "parts": _parts(self._copies.values()),
            "subjects": [],
            "found": [],
            "sent": 0,
            "removed": 0,
            "strays": [],
            "stuck": [],
            "started_at": context.now(),
            "started_by": actor,
            "ended_at": None,
            "sent_at": None,
            "trace_id": context.trace_id(),
        }
        self._record(actor, "begin_replay", fresh["id"], [])
        if standing:
            return self._write(standing, lambda replay: fresh if replay["state"] == "done" else {})
        try:
            self._replays.insert_one({**fresh, "_id": COPIES, "version": 1, "touched_at": context.now()})
        except DuplicateKeyError:
            return self._write(self._standing(), lambda _: {})
        return self.look()

    def look(self) -> Replay:
        """The replay that runs, or the last one. Raises NotFound."""
        return self._shown(self._standing())

    def note(self, told: NoteReplayed) -> Replay:
        """Keep how far an owner is."""

        def noted(replay: Document) -> Document:
            if not _of(replay, told.id, told.round):
                return {}
            parts = [
                {**part, "cursor": told.cursor, "left": told.left, "ended": told.cursor is None}
                if part["owner"] == told.owner and not part["ended"]
                else part
                for part in replay["parts"]
            ]
            # told again, it was counted
            known = any(
                part["ended"] or (told.cursor is not None and part["cursor"] == told.cursor)
                for part in replay["parts"]
                if part["owner"] == told.owner
            )
            sent = replay["sent"] + (0 if known else told.sent)
            ended = all(part["ended"] for part in parts)
            found = sorted({*replay["found"], *told.found})
            sent_at = context.now() if ended else None
            return {"parts": parts, "found": found, "sent": sent, "sent_at": sent_at}

        return self._write(self._standing(), noted)

    def settle(self, told: SettleReplay) -> Replay:
        """The next round, or the end; nothing while owners still send or messages may be on their way."""
        replay = self._standing()
        if not _of(replay, told.id, told.round) or replay["sent_at"] is None:
            return self._write(replay, lambda _: {})
        unmet = self._unmet(replay)
        if unmet and not self._landed(replay):
            return self._write(replay, lambda _: {})
        outcome = self._judge(replay, unmet, told.caller.who) if replay["copy"] else replay
        unmet = self._unmet(outcome)
        following = self._next_round(outcome, unmet) if unmet else self._ended(outcome)
        kept = {name: outcome[name] for name in ("removed", "strays", "stuck")}
        return self._write(
            replay, lambda standing: {**kept, **following} if standing["version"] == replay["version"] else {}
        )

    def _unmet(self, replay: Document) -> dict[str, list[Any]]:
        """By copy, the ids that no event has met, without those that are given up; some hundred of each."""
        if len(replay["stuck"]) >= _STUCK_MOST:
            return {}
        stuck = set(replay["stuck"])
        found = {
            name: [
                each["_id"]
                for each in copy.collection.find({"replay": {"$ne": replay["id"]}}, {"_id": 1}).limit(
                    _ASKED_AT_ONCE + len(stuck)
                )
                if f"{name}/{each['_id']}" not in stuck
            ]
            for name, copy in self._copies.items()
        }
        return {name: ids[:_ASKED_AT_ONCE] for name, ids in found.items() if ids}

    def _landed(self, replay: Document) -> bool:
        flown = context.now() - replay["sent_at"]
        if flown < timedelta(seconds=settings().retry_seconds[0] + 1):
            return False
        queues = {event_queue(self._service, wire) for part in replay["parts"] for wire in part["types"]}
        return flown > _FLIGHT_AT_MOST or not any(self._room.waiting({TIERS[0], *queues}).values())

    def _judge(self, replay: Document, unmet: dict[str, list[Any]], actor: str) -> Document:
        """Of those that were asked for by name: unknown to every owner is a stray, known and not met is stuck."""
        name, known = replay["copy"], set(replay["found"])
        asked = [id for id in unmet.get(name, ()) if str(id) in set(replay["subjects"])]
        strays = [id for id in asked if id not in known]
        if strays:
            self._record(actor, "remove_strays", replay["id"], [f"{name}/{id}" for id in strays])
        removed = 0
        for at in range(0, len(strays), _NAMED):
            part = {"_id": {"$in": strays[at : at + _NAMED]}}
            # one that was met by a live event in this very moment stays
            unconfirmed = {"replay": {"$ne": replay["id"]}, "sequence": 0}
            removed += self._copies[name].collection.delete_many({**part, **unconfirmed}).deleted_count
        return {
            **replay,
            "removed": replay["removed"] + removed,
            "strays": [*replay["strays"], *(f"{name}/{id}" for id in strays)][:_NAMED],
            "stuck": [*replay["stuck"], *(f"{name}/{id}" for id in asked if id in known)],
        }

    def _next_round(self, replay: Document, unmet: dict[str, list[Any]]) -> Document:
        name, ids = next(iter(unmet.items()))
        # so that any event of theirs applies: the number may be what is wrong
        writes = [UpdateOne({"_id": id, "replay": {"$ne": replay["id"]}}, {"$set": {"sequence": 0}}) for id in ids]
        self._copies[name].collection.bulk_write(writes, ordered=False)
        return {
            "round": replay["round"] + 1,
            "copy": name,
            "parts": _parts([self._copies[name]]),
            "subjects": [str(id) for id in ids],
            "found": [],
            "sent_at": None,
        }

    def _ended(self, replay: Document) -> Document:
        left = self._unconfirmed(replay)
        return {"state": "done", "ended_at": context.now(), "subjects": [], "found": [], "unconfirmed": left}

    def _unconfirmed(self, replay: Document) -> int:
        unmet = {"replay": {"$ne": replay["id"]}}
        return sum(copy.collection.count_documents(unmet) for copy in self._copies.values())

    def _write(self, standing: Document, change: Callable[[Document], Document]) -> Replay:
        """One change of the document as it stands; who was faster is read again."""
        for _ in range(10):
            changed = {**change(standing), "touched_at": context.now()}
            criteria = {"_id": COPIES, "version": standing["version"]}
            if self._replays.update_one(criteria, {"$set": changed, "$inc": {"version": 1}}).matched_count:
                return self._shown({**standing, **changed})
            standing = self._standing()
        raise Conflict("version_stale", "重放正由他人推进, 请重试", "somebody else carries the replay on, try again")

    def _standing(self) -> Document:
        found = self._replays.find_one({"_id": COPIES})
        if found is None:
            raise NotFound("replay_unknown", "该服务还没有重放过", "no replay of this service yet")
        return found

    def _shown(self, replay: Document) -> Replay:
        told = {name: replay[name] for name in Replay.model_fields if name in replay}
        if replay["state"] == "running":
            told["unconfirmed"] = self._unconfirmed(replay)
        parts = [ReplayPart(**part) for part in replay["parts"]]
        return Replay(**{**told, "service": self._service, "parts": parts, "copies": sorted(self._copies)})

    def _record(self, actor: str, action: str, replay: str, ids: Sequence[str]) -> None:
        self._audit.insert_one(
            {
                "at": context.now(),
                "actor": actor,
                "action": action,
                "replay": replay,
                "ids": list(ids),
                "trace_id": context.trace_id(),
            }
        )


def _parts(copies: Any) -> list[Document]:
    """Which owner has to send which of its events."""
    types = sorted({event.wire for copy in copies for event in copy.fed_by})
    owners = sorted({wire.partition(".")[0] for wire in types})
    return [
        {
            "owner": owner,
            "types": [wire for wire in types if wire.partition(".")[0] == owner],
            "cursor": None,
            "ended": False,
            "left": None,
        }
        for owner in owners
    ]


def _of(replay: Document, id: str, round: int) -> bool:
    return bool(replay["id"] == id and replay["round"] == round and replay["state"] == "running")

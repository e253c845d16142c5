"""死信: messages that could not be applied, filed in the service's own database, looked at and redriven there."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar, cast

from pymongo import IndexModel, UpdateOne
from pymongo.database import Database

from contracts.faults import NotFound
from contracts.operations import DeadLetter, DeadLetterPayload, ListDeadLetters, PastRedrive
from contracts.shared import Page
from services.chassis import context, cursors
from services.chassis.afterlife import epitaph
from services.chassis.aggregates import Document
from services.chassis.line import Delivery
from services.chassis.links import Publisher
from services.chassis.listening import Listen
from services.chassis.messages import MAX_BODY
from services.chassis.portions import by_key
from services.chassis.redriving import LONG_AGO, Redriving, moment
from services.chassis.room import Room
from services.chassis.topology import dead_queue

_log = logging.getLogger(__name__)
H = TypeVar("H", bound=Callable[..., None])
# of what the decoder refuses for its size the beginning is enough to recognise it by: its queue would refuse it again,
# and many of them at once fill the cache of the store
_KEPT_OF_TOO_LARGE = 65_536
_BYTES_AT_ONCE = 16 * 1024 * 1024
_MOMENT = timedelta(milliseconds=1)
_EPITAPH = frozenset({"x-queue", "x-reason", "x-attempts", "x-delivery-count"})


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that died: where it was to go, what it was, and why."""

    queue: str
    message_id: str
    body: bytes
    headers: dict[str, object]
    content_type: str
    reason: str
    attempts: int = 1

    @property
    def trace_id(self) -> str | None:
        """32 hex digits."""
        carried = self.headers.get("traceparent")
        return carried.split("-")[1] if isinstance(carried, str) and carried.count("-") == 3 else None


class DeadLetters:
    """The collection `dead_letters` and its audit."""

    def __init__(self, database: Database[Document], service: str) -> None:
        self._service = service
        self._letters, self._audit = database["dead_letters"], database["audit"]
        self._letters.create_indexes([IndexModel([("state", 1), ("dead_at", -1)], name="newest")])

    def file(self, letters: Sequence[Letter]) -> None:
        """Keep them; the same one twice is one, and one that was redriven and died again is that one."""
        named = {sha256(f"{one.queue} {one.message_id}".encode()).hexdigest()[:32]: one for one in letters}
        before = {
            found["_id"]: found.get("attempts_before", 0)
            for found in by_key(self._letters, named, {"attempts_before": 1})
        }
        writes, size = list[UpdateOne](), 0
        for id, letter in named.items():
            body = letter.body if len(letter.body) <= MAX_BODY else letter.body[:_KEPT_OF_TOO_LARGE]
            if writes and size + len(body) > _BYTES_AT_ONCE:
                self._letters.bulk_write(writes, ordered=False)
                writes, size = [], 0
            writes.append(_filed(id, letter, body, letter.attempts + before.get(id, 0)))
            size += len(body)
        if writes:
            self._letters.bulk_write(writes, ordered=False)

    def dead(self) -> int:
        """How many wait for somebody."""
        return self._letters.count_documents({"state": "dead"})

    def page(self, query: ListDeadLetters) -> Page[DeadLetter]:
        """Newest first, without payloads."""
        criteria: Document = {"state": query.state}
        if query.queue:
            criteria["queue"] = query.queue
        if query.since or query.until:
            # bounded on both sides: the embedded store reads the whole of an open range
            criteria["dead_at"] = {"$gte": query.since or LONG_AGO, "$lt": query.until or context.now() + _MOMENT}
        if query.cursor:
            at, last = cursors.decode(query.cursor, 2)
            before = moment(at)
            criteria["$or"] = [{"dead_at": {"$lt": before}}, {"dead_at": before, "_id": {"$lt": last}}]
        found = list(
            self._letters.find(criteria, {"body": 0, "headers": 0})
            .sort([("dead_at", -1), ("_id", -1)])
            .limit(query.limit + 1)
        )
        items = [self._shown(letter) for letter in found[: query.limit]]
        last_one = items[-1] if len(found) > query.limit else None
        return Page(items=items, next=cursors.encode(last_one.dead_at.isoformat(), last_one.id) if last_one else None)

    def look(self, id: str, actor: str) -> DeadLetterPayload:
        """The payload; the look is recorded first."""
        letter = self._letters.find_one({"_id": id})
        if letter is None:
            raise NotFound("dead_letter_unknown", "没有这条死信", "no such dead letter")
        self._audit.insert_one(
            {
                "at": context.now(),
                "actor": actor,
                "action": "look_at_dead_letter",
                "ids": [id],
                "trace_id": context.trace_id(),
            }
        )
        return DeadLetterPayload(
            id=id,
            content_type=letter["content_type"],
            body=bytes(letter["body"]).decode("utf-8", "backslashreplace"),
            letter=self._shown(letter),
            redrives=[PastRedrive(**past) for past in letter.get("redrives", ())],
        )

    def redriving(self, publisher: Publisher, room: Room) -> Redriving:
        """What sends these letters to their queues again."""
        return Redriving(self._letters, self._audit, publisher, room)

    def _shown(self, letter: Document) -> DeadLetter:
        told = {name: letter[name] for name in DeadLetter.model_fields if name in letter}
        return DeadLetter(id=letter["_id"], service=self._service, **told)


class FileLetters(Listen):
    """The service's dead-letter queue: the broker's and our own dead end up here."""

    def name_of_queue(self, service: str) -> str:
        """The dead-letter queue."""
        return dead_queue(service)

    def read(self, delivery: Delivery) -> Letter:
        """Any message is a letter, and one that the store takes: what cannot be filed would come back for ever."""
        queue, reason, attempts = epitaph(delivery.headers)
        return Letter(
            queue=_storable(queue),
            message_id=_storable(delivery.id),
            body=delivery.body,
            headers={
                _storable(name): value if isinstance(value, int) else _storable(value)
                for name, value in delivery.headers.items()
                if isinstance(value, (str, int)) and name not in _EPITAPH
            },
            content_type=_storable(delivery.properties.get("content_type") or ""),
            reason=_storable(reason),
            attempts=attempts,
        )


def _filed(id: str, letter: Letter, body: bytes, attempts: int) -> UpdateOne:
    present = context.now()
    return UpdateOne(
        {"_id": id},
        {
            "$set": {
                "queue": letter.queue,
                "message_id": letter.message_id,
                "body": body,
                "headers": letter.headers,
                "content_type": letter.content_type,
                "reason": letter.reason[:500],
                "attempts": attempts,
                "trace_id": letter.trace_id,
                "size": len(letter.body),
                "state": "dead",
                "dead_at": present,
            },
            "$setOnInsert": {"first_dead_at": present},
            "$unset": {"claim": "", "claimed_at": ""},
        },
        upsert=True,
    )


def files_dead_letters(handler: H) -> H:
    """Entrypoint: `handler(self, list[Letter])`."""
    return cast("H", FileLetters.decorator(None, 100, 0.05)(handler))


def _storable(value: object) -> str:
    """Text without NUL and lone surrogates, which BSON cannot hold."""
    return str(value).replace("\x00", "").encode("utf-8", "backslashreplace").decode()

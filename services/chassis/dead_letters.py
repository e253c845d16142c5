"""死信: messages that could not be applied, filed in the service's own database, looked at and redriven there."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar, cast

from pymongo import IndexModel, UpdateOne
from pymongo.database import Database

from contracts.faults import NotFound
from contracts.operations import DeadLetter, DeadLetterPayload
from contracts.shared import Page
from services.chassis import context, cursors
from services.chassis.aggregates import Document
from services.chassis.line import Delivery
from services.chassis.links import Outgoing, Publisher
from services.chassis.listening import Listen
from services.chassis.messages import MAX_BODY
from services.chassis.topology import TIERS, dead_queue

_log = logging.getLogger(__name__)
H = TypeVar("H", bound=Callable[..., None])
_REDRIVE_AT_MOST = 1000
# what the decoder refuses for its size is kept in part: the store takes 16 MiB at most
_KEPT_BODY = MAX_BODY


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
        """Keep them; the same one twice is one."""
        present = context.now()
        writes = [
            UpdateOne(
                {"_id": sha256(f"{letter.queue} {letter.message_id}".encode()).hexdigest()[:32]},
                {
                    "$set": {
                        "queue": letter.queue,
                        "message_id": letter.message_id,
                        "body": letter.body[:_KEPT_BODY],
                        "headers": letter.headers,
                        "content_type": letter.content_type,
                        "reason": letter.reason[:500],
                        "attempts": letter.attempts,
                        "trace_id": letter.trace_id,
                        "size": len(letter.body),
                        "state": "dead",
                        "dead_at": present,
                    }
                },
                upsert=True,
            )
            for letter in letters
        ]
        if writes:
            self._letters.bulk_write(writes, ordered=False)

    def dead(self) -> int:
        """How many wait for somebody."""
        return self._letters.count_documents({"state": "dead"})

    def page(self, state: str, cursor: str | None, limit: int) -> Page[DeadLetter]:
        """Newest first, without payloads."""
        criteria: Document = {"state": state}
        if cursor:
            at, last = cursors.decode(cursor, 2)
            before = datetime.fromisoformat(str(at))
            criteria["$or"] = [{"dead_at": {"$lt": before}}, {"dead_at": before, "_id": {"$lt": last}}]
        found = list(
            self._letters.find(criteria, {"body": 0, "headers": 0})
            .sort([("dead_at", -1), ("_id", -1)])
            .limit(limit + 1)
        )
        items = [
            DeadLetter(
                id=letter["_id"],
                service=self._service,
                **{
                    name: letter[name]
                    for name in ("queue", "message_id", "reason", "attempts", "trace_id", "dead_at", "size", "state")
                },
            )
            for letter in found[:limit]
        ]
        last_one = items[-1] if len(found) > limit else None
        return Page(items=items, next=cursors.encode(last_one.dead_at.isoformat(), last_one.id) if last_one else None)

    def look(self, id: str, actor: str) -> DeadLetterPayload:
        """The payload; the look is recorded first."""
        letter = self._letters.find_one({"_id": id})
        if letter is None:
            raise NotFound("dead_letter_unknown", "没有这条死信", "no such dead letter")
        self._record(actor, "look_at_dead_letter", [id])
        return DeadLetterPayload(
            id=id, content_type=letter["content_type"], body=bytes(letter["body"]).decode("utf-8", "backslashreplace")
        )

    def redrive(self, publisher: Publisher, actor: str, ids: Sequence[str], since: datetime | None) -> int:
        """Send them to their queues again, under the same message ids; again is harmless. At most 1,000 a call.

        One whose body was too large to be kept whole stays dead: its queue would refuse it again.
        """
        criteria: Document = {"state": "dead", "size": {"$lte": _KEPT_BODY}}
        if ids:
            criteria["_id"] = {"$in": list(ids)}
        if since:
            criteria["dead_at"] = {"$gte": since}
        letters = list(self._letters.find(criteria).limit(_REDRIVE_AT_MOST))
        if not letters:
            return 0
        self._record(actor, "redrive_dead_letters", [letter["_id"] for letter in letters])
        answers = publisher.publish([_again(letter) for letter in letters])
        gone = [letter["_id"] for letter, refused in zip(letters, answers, strict=True) if refused is None]
        self._letters.update_many(
            {"_id": {"$in": gone}, "state": "dead"}, {"$set": {"state": "redriven", "redriven_at": context.now()}}
        )
        return len(gone)

    def _record(self, actor: str, action: str, ids: Sequence[str]) -> None:
        self._audit.insert_one(
            {"at": context.now(), "actor": actor, "action": action, "ids": list(ids), "trace_id": context.trace_id()}
        )


class FileLetters(Listen):
    """The service's dead-letter queue: the broker's and our own dead end up here."""

    def name_of_queue(self, service: str) -> str:
        """The dead-letter queue."""
        return dead_queue(service)

    def read(self, delivery: Delivery) -> Letter:
        """Any message is a letter, and one that the store takes: what cannot be filed would come back for ever."""
        headers = dict(delivery.headers)
        died = headers.pop("x-death", None)
        first: dict[str, Any] = died[0] if isinstance(died, list) and died and isinstance(died[0], dict) else {}
        attempts = headers.pop("x-attempts", headers.pop("x-delivery-count", 1))
        reason = headers.pop("x-reason", f"broker: {first.get('reason', 'unknown')}")
        return Letter(
            queue=_storable(headers.pop("x-queue", first.get("queue", ""))),
            message_id=_storable(delivery.properties.get("message_id") or sha256(delivery.body).hexdigest()[:32]),
            body=delivery.body,
            headers={
                _storable(name): value if isinstance(value, int) else _storable(value)
                for name, value in headers.items()
                if isinstance(value, (str, int))
            },
            content_type=_storable(delivery.properties.get("content_type") or ""),
            reason=_storable(reason),
            attempts=attempts if isinstance(attempts, int) else 1,
        )


def files_dead_letters(handler: H) -> H:
    """Entrypoint: `handler(self, list[Letter])`."""
    return cast("H", FileLetters.decorator(None, 100, 0.05)(handler))


def _storable(value: object) -> str:
    """Text without NUL and lone surrogates, which BSON cannot hold."""
    return str(value).replace("\x00", "").encode("utf-8", "backslashreplace").decode()


def _again(letter: Document) -> Outgoing:
    # by way of the first retry tier: a service has no right to write into a queue directly
    headers = {name: value for name, value in letter["headers"].items() if name not in ("x-reason", "x-queue")}
    return Outgoing(
        TIERS[0], letter["queue"], bytes(letter["body"]), letter["message_id"], headers, letter["content_type"]
    )

"""重投: dead letters go back to their queues, each once however many people ask, and never more than there is room."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from pymongo import UpdateOne
from pymongo.collection import Collection

from contracts.faults import Invalid
from contracts.operations import RedriveDeadLetters, Redriven
from services.chassis import context, crash, cursors
from services.chassis.aggregates import Document
from services.chassis.links import Outgoing, Publisher
from services.chassis.messages import MAX_BODY
from services.chassis.portions import by_key
from services.chassis.room import Room
from services.chassis.topology import TIERS

_AT_ONCE = 200
_BYTES_AT_ONCE = 16 * 1024 * 1024
_CLAIM_HELD = timedelta(seconds=60)
_REDRIVES_KEPT = 20
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# what a page is chosen by; bodies are read only of those that go
_CHOSEN_BY = {"queue": 1, "dead_at": 1, "state": 1, "size": 1, "claim": 1, "claimed_at": 1, "attempts": 1, "reason": 1}


class Redriving:
    """Claims letters, publishes them, marks them.

    A claim is one atomic change of a letter, so that of two orders at one moment one takes it; a claim whose process
    died is void after a minute, and what it had published is recognised by its message id.
    """

    def __init__(self, letters: Collection[Document], audit: Collection[Document], publisher: Publisher, room: Room):
        self._letters, self._audit, self._publisher, self._room = letters, audit, publisher, room

    def redrive(self, order: RedriveDeadLetters) -> Redriven:
        """One page of the order, oldest first. Raises Invalid for an order that tells nothing, Unavailable."""
        if not (order.all or order.ids or order.queue or order.since or order.until):
            raise Invalid.field(
                "/ids",
                "selection_missing",
                "须指明重投哪些: ids、queue、since、until, 或 all: true",
                "say which: ids, queue, since, until, or all: true",
            )
        began, after = _place(order.cursor)
        chosen, more = self._choose(order, began, after)
        if not chosen:
            return Redriven(redriven=0)
        queues = self._room.found({letter["queue"] for letter in chosen if letter["queue"]})
        if queues is None:
            return Redriven(redriven=0, next=order.cursor or _cursor(began, LONG_AGO, ""))
        going = [letter for letter in chosen if queues.get(letter["queue"])]
        sent, refused = self._send(self._claim(going), order.caller.who)
        last = chosen[-1]
        return Redriven(
            redriven=sent,
            refused=refused + len(chosen) - len(going),
            next=_cursor(began, last["dead_at"], last["_id"]) if more else None,
        )

    def _choose(
        self, order: RedriveDeadLetters, began: datetime, after: tuple[datetime, str]
    ) -> tuple[list[Document], bool]:
        # what dies again on the way is younger than the order, which therefore ends
        until = min(order.until or began, began)
        since = max(order.since or LONG_AGO, after[0])
        # a body that was too large to be kept whole stays dead: its queue would refuse it again
        criteria: Document = {"state": "dead", "size": {"$lte": MAX_BODY}, "dead_at": {"$gte": since, "$lt": until}}
        if order.queue:
            criteria["queue"] = order.queue
        if order.ids:
            found = sorted(by_key(self._letters, set(order.ids), _CHOSEN_BY, **criteria), key=_key)
            left = [letter for letter in found if _key(letter) > after]
        else:
            criteria["$or"] = [{"dead_at": {"$gt": after[0]}}, {"dead_at": after[0], "_id": {"$gt": after[1]}}]
            oldest = self._letters.find(criteria, _CHOSEN_BY).sort([("dead_at", 1), ("_id", 1)])
            left = list(oldest.limit(_AT_ONCE + 1))
        page: list[Document] = []
        size = 0
        for letter in left[:_AT_ONCE]:
            size += letter["size"]
            if page and size > _BYTES_AT_ONCE:
                break
            page.append(letter)
        return page, len(left) > len(page)

    def _claim(self, letters: Sequence[Document]) -> list[Document]:
        token, present = uuid4().hex, context.now()
        free = [letter for letter in letters if letter.get("claimed_at", LONG_AGO) < present - _CLAIM_HELD]
        if not free:
            return []
        self._letters.bulk_write(
            [
                UpdateOne(
                    # by the claim that was read: the embedded store takes another index for a range beside the key
                    {"_id": letter["_id"], "claim": letter.get("claim")},
                    {"$set": {"claim": token, "claimed_at": present, "attempts_before": letter["attempts"]}},
                )
                for letter in free
            ],
            ordered=False,
        )
        mine = by_key(self._letters, {letter["_id"] for letter in free})
        return [letter for letter in mine if letter.get("claim") == token and letter["state"] == "dead"]

    def _send(self, letters: Sequence[Document], actor: str) -> tuple[int, int]:
        if not letters:
            return 0, 0
        present, trace = context.now(), context.trace_id()
        self._audit.insert_one(
            {
                "at": present,
                "actor": actor,
                "action": "redrive_dead_letters",
                "ids": [letter["_id"] for letter in letters],
                "trace_id": trace,
            }
        )
        answers = self._publisher.publish([_again(letter) for letter in letters])
        crash.point("after_publish")
        gone = [letter for letter, refused in zip(letters, answers, strict=True) if refused is None]
        writes = [write for letter in gone for write in _marks(letter, actor, present, trace)]
        if writes:
            self._letters.bulk_write(writes, ordered=True)
        return len(gone), len(letters) - len(gone)


def _marks(letter: Document, actor: str, at: datetime, trace: str | None) -> list[UpdateOne]:
    past = {"at": at, "by": actor, "reason": letter["reason"], "attempts": letter["attempts"], "trace_id": trace}
    return [
        UpdateOne(
            {"_id": letter["_id"]},
            {
                "$set": {"redriven_at": at, "redriven_by": actor},
                "$inc": {"redriven_count": 1},
                "$push": {"redrives": {"$each": [past], "$slice": -_REDRIVES_KEPT}},
            },
        ),
        # unless it has died again since, which took the claim away
        UpdateOne(
            {"_id": letter["_id"], "claim": letter["claim"]},
            {"$set": {"state": "redriven"}, "$unset": {"claim": "", "claimed_at": ""}},
        ),
    ]


def _again(letter: Document) -> Outgoing:
    # by way of the first retry tier: a service has no right to write into a queue directly
    headers = {name: value for name, value in letter["headers"].items() if name not in ("x-reason", "x-queue")}
    return Outgoing(
        TIERS[0], letter["queue"], bytes(letter["body"]), letter["message_id"], headers, letter["content_type"]
    )


def _key(letter: Document) -> tuple[datetime, str]:
    return letter["dead_at"], letter["_id"]


def _place(cursor: str | None) -> tuple[datetime, tuple[datetime, str]]:
    if cursor is None:
        return context.now() + timedelta(milliseconds=1), (LONG_AGO, "")
    began, at, id = cursors.decode(cursor, 3)
    return moment(began), (moment(at), str(id))


def moment(told: object) -> datetime:
    """The time in a cursor. Raises Invalid."""
    try:
        return datetime.fromisoformat(str(told)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.field(
            "/cursor", "cursor_invalid", "游标无效, 请从第一页重新开始", "not a cursor of this list"
        ) from None


def _cursor(began: datetime, at: datetime, id: str) -> str:
    return cursors.encode(began.isoformat(), at.isoformat(), id)

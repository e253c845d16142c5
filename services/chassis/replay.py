"""重放 at the owner: events of its log are sent again, under their own ids, to one service alone."""

import json
import time
from bisect import bisect_right
from collections.abc import Sequence

from eventlet.greenthread import sleep
from pymongo.database import Database

from contracts.faults import Invalid, NotFound, Unavailable
from contracts.operations import Replayed, ReplayEvents
from services.chassis import cursors, messages, tracing
from services.chassis.aggregates import Aggregates, Document
from services.chassis.links import Outgoing, Publisher
from services.chassis.portions import by_key, portions
from services.chassis.room import Room
from services.chassis.topology import TIERS, event_queue

_AT_ONCE = 500
_BYTES_AT_ONCE = 8 * 1024 * 1024
_CATCH_UP_S = 5.0
_KEPT_S = 60.0


class EventLog:
    """`event_log`: every event that was ever published, by its id.

    It is paged by id: exact, because an event that comes in meanwhile also goes out live. The ids are read in one go
    (the embedded store scans for a range of `_id`, and an index on the time would cost every event of every day).
    """

    def __init__(self, database: Database[Document], service: str, publisher: Publisher, room: Room) -> None:
        self._log, self._service = database["event_log"], service
        self._publisher, self._room = publisher, room
        self._ids: tuple[frozenset[str], float, list[str]] | None = None

    def replay(self, order: ReplayEvents, aggregates: Sequence[Aggregates]) -> Replayed:
        """One page. Raises Invalid for an event of somebody else, NotFound where nobody listens, Unavailable."""
        if any(wire.partition(".")[0] != self._service for wire in order.types):
            raise Invalid.field("/types", "not_the_owner", "只能重放本服务自己的事件", "not events of this service")
        if order.cursor is None:
            self._catch_up(aggregates)
        after = str(cursors.decode(order.cursor, 1)[0]) if order.cursor else ""
        ids = self._named(frozenset(order.types), fresh=order.cursor is None)
        start = bisect_right(ids, after)
        there = self._room.found({event_queue(order.to, wire) for wire in order.types})
        if there is None:
            return Replayed(sent=0, left=len(ids) - start, next=cursors.encode(after))
        if not all(there.values()):
            raise NotFound("queue_unknown", "该服务不接收这些事件", "that service does not listen to these events")
        end, going, found = self._read(ids, start, set(order.subjects), order.to)
        if any(self._publisher.publish(going)):
            raise Unavailable("bus_full", "消息队列已满, 请稍后再试", "the queue is full")
        more = cursors.encode(ids[end - 1]) if end < len(ids) else None
        return Replayed(sent=len(going), left=len(ids) - end, found=sorted(found), next=more)

    def _read(
        self, ids: Sequence[str], start: int, subjects: set[str], to: str
    ) -> tuple[int, list[Outgoing], set[str]]:
        end, going, found, size = start, list[Outgoing](), set[str](), 0
        traceparent = tracing.traceparent()
        for part in portions(ids[start : start + _AT_ONCE]):
            for event in by_key(self._log, part):
                if subjects:
                    subject = json.loads(event["body"])["subject"]
                    if subject not in subjects:
                        continue
                    found.add(subject)
                # by way of the first retry tier: a service has no right to write into a queue directly
                again = messages.outgoing(event["_id"], event["type"], event["body"], traceparent)
                going.append(again._replace(exchange=TIERS[0], routing_key=event_queue(to, event["type"])))
                size += len(again.body)
            end += len(part)
            if size > _BYTES_AT_ONCE:
                break
        return end, going, found

    def _named(self, types: frozenset[str], *, fresh: bool) -> list[str]:
        kept, present = self._ids, time.monotonic()
        if fresh or kept is None or kept[0] != types or present - kept[1] > _KEPT_S:
            found = self._log.find({"type": {"$in": sorted(types)}}, {"_id": 1}, batch_size=5000)
            kept = (types, present, sorted(event["_id"] for event in found))
        self._ids = (types, present, kept[2])
        return kept[2]

    def _catch_up(self, aggregates: Sequence[Aggregates]) -> None:
        # what was published a moment ago may not be in the log yet; until it is, it stands in an outbox
        ids = {
            entry["id"]
            for each in aggregates
            for pending in each.collection.find({"pending": True}, {"outbox.id": 1})
            for entry in pending["outbox"]
        }
        until = time.monotonic() + _CATCH_UP_S
        while ids:
            ids -= {event["_id"] for event in by_key(self._log, ids, {"_id": 1})}
            if ids and time.monotonic() > until:
                raise Unavailable("outbox_waiting", "仍有事件待发, 请稍后再试", "events still wait in the outbox")
            sleep(0.1 if ids else 0)

"""What a service finds out when its metrics are asked for: nobody waits longer than a second, and the store rests."""

import contextlib
from collections.abc import Mapping, Sequence
from math import nan

from eventlet.timeout import Timeout
from pymongo.database import Database

from contracts.faults import Unavailable
from services.chassis import metrics
from services.chassis.aggregates import Document
from services.chassis.looking import Look
from services.chassis.resting import Rest
from services.chassis.room import Room
from services.chassis.stores import alive
from services.chassis.tally import Tally

_FRESH_S, _REST_S = 10.0, 300.0


class Soundings:
    """Store and broker as gauges. What was never known is absent, or not a number."""

    def __init__(self, database: Database[Document], tally: Tally, room: Room, queues: Sequence[str]) -> None:
        self._database, self._tally, self._room, self._queues = database, tally, room, queues
        # not 0 before the first count has ended, from which they would seem to grow
        metrics.DEAD_LETTERS.set(nan)
        self._looks = [Look(self._knock, Rest(0)), tally, Look(self._measure, Rest(_REST_S, _FRESH_S))]

    def take(self) -> None:
        """Look at what was not looked at lately; what does not answer in time is told the next time."""
        metrics.STORE_UP.set(0)
        for look in self._looks:
            look.begin()
        with Timeout(metrics.PATIENCE_S, False):
            for look in self._looks:
                look.wait()
        self._tell()

    def _knock(self) -> None:
        metrics.STORE_UP.set(alive(self._database))

    def _tell(self) -> None:
        found = self._tally.found
        if found.at:
            metrics.DEAD_LETTERS.set(found.dead_letters)
        for collection, (events, seconds) in found.outboxes.items():
            metrics.OUTBOX_EVENTS.labels(collection).set(events)
            metrics.OUTBOX_OLDEST.labels(collection).set(seconds)

    def _measure(self) -> None:
        waiting: Mapping[str, int | None] = {}
        with contextlib.suppress(Unavailable):
            waiting = self._room.waiting(self._queues)
        metrics.QUEUE_MESSAGES.clear()
        for queue, count in waiting.items():
            if count is not None:
                metrics.QUEUE_MESSAGES.labels(queue).set(count)

"""What a service finds out when its metrics are asked for: nobody waits longer than a second, and the store rests."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from math import nan

from eventlet.greenthread import GreenThread, spawn
from eventlet.timeout import Timeout
from pymongo.database import Database
from pymongo.errors import PyMongoError

from contracts.faults import Unavailable
from services.chassis import metrics
from services.chassis.aggregates import Aggregates, Document
from services.chassis.dead_letters import DeadLetters
from services.chassis.resting import Rest
from services.chassis.room import Room
from services.chassis.stores import alive

_FRESH_S, _REST_S = 10.0, 300.0


class Look:
    """One question, asked by one at a time, and not again before it has rested."""

    def __init__(self, ask: Callable[[], None], rest: Rest) -> None:
        self._ask, self._rest = ask, rest
        self._asking: GreenThread | None = None

    def begin(self) -> None:
        """Ask, unless it is being asked or rests."""
        if (self._asking is None or self._asking.dead) and self._rest.over():
            self._asking = spawn(self._rest.after, self._ask)

    def wait(self) -> None:
        """Until the answer is there, where it is being asked."""
        if self._asking is not None:
            self._asking.wait()


class Soundings:
    """Store and broker as gauges. What is not known is absent, or not a number."""

    def __init__(
        self,
        database: Database[Document],
        aggregates: Sequence[Aggregates],
        letters: DeadLetters,
        room: Room,
        queues: Sequence[str],
    ) -> None:
        self._database, self._aggregates, self._letters = database, aggregates, letters
        self._room, self._queues = room, queues
        # not 0 before the first count has ended, from which they would seem to grow
        metrics.DEAD_LETTERS.set(nan)
        self._looks = [
            Look(self._knock, Rest(0)),
            Look(self._count, Rest(_REST_S, _FRESH_S)),
            Look(self._measure, Rest(_REST_S, _FRESH_S)),
        ]

    def take(self) -> None:
        """Look at what was not looked at lately; what does not answer in time is told the next time."""
        metrics.STORE_UP.set(0)
        for look in self._looks:
            look.begin()
        with Timeout(metrics.PATIENCE_S, False):
            for look in self._looks:
                look.wait()

    def _knock(self) -> None:
        metrics.STORE_UP.set(alive(self._database))

    def _count(self) -> None:
        dead, unpublished = nan, dict[str, tuple[int, float]]()
        with contextlib.suppress(PyMongoError):
            dead, unpublished = self._letters.dead(), {each.name: each.unpublished() for each in self._aggregates}
        metrics.DEAD_LETTERS.set(dead)
        metrics.OUTBOX_EVENTS.clear()
        metrics.OUTBOX_OLDEST.clear()
        for collection, (events, seconds) in unpublished.items():
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

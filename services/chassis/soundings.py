"""What a service finds out when its metrics are asked for: nobody waits longer than a second, and the store rests."""

from math import nan

from eventlet.timeout import Timeout
from pymongo.database import Database

from services.chassis import metrics
from services.chassis.aggregates import Document
from services.chassis.depths import Depths
from services.chassis.looking import Look
from services.chassis.resting import Rest
from services.chassis.stores import alive
from services.chassis.tally import Tally


class Soundings:
    """Store and broker as gauges. What was never known is absent, or not a number."""

    def __init__(self, database: Database[Document], tally: Tally, depths: Depths) -> None:
        self._database, self._tally, self._depths = database, tally, depths
        # not 0 before the first count has ended, from which they would seem to grow
        metrics.DEAD_LETTERS.set(nan)
        self._looks = [Look(self._knock, Rest(0)), tally, depths]

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
        metrics.QUEUE_MESSAGES.clear()
        for queue, depth in self._depths.found.items():
            metrics.QUEUE_MESSAGES.labels(queue).set(depth.ready)

"""How much the bus may still be given: what waits in a queue is looked at before more is sent to it."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from amqp.exceptions import NotFound
from eventlet.greenthread import sleep

from services.chassis.links import LOST, away, connect
from services.chassis.topology import TIERS

ROOM = 1000
"""Messages in the first retry queue, by which all of them go, and in their own queue."""
_LOOK_EVERY_S = 0.25


class Depth(NamedTuple):
    """Messages ready in a queue, and consumers on it."""

    ready: int
    consumers: int


class Room:
    """Before much is sent at once: are the queues there, and have they room? Looking needs no right on a queue."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name

    def waiting(self, queues: Iterable[str]) -> dict[str, int | None]:
        """How many messages wait in each; None for a queue that is not there. Raises Unavailable."""
        return {queue: depth and depth.ready for queue, depth in self.depths(queues).items()}

    def depths(self, queues: Iterable[str]) -> dict[str, Depth | None]:
        """The depth of each; None for a queue that is not there. Raises Unavailable."""
        found: dict[str, Depth | None] = {}
        try:
            connection = connect(self._url, self._name)
            try:
                channel = connection.channel()
                for queue in sorted(set(queues)):
                    try:
                        told = channel.queue_declare(queue, passive=True)
                        found[queue] = Depth(told.message_count, told.consumer_count)
                    except NotFound:
                        # the broker closes the channel on which it said so
                        found[queue], channel = None, connection.channel()
            finally:
                connection.release()
        except LOST as error:
            raise away() from error
        return found

    def found(self, queues: Iterable[str], within: float = 5.0) -> dict[str, bool] | None:
        """Which of the queues are there, once all have room; None when there was none in time (seconds)."""
        wanted, until = {*queues, TIERS[0]}, time.monotonic() + within
        while True:
            waiting = self.waiting(wanted)
            if all((count or 0) < ROOM for count in waiting.values()):
                return {queue: count is not None for queue, count in waiting.items()}
            if time.monotonic() > until:
                return None
            sleep(_LOOK_EVERY_S)

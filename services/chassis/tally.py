"""What waits and what died, counted beside the answers: nobody who asks waits long for the store.

On the embedded store a count costs 50 µs for each document that it counts, with a limit as without.
"""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from eventlet.timeout import Timeout
from pymongo.errors import PyMongoError

from contracts.operations import Outbox
from services.chassis import context
from services.chassis.aggregates import Aggregates
from services.chassis.dead_letters import DeadLetters
from services.chassis.resting import Rest
from services.chassis.soundings import Look

_PATIENCE_S = 0.3
_LONGEST_REST_S = 60.0


class Counts(NamedTuple):
    """What was found, and when the count ended."""

    outboxes: list[Outbox]
    dead_letters: int
    at: datetime | None


class Tally:
    """The counts of one service: new ones where they come in a moment, else the last."""

    def __init__(self, aggregates: Sequence[Aggregates], letters: DeadLetters) -> None:
        self._aggregates, self._letters = aggregates, letters
        self._counting = Look(self._count, Rest(_LONGEST_REST_S))
        self._found = Counts([], 0, None)

    def look(self) -> Counts:
        """The newest counts there are."""
        self._counting.begin()
        with Timeout(_PATIENCE_S, False):
            self._counting.wait()
        return self._found

    def _count(self) -> None:
        # while the store is away the last counts stand, with their time
        with contextlib.suppress(PyMongoError):
            outboxes = [
                Outbox(collection=found.name, pending=found.collection.count_documents({"pending": True}))
                for found in self._aggregates
            ]
            self._found = Counts(outboxes, self._letters.dead(), context.now())

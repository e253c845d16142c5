"""What waits and what died, counted beside the answers: nobody who asks waits long for the store.

On the embedded store a count costs some 50 to 90 µs for each document that it counts, with a limit as without.
"""

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from eventlet.timeout import Timeout
from pymongo.errors import PyMongoError

from services.chassis import context
from services.chassis.aggregates import Aggregates
from services.chassis.dead_letters import DeadLetters
from services.chassis.looking import Look
from services.chassis.resting import Rest

_PATIENCE_S = 0.3
_LONGEST_REST_S = 60.0


class Counts(NamedTuple):
    """Events in outboxes and the seconds that the oldest waits, by collection; and when the count ended."""

    outboxes: Mapping[str, tuple[int, float]]
    dead_letters: int
    at: datetime | None


class Tally(Look):
    """The counts of one service: new ones where they come in a moment, else the last, `found`."""

    def __init__(self, aggregates: Sequence[Aggregates], letters: DeadLetters) -> None:
        super().__init__(self._count, Rest(_LONGEST_REST_S))
        self._aggregates, self._letters = aggregates, letters
        self.found = Counts({}, 0, None)

    def look(self) -> Counts:
        """The newest counts there are."""
        self.begin()
        with Timeout(_PATIENCE_S, False):
            self.wait()
        return self.found

    def _count(self) -> None:
        # while the store is away the last counts stand, with their time
        with contextlib.suppress(PyMongoError):
            outboxes = {found.name: found.unpublished() for found in self._aggregates}
            self.found = Counts(outboxes, self._letters.dead(), context.now())

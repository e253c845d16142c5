"""What waits and what died, counted beside the answers: nobody who asks waits long for the store.

On the embedded store a count costs 50 µs for each document that it counts, with a limit as without.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from eventlet import spawn
from eventlet.event import Event as Signal
from pymongo.errors import PyMongoError

from contracts.operations import Outbox
from services.chassis import context
from services.chassis.aggregates import Aggregates
from services.chassis.dead_letters import DeadLetters
from services.chassis.resting import Rest

_log = logging.getLogger(__name__)
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
        self._rest = Rest(_LONGEST_REST_S)
        self._counting: Signal | None = None
        self._found = Counts([], 0, None)

    def look(self) -> Counts:
        """The newest counts there are."""
        if self._counting is None and self._rest.over():
            self._counting = Signal()
            spawn(self._count, self._counting)
        if self._counting is not None:
            self._counting.wait(timeout=_PATIENCE_S)
        return self._found

    def _count(self, ended: Signal) -> None:
        try:
            self._rest.after(self._find)
        except PyMongoError as error:
            _log.warning("not counted", extra={"error": type(error).__name__})
        finally:
            self._counting = None
            ended.send()

    def _find(self) -> None:
        outboxes = [
            Outbox(collection=found.name, pending=found.collection.count_documents({"pending": True}))
            for found in self._aggregates
        ]
        self._found = Counts(outboxes, self._letters.dead(), context.now())

"""What waits for the next step: reports to be put into alerts, alerts to be put through the rules.

Small and short-lived: the store has it all.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

from services.alerts.folding import Sighting
from services.chassis.resting import Rest

# beyond this the reports of a storm wait at the broker and not in memory
_MOST = 10_000
# an alert remembers the last 64 folds that it has counted
_TOGETHER = 32
# s; new reports come first, and one write then counts many of them
_LONGEST_REST = 5.0
# While batches are that small no report waits at the broker, and so few alerts cost the store little: nobody waits a
# whole rest for them. Not how much waits here decides: a long rest would bring about the next.
_SMALL, _FEW, _ENOUGH_REST = 50, 50, 0.3


class Waiting(NamedTuple):
    """A fold that is stored: its sightings, what caused them (by report), and when its first report came."""

    fold: str
    sightings: list[Sighting]
    causes: Mapping[str, Any]
    received_at: datetime


@dataclass
class Backlog:
    """`begun` is what an attempt was made at; it may have been cut short anywhere."""

    waiting: list[Waiting] = field(default_factory=list)
    begun: list[Waiting] = field(default_factory=list)
    turn: Lock = field(default_factory=Lock)
    looked_behind: bool = False
    rest: Rest = field(default_factory=lambda: Rest(_LONGEST_REST))

    @property
    def full(self) -> bool:
        """Whether nothing more should be taken before some is folded."""
        return self._sightings > _MOST

    @property
    def folds(self) -> set[str]:
        """Which folds these are."""
        return {one.fold for one in (*self.begun, *self.waiting)}

    @property
    def oldest(self) -> datetime | None:
        """When the first report came that is not in the alerts yet."""
        return min((one.received_at for one in (*self.begun, *self.waiting)), default=None)

    def begin(self) -> list[Waiting]:
        """What has waited longest, as one group; it stays `begun` until it is said to be done."""
        self.begun, self.waiting = self.waiting[:_TOGETHER], self.waiting[_TOGETHER:]
        return self.begun

    @property
    def due(self) -> bool:
        """Whether there is something to fold, and the last rest is over."""
        if not (self.begun or self.waiting):
            return False
        calm = all(len(one.sightings) <= _SMALL for one in self.waiting)
        return self.rest.over(_ENOUGH_REST if calm else math.inf)

    @property
    def _sightings(self) -> int:
        return sum(len(one.sightings) for one in self.waiting)


@dataclass
class Raised:
    """How many alerts this process raised that wait for the rules; what others left is looked for by the clock."""

    waiting: int = 0
    turn: Lock = field(default_factory=Lock)
    rest: Rest = field(default_factory=lambda: Rest(_LONGEST_REST))

    @property
    def due(self) -> bool:
        """Whether there are any, and the last rest is over."""
        return self.waiting > 0 and self.rest.over(_ENOUGH_REST if self.waiting <= _FEW else math.inf)

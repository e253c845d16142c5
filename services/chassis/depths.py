"""What waits in the queues of a service, and how many take from each, as the broker tells it."""

import contextlib
from collections.abc import Mapping, Sequence

from eventlet.timeout import Timeout

from contracts.faults import Unavailable
from services.chassis.looking import Look
from services.chassis.resting import Rest
from services.chassis.room import Depth, Room

_PATIENCE_S = 0.5
_LONGEST_REST_S, _SHORTEST_REST_S = 60.0, 2.0


class Depths(Look):
    """The depths of a service's own queues: `found`, empty while the broker is away."""

    def __init__(self, room: Room, queues: Sequence[str]) -> None:
        super().__init__(self._measure, Rest(_LONGEST_REST_S, _SHORTEST_REST_S))
        self._room, self._queues = room, queues
        self.found: Mapping[str, Depth] = {}

    def look(self) -> Mapping[str, Depth]:
        """The newest there are."""
        self.begin()
        with Timeout(_PATIENCE_S, False):
            self.wait()
        return self.found

    def _measure(self) -> None:
        found: Mapping[str, Depth | None] = {}
        with contextlib.suppress(Unavailable):
            found = self._room.depths(self._queues)
        self.found = {queue: depth for queue, depth in found.items() if depth is not None}

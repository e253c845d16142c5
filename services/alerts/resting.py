"""Work that may wait leaves the store to what may not: it takes a tenth of the time at most."""

import time
from collections.abc import Callable

_TIMES = 9.0


class Rest:
    """After work that took a while, nine times as long nothing, `longest` seconds at most."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._until = 0.0

    def over(self) -> bool:
        """Whether work may begin again."""
        return time.monotonic() >= self._until

    def after(self, work: Callable[[], None]) -> None:
        """Do it now, and rest from it unless it fails."""
        began = time.monotonic()
        work()
        ended = time.monotonic()
        self._until = ended + min((ended - began) * _TIMES, self._longest)

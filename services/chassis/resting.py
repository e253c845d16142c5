"""Work that may wait leaves the store to what may not: it takes a tenth of the time at most."""

import math
import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar, cast

T = TypeVar("T")

_TIMES = 9.0


class Rest:
    """After work that took a while, nine times as long nothing: `longest` seconds at most, `shortest` at least."""

    def __init__(self, longest: float, shortest: float = 0.0) -> None:
        self._longest, self._shortest = longest, shortest
        self._ended = self._until = 0.0

    def over(self, enough: float = math.inf) -> bool:
        """Whether work may begin again; `enough` seconds of rest will do."""
        return time.monotonic() >= min(self._until, self._ended + enough)

    def after(self, work: Callable[[], None]) -> None:
        """Do it now, and rest from it unless it fails."""
        began = time.monotonic()
        work()
        ended = time.monotonic()
        self._ended = ended
        self._until = ended + max(min((ended - began) * _TIMES, self._longest), self._shortest)


class Remembered(Generic[T]):
    """An answer that costs the store much or is asked for often: found anew after its rest, by one at a time.

    It is `longest` seconds old at most and, unless forgotten, found again after `shortest` seconds at the earliest.
    """

    def __init__(self, find: Callable[[], T], longest: float, shortest: float = 0.0) -> None:
        self._find = find
        self._rests = longest, shortest
        self._rest = Rest(*self._rests)
        self._lock = Lock()
        self._found: T | None = None

    def get(self) -> T:
        """The answer, which only the first to ask must wait for. What `find` raises rises."""
        found = self._found
        if found is not None and not (self._rest.over() and self._lock.acquire(blocking=False)):
            return found
        if found is None:
            self._lock.acquire()
        try:
            if self._found is None or self._rest.over():
                self._rest.after(self._look)
            return cast("T", self._found)
        finally:
            self._lock.release()

    def forget(self) -> None:
        """It has changed: the next to ask gets what stands. A look under way now does not count."""
        self._rest = Rest(*self._rests)
        self._found = None

    def _look(self) -> None:
        self._found = self._find()

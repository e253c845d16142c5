"""What the windows of one key ask for at the same time is asked once, and kept for a while."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any, Generic, TypeVar

from services.console.session import Session

T = TypeVar("T")
MOST_KEYS = 16


class Kept(Generic[T]):
    """The last answer for each key, as old as `seconds` at most."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._asked: OrderedDict[str, tuple[float, asyncio.Task[T]]] = OrderedDict()

    async def of(self, session: Session, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The answer for this key. What `ask` raises rises, and is not kept."""
        whose, now = sha256(session.key.encode()).hexdigest(), time.monotonic()
        at, task = self._asked.get(whose, (0.0, None))
        if task is None or now - at > self._seconds or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.create_task(ask())
            self._asked[whose] = now, task
            self._asked.move_to_end(whose)
            while len(self._asked) > MOST_KEYS:
                self._asked.popitem(last=False)
        # who goes away must not take the answer from those who wait for the same
        return await asyncio.shield(task)

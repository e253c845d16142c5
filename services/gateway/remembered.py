"""Who holds a key, as the database last said: remembered for a moment, and for longer while it does not answer."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from pymongo.errors import PyMongoError

from services.gateway.problems import store_away

FRESH, STALE = 2.0, 300.0
# how long the database may think about a key, and how long it is left alone when it did not answer
PATIENCE, AWAY = 1.0, 5.0
REMEMBERED = 10_000

Holder = dict[str, Any] | None
Find = Callable[[str], Awaitable[Holder]]


class Seen(NamedTuple):
    """What the database said of a key, and when."""

    at: float
    holder: Holder


class Remembered:
    """Looks a key up by its SHA-256.

    A change of a holder shows within two seconds. While the database is away, a key that was seen in the last five
    minutes still opens: the door must not close on cameras because a disk is slow.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._finding: dict[str, tuple[float, asyncio.Future[Holder]]] = {}
        self._away_until = 0.0

    async def holder(self, digest: str) -> tuple[Holder, float]:
        """What the database said of a key, and until when (on the monotonic clock) that may be believed.

        Raises Unavailable.
        """
        seen, now = self._seen.get(digest), time.monotonic()
        last = seen.at + STALE if seen else 0.0
        if seen and now < min(last, max(seen.at + FRESH, self._away_until)):
            return seen.holder, min(last, max(seen.at + FRESH, self._away_until))
        # a key that many use at once is looked up once
        began, finding = self._finding.get(digest) or (now, self._begin(digest, now))
        try:
            async with asyncio.timeout(PATIENCE):
                holder = await asyncio.shield(finding)
        except (PyMongoError, TimeoutError):
            self._finding.pop(digest, None)
            self._away_until = time.monotonic() + AWAY
            if seen and now < last:
                return seen.holder, min(last, self._away_until)
            raise store_away() from None
        self._seen[digest] = Seen(began, holder)
        self._seen.move_to_end(digest)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return holder, began + FRESH

    def _begin(self, digest: str, now: float) -> asyncio.Future[Holder]:
        finding = asyncio.ensure_future(self._find(digest))
        self._finding[digest] = now, finding

        def found(_: object) -> None:
            if self._finding.get(digest) == (now, finding):
                del self._finding[digest]
            # nobody may be waiting for it any more
            if not finding.cancelled():
                finding.exception()

        finding.add_done_callback(found)
        return finding

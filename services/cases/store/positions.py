"""The city's running count of cases. A position is given once ever; some are never used."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from contracts.faults import Unavailable

BLOCK = 20
TRIES = 100
_ID = "cases"


class Positions:
    """Takes blocks by optimistic update: findAndModify scans the embedded store."""

    def __init__(self, counters: Collection[dict[str, Any]]) -> None:
        self._counters = counters
        self._held: deque[int] = deque()

    def take(self, count: int) -> list[int]:
        """So many positions that nobody else has; a batch costs one block. Raises Unavailable."""
        while len(self._held) < count:
            self._held.extend(self._reserve(max(BLOCK, count - len(self._held))))
        return [self._held.popleft() for _ in range(count)]

    def last(self) -> int:
        """The highest position that anybody may have."""
        return self._last(self._counters.find_one({"_id": _ID}))

    def _reserve(self, count: int) -> range:
        for _ in range(TRIES):
            standing = self._counters.find_one({"_id": _ID})
            last = self._last(standing)
            if standing is None:
                try:
                    self._counters.insert_one({"_id": _ID, "reserved": count})
                except DuplicateKeyError:
                    continue
                return range(1, count + 1)
            taken = self._counters.update_one({"_id": _ID, "reserved": last}, {"$set": {"reserved": last + count}})
            if taken.matched_count:
                return range(last + 1, last + count + 1)
        raise Unavailable("numbers_contended", "工单号繁忙, 请重试", "case numbers are contended; try again")

    @staticmethod
    def _last(counter: Mapping[str, Any] | None) -> int:
        return int(counter["reserved"]) if counter else 0

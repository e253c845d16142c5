"""Running numbers, taken from the store in blocks by an update that fails when somebody was faster."""

import threading
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from contracts.faults import Unavailable

_BLOCK = 20
_ATTEMPTS = 50


class Numbers:
    """Numbers from 1, never given twice by any copy of the service; a crash leaves a gap of at most a block."""

    def __init__(self, collection: Collection[dict[str, Any]], name: str) -> None:
        self._collection, self._name = collection, name
        self._next = self._end = 0
        self._lock = threading.Lock()

    def take(self) -> int:
        """The next number. Raises Unavailable (numbers_busy) when others win every attempt at a block."""
        with self._lock:
            if self._next == self._end:
                self._next = self._claim()
                self._end = self._next + _BLOCK
            self._next += 1
            return self._next - 1

    def _claim(self) -> int:
        for _ in range(_ATTEMPTS):
            found = self._collection.find_one({"_id": self._name})
            if found is None:
                if self._begin():
                    return 1
                continue
            criteria = {"_id": self._name, "next": found["next"]}
            if self._collection.update_one(criteria, {"$inc": {"next": _BLOCK}}).modified_count:
                return int(found["next"])
        raise Unavailable("numbers_busy", "编号服务繁忙, 请稍后再试", "too many ask for numbers, try again")

    def _begin(self) -> bool:
        try:
            self._collection.insert_one({"_id": self._name, "next": 1 + _BLOCK})
        except DuplicateKeyError:
            return False
        return True

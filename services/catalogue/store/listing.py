"""The whole catalogue in memory, for search and figures: kept up to date by what changed, swapped in one step."""

import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pymongo.collection import Collection

from contracts.catalogue import CatalogueFigures, ItemState, ItemType
from services.catalogue.search import Entry, Index
from services.chassis import context

# looking costs a twentieth of the time, however much was just imported
_LEAST_PAUSE_S, _MOST_PAUSE_S, _PAUSE_PER_LOOK = 0.5, 5.0, 20
# other copies of the service stamp their writes by their own clocks, and a long batch ends after it was stamped
_LOOK_BACK = timedelta(seconds=60)
_FIELDS = [
    f"content.{name}"
    for name in ("name", "type", "department", "main_item", "themes", "object", "online_depth", "channels")
]
_ONLINE_DEPTHS = frozenset({"III", "IV"})


class _Listed(NamedTuple):
    version: int
    state: ItemState
    entry: Entry
    online: bool | None


class Listing:
    """Every item's line. Another copy's change shows within seconds (0.5 s when little changes), our own at once."""

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection
        self._listed: dict[str, _Listed] = {}
        self._index = Index(())
        self._seen_at: datetime | None = None
        self._look_after = 0.0
        self._writes = self._writes_seen = 0
        self._lock = threading.Lock()

    def outdated(self) -> None:
        """This process wrote: look before the next read."""
        self._writes += 1

    def index(self) -> Index:
        """The published items, to search in."""
        self._follow()
        return self._index

    def figures(self, applications: dict[str, int]) -> CatalogueFigures:
        """Counts over all items, and over the published ones by type and department; the online rate."""
        self._follow()
        listed = self._listed.values()
        published = [line for line in listed if line.state is ItemState.PUBLISHED]
        known = any(line.online is not None for line in published)
        return CatalogueFigures(
            items=_counted(line.state for line in listed),
            departments=len({line.entry.department for line in published}),
            online_rate=sum(bool(line.online) for line in published) / len(published) if known else None,
            applications=applications,
            types=_counted(line.entry.type for line in published),
            by_department=_counted(line.entry.department for line in published),
        )

    def _follow(self) -> None:
        if self._is_fresh():
            return
        with self._lock:
            if self._is_fresh():
                return
            began, present, writes = time.monotonic(), context.now(), self._writes
            changed = self._changed(present)
            if changed:
                listed = {**self._listed, **{line.entry.code: line for line in changed}}
                index = Index(line.entry for line in listed.values() if line.state is ItemState.PUBLISHED)
                self._listed, self._index = listed, index
            self._seen_at, self._writes_seen = present, writes
            pause = (time.monotonic() - began) * _PAUSE_PER_LOOK
            self._look_after = began + min(max(pause, _LEAST_PAUSE_S), _MOST_PAUSE_S)

    def _is_fresh(self) -> bool:
        return self._writes_seen == self._writes and time.monotonic() < self._look_after

    def _changed(self, present: datetime) -> list[_Listed]:
        if self._seen_at is None:
            return [_read(found) for found in self._collection.find({}, _PROJECTION)]
        recent = {"updated_at": {"$gt": self._seen_at - _LOOK_BACK, "$lt": present + _LOOK_BACK}}
        codes = [
            found["_id"]
            for found in self._collection.find(recent, {"version": 1})
            if found["_id"] not in self._listed or self._listed[found["_id"]].version != found["version"]
        ]
        if not codes:
            return []
        return [_read(found) for found in self._collection.find({"_id": {"$in": codes}}, _PROJECTION)]


_PROJECTION = dict.fromkeys(["version", "state", "initials", "pinyin", *_FIELDS], 1)


def _read(found: dict[str, Any]) -> _Listed:
    content = found["content"]
    depth, channels = content.get("online_depth"), content.get("channels", [])
    themes = (content.get("main_item"), *content.get("themes", []), content.get("object"))
    return _Listed(
        version=found["version"],
        state=ItemState(found["state"]),
        entry=Entry(
            code=found["_id"],
            name=content["name"],
            type=ItemType(content["type"]),
            department=content["department"],
            themes=[theme for theme in themes if theme],
            initials=found["initials"],
            pinyin=found["pinyin"],
        ),
        online=depth in _ONLINE_DEPTHS or "web" in channels if depth or channels else None,
    )


def _counted(words: Iterable[str]) -> dict[str, int]:
    return {str(word): count for word, count in Counter(words).most_common()}

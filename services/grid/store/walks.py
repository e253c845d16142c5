"""Pages in the order of a key: a limit does not stop the embedded store from reading all that a condition meets.

Measured there: the first 51 of 40,000 documents by `_id` took 2.6 s, of one key's 400 documents 20 ms.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pymongo.collection import Collection

from services.chassis import cursors

Document = dict[str, Any]
MOST_READ, MOST_KEYS = 2000, 16
"""A page that has read so many documents ends, however few it found; keys that are looked into with one question."""


class Way(NamedTuple):
    """Documents whose `field` is one of the `keys` (ascending) and which meet `criteria`, by (key, _id)."""

    field: str
    keys: Sequence[str]
    criteria: Document = {}


def walk(
    collection: Collection[Document],
    way: Way,
    cursor: str | None,
    *,
    limit: int,
    hidden: Document,
    meets: Callable[[Document], bool] = lambda _: True,
) -> tuple[list[Document], str | None]:
    """A page of those that also `meets`, and the cursor of the next. Keys are looked into by 1, 2, 4 … together."""
    after = ("", "")
    if cursor:
        first, second = cursors.decode(cursor, 2)
        after = (str(first), str(second))
    left = [key for key in way.keys if key >= after[0]]
    found: list[Document] = []
    at, together, read, last = 0, 1, 0, after
    while at < len(left) and len(found) <= limit and read < MOST_READ:
        part = {"$in": left[at : at + together]}
        stood = {_place(one, way): one for one in collection.find({**way.criteria, way.field: part}, hidden)}
        new = sorted(place for place in stood if place > after)
        found += [stood[place] for place in new if meets(stood[place])]
        last = new[-1] if new else last
        at, together, read = at + together, min(together * 2, MOST_KEYS), read + len(new)
    if len(found) > limit:
        return found[:limit], cursors.encode(*_place(found[limit - 1], way))
    return found, cursors.encode(*last) if at < len(left) else None


def _place(found: Document, way: Way) -> tuple[str, str]:
    return found[way.field], found["_id"]

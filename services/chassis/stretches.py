"""Newest first without reading everything: a limit does not stop the embedded store from reading the whole range."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from pymongo.collection import Collection

Document = dict[str, Any]
_WIDER = 6


def stretches(end: datetime, first: timedelta, oldest: datetime) -> Iterator[tuple[datetime, datetime]]:
    """(begin, end) of stretches of time that adjoin, newest first, each six times as long as the one before."""
    until, width = end, first
    while until > oldest:
        since = max(until - width, oldest)
        yield since, until
        until, width = since, width * _WIDER


def newest(
    collection: Collection[Document],
    order: str,
    ranges: Iterable[Mapping[str, object]],
    conditions: Mapping[str, object],
    *,
    limit: int,
    hidden: Mapping[str, int],
    narrowed: bool = True,
) -> list[Document]:
    """The first documents that meet all conditions, by `order` downward through its ranges, without `hidden` fields.

    The narrowest condition comes first. It alone is the store's and the others are looked at here: the embedded store
    goes along an index only where a query names its fields and no others (5 s became 0.1 s at 10,000 documents). Not
    `narrowed`: the order alone is the store's, as of a field that few documents have.
    """
    narrowest = dict(islice(conditions.items(), int(narrowed)))
    rest = {name: value for name, value in conditions.items() if name not in narrowest}
    found: list[Document] = []
    for bounds in ranges:
        most = 0 if rest else limit - len(found)
        part = collection.find({**narrowest, order: bounds}, hidden).sort(order, -1).limit(most)
        found += (document for document in part if meets(document, rest))
        if len(found) >= limit:
            break
    return found[:limit]


def meets(document: Document, conditions: Mapping[str, object]) -> bool:
    """Whether a document has all these values; None is also met by a field that it does not have."""
    return all(_meets(document, *one) for one in conditions.items())


def _meets(document: Document, field: str, value: object) -> bool:
    """As the store compares: a path of names, and a list that holds the value."""
    found: Any = document
    for name in field.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return value in found if isinstance(found, list) else bool(found == value)

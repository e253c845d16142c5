"""交换日志: append-only; `_id` is the place in the chain, so that two writers cannot take the same one."""

from datetime import UTC, datetime
from threading import Lock
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from contracts.faults import Unavailable
from contracts.shared import Page
from contracts.sharing import ChainVerdict, Exchange, ListExchanges
from services.chassis import cursors
from services.chassis.aggregates import Document
from services.sharing.chain import GENESIS, Verifier, seal

_STRIDE = 1000
_WINDOWS = 8
_TRIES = 50
_PARTIES = ("department", "provider", "dataset")
_FIELDS = tuple(name for name in Exchange.model_fields if name != "sequence")


class Head(NamedTuple):
    """The last entry that is known."""

    sequence: int
    hash: str


class ExchangeLog:
    """`exchange_log`, and in `exchange_anchor` a head that an entry cut off the end would contradict."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.collection = database["exchange_log"]
        # `sequence` repeats `_id`: the embedded store scans the collection for a range of `_id`
        self.collection.create_indexes(
            [IndexModel("sequence"), *(IndexModel([(name, 1), ("sequence", 1)]) for name in _PARTIES)]
        )
        self._anchor = database["exchange_anchor"]
        self._lock = Lock()
        self._head: Head | None = None

    def append(self, entry: Document) -> Exchange:
        """Seal an entry and put it at the end of the chain. Raises Unavailable when it cannot."""
        with self._lock:
            for _ in range(_TRIES):
                head = self._head = self._head or self._newest(self._anchored())
                document = {**entry, "_id": head.sequence + 1, "previous_hash": head.hash}
                document |= {"sequence": document["_id"], "hash": seal(_sealed(document))}
                try:
                    self.collection.insert_one(document)
                except DuplicateKeyError:
                    self._head = self._newest(head)
                    continue
                self._head = Head(document["_id"], document["hash"])
                return Exchange.model_validate(document)
        raise Unavailable("log_busy", "交换日志写入繁忙, 请重试", "the exchange log is busy, try again")

    def anchor(self) -> None:
        """Keep the head, so that entries which disappear from the end are missed."""
        head, anchored = self._head, self._anchored()
        if head and head.sequence > anchored.sequence:
            self._anchor.update_one({"_id": "head"}, {"$set": head._asdict()}, upsert=True)

    def verify(self) -> ChainVerdict:
        """Check every entry from the first on, a thousand at a time."""
        verifier, kept = Verifier(), max(self._anchored(), self._head or Head(0, GENESIS))
        while found := self._after(verifier.sequence):
            bad = verifier.first_bad(map(_sealed, found))
            passed = next((each for each in found if each["_id"] == kept.sequence), None)
            if bad is None and passed and passed["hash"] != kept.hash:
                bad = kept.sequence
            if bad is not None:
                return ChainVerdict(entries=verifier.sequence, intact=False, first_bad=bad)
        beyond = self.collection.find_one({"sequence": {"$gt": verifier.sequence}}, {"_id": 1})
        if beyond or kept.sequence > verifier.sequence:
            return ChainVerdict(entries=verifier.sequence, intact=False, first_bad=verifier.sequence + 1)
        return ChainVerdict(entries=verifier.sequence, intact=True)

    def page(self, party: str | None, query: ListExchanges) -> Page[Exchange]:
        """Newest first: all, or those of a party, which used the data or provided them.

        Looks at a bounded part of the log: a page may be short, or empty, and yet have a next one.
        """
        limit, criteria = query.limit, _criteria(party, query)
        upper = self._bound(query.cursor)
        found: dict[int, Document] = {}
        width = limit
        for _ in range(_WINDOWS):
            if upper < 1 or len(found) >= limit:
                break
            lower = max(upper - width, 0)
            for each in criteria:
                span = {"$gt": lower, "$lte": upper}
                found |= {entry["_id"]: entry for entry in self.collection.find({**each, "sequence": span})}
            upper, width = lower, width * 2
        places = sorted(found, reverse=True)[:limit]
        if len(found) > limit:
            upper = places[-1] - 1
        return Page(
            items=[Exchange.model_validate(found[place]) for place in places],
            next=cursors.encode(upper) if upper > 0 else None,
        )

    def _bound(self, cursor: str | None) -> int:
        if cursor:
            place = cursors.decode(cursor, 1)[0]
            return place if isinstance(place, int) else 0
        with self._lock:
            self._head = self._newest(self._head or self._anchored())
            return self._head.sequence

    def _newest(self, known: Head) -> Head:
        while found := self._after(known.sequence):
            known = Head(found[-1]["_id"], found[-1]["hash"])
        return known

    def _after(self, sequence: int) -> list[Document]:
        span = {"$gt": sequence, "$lte": sequence + _STRIDE}
        return sorted(self.collection.find({"sequence": span}), key=lambda each: int(each["sequence"]))

    def _anchored(self) -> Head:
        found = self._anchor.find_one({"_id": "head"})
        return Head(found["sequence"], found["hash"]) if found else Head(0, GENESIS)


def _criteria(party: str | None, query: ListExchanges) -> list[Document]:
    asked = {"dataset": query.dataset, "department": query.department}
    equal: Document = {name: value for name, value in asked.items() if value is not None}
    if party is None:
        return [equal]
    provided = {**equal, "provider": party}
    return [provided] if query.department not in (None, party) else [provided, {**equal, "department": party}]


def _sealed(document: Document) -> Document:
    told = {name: document[name] for name in _FIELDS if name in document}
    at = document.get("at")
    if isinstance(at, datetime):
        told["at"] = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**told, "sequence": document["_id"]}

"""The ordered log of each dataset's records.

A document is a segment of up to 100 records whose `_id` names the sequence of its first: to write a segment is to
take its place, in one atomic insert. Who comes second finds the place taken, reads what stands there and goes on
behind it: so there is never a hole, and who takes a place knows every event before it. That an event is new is
therefore known from memory, without asking the store.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Collection as Keys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError

from contracts.faults import Unavailable
from services.chassis.aggregates import Document
from services.chassis.portions import by_key
from services.chassis.stores import already_there
from services.sharing.intake import MARK, Entry
from services.sharing.store import segments
from services.sharing.store.log_index import LogIndex, marks
from services.sharing.store.segments import LogRecord, place

_STRIDE = 10_000
_TRIES = 50
MOST_REMEMBERED = 8_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """What one message (`origin`) brings to the log of one dataset."""

    dataset: str
    entries: Sequence[Entry]
    origin: str
    at: datetime


class Appended(NamedTuple):
    """What became of a batch, and the sequence at which the log ends now."""

    accepted: int
    duplicates: int
    end: int


class RecordLog:
    """`record_log`, and `record_outlines`: 16 bytes of each record, from which a process makes its index."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.collection, self._outlines = database["record_log"], database["record_outlines"]
        self._outlines.create_indexes([IndexModel([("dataset", 1), ("first", 1)])])
        self._indexes: OrderedDict[str, LogIndex] = OrderedDict()
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def append(self, batches: Sequence[Batch]) -> list[Appended]:
        """Add what is new, all of it in one write.

        An event counts as accepted when the same `origin` has brought it before, else as a duplicate. Raises
        Unavailable when other writers were always faster.
        """
        with ExitStack() as held:
            for dataset in sorted({batch.dataset for batch in batches}):
                held.enter_context(self._locks[dataset])
            indexes = {batch.dataset: self._index(batch.dataset) for batch in batches}
            for _ in range(_TRIES):
                attempt = _Attempt(self, indexes)
                accepted = [attempt.add(batch) for batch in batches]
                if attempt.write():
                    return [
                        Appended(count, len(batch.entries) - count, indexes[batch.dataset].end)
                        for count, batch in zip(accepted, batches, strict=True)
                    ]
                for dataset, index in indexes.items():
                    self._catch_up(dataset, index)
        raise Unavailable("log_busy", "数据集写入繁忙, 请重试", "other writers were faster, try again")

    def end(self, dataset: str) -> int:
        """Where the log ends now."""
        with self._locks[dataset]:
            index = self._index(dataset)
            self._catch_up(dataset, index)
            return index.end

    def index(self, dataset: str, end: int) -> LogIndex:
        """What is known of the log, at least up to an end that was announced."""
        found = self._indexes.get(dataset)
        if found is None or found.end < end:
            with self._locks[dataset]:
                found = self._index(dataset)
                if found.end < end:
                    self._catch_up(dataset, found)
        return found

    def read(self, dataset: str, after: int, limit: int) -> list[LogRecord]:
        """Up to `limit` records after a sequence, in order and without a hole."""
        span = {"$gt": place(dataset, max(after - segments.SEGMENT, 0)), "$lte": place(dataset, after + limit)}
        found = list(self.collection.find({"_id": span, "dataset": dataset}))
        read: list[LogRecord] = []
        due = after + 1
        for segment in sorted(found, key=lambda each: int(each["first"])):
            # a scan that ran beside a writer may have missed a segment: stop at its place
            if segment["first"] > due:
                break
            if segment["first"] + segment["count"] > due:
                read += segments.records(segment)[due - segment["first"] :]
                due = segment["first"] + segment["count"]
        return read[:limit]

    def fetch(self, dataset: str, index: LogIndex, sequences: Iterable[int]) -> dict[int, LogRecord]:
        """The records at these sequences."""
        wanted = set(sequences)
        found = self._segments(dataset, index, wanted)
        return {
            record.sequence: record
            for segment in found
            for record in segments.records(segment)
            if record.sequence in wanted
        }

    def unannounced(self, ends: dict[str, int]) -> list[str]:
        """The datasets whose log goes on behind these ends."""
        places = {place(dataset, end + 1): dataset for dataset, end in ends.items()}
        return [places[found["_id"]] for found in by_key(self.collection, places.keys(), {"_id": 1})]

    def origins(self, dataset: str, index: LogIndex, events: Iterable[bytes]) -> dict[bytes, str]:
        """Those of the events (by mark) that stand in the log as far as it is known, and which message brought each."""
        packed = b"".join(events)
        places = {int(sequence) for sequence in index.events.newest(marks(packed, MARK)) if sequence}
        standing = self._segments(dataset, index, places, segments.ORIGINS)
        return {mark: origin for segment in standing for mark, origin in segments.origins(segment)}

    def write(self, indexes: Mapping[str, LogIndex], cut: Mapping[str, Sequence[Document]]) -> bool:
        """Take the places of segments, the datasets' locks held; False when somebody stood there first."""
        wanted = [segment for part in cut.values() for segment in part]
        try:
            if wanted:
                self.collection.insert_many(wanted, ordered=True)
        except BulkWriteError as error:
            already_there(error)
            return False
        for dataset, written in cut.items():
            if written:
                self._take(dataset, indexes[dataset], written)
        return True

    def _segments(
        self, dataset: str, index: LogIndex, sequences: Keys[int], fields: Document | None = None
    ) -> list[Document]:
        wanted = {place(dataset, index.segment_of(sequence)) for sequence in sequences}
        return list(by_key(self.collection, wanted, fields))

    def _index(self, dataset: str) -> LogIndex:
        """The caller holds the dataset's lock, so that it is made once."""
        found = self._indexes.get(dataset)
        if found is None:
            found = LogIndex()
            outlines = self._outlines.find({"dataset": dataset}).sort("first", 1)
            for outline in outlines:
                if outline["first"] == found.end + 1:
                    segments.take_outline(found, outline)
            self._indexes[dataset] = found
            self._catch_up(dataset, found)
        self._indexes.move_to_end(dataset)
        while len(self._indexes) > 1 and sum(each.end for each in self._indexes.values()) > MOST_REMEMBERED:
            self._indexes.popitem(last=False)
        return found

    def _catch_up(self, dataset: str, index: LogIndex) -> None:
        while True:
            span = {"$gt": place(dataset, index.end), "$lte": place(dataset, index.end + _STRIDE)}
            found = self.collection.find({"_id": span, "dataset": dataset}, segments.INDEXED)
            following: list[Document] = []
            due = index.end + 1
            for segment in sorted(found, key=lambda each: int(each["first"])):
                if segment["first"] != due:
                    break
                following.append(segment)
                due += segment["count"]
            if not following:
                return
            self._take(dataset, index, following)

    def _take(self, dataset: str, index: LogIndex, written: Sequence[Document]) -> None:
        for stretch in segments.take(index, written):
            try:
                self._outlines.insert_one(segments.outline(dataset, stretch, index))
            except DuplicateKeyError:
                continue


class _Attempt:
    """One try to write what is new of several batches behind the ends that are known."""

    def __init__(self, log: RecordLog, indexes: Mapping[str, LogIndex]) -> None:
        self._log, self._indexes = log, indexes
        self._brought: dict[str, dict[bytes, str]] = {dataset: {} for dataset in indexes}
        self._cut: dict[str, list[Document]] = {dataset: [] for dataset in indexes}
        self._ends = {dataset: index.end for dataset, index in indexes.items()}

    def add(self, batch: Batch) -> int:
        """Cut what is new of a batch; how many of its events count as accepted."""
        unique: dict[bytes, Entry] = {}
        for entry in batch.entries:
            unique.setdefault(entry.mark, entry)
        brought = self._brought[batch.dataset]
        known = {**self._log.origins(batch.dataset, self._indexes[batch.dataset], unique.keys()), **brought}
        fresh = [entry for mark, entry in unique.items() if mark not in known]
        brought.update(dict.fromkeys([entry.mark for entry in fresh], batch.origin))
        self._cut[batch.dataset] += segments.cut(
            batch.dataset, self._ends[batch.dataset], fresh, batch.origin, batch.at
        )
        self._ends[batch.dataset] += len(fresh)
        return len(fresh) + sum(known.get(mark) == batch.origin for mark in unique)

    def write(self) -> bool:
        """Take the places; False when somebody stood there first."""
        return self._log.write(self._indexes, self._cut)

"""The latest state of each key, made from the log; whoever asks first brings it up to the end that is announced."""

from collections import defaultdict
from threading import Lock
from typing import Any

from pymongo import IndexModel, UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from services.chassis.aggregates import Document
from services.chassis.stores import already_there
from services.sharing.intake import digest
from services.sharing.store.record_log import LogRecord, RecordLog

_BATCH = 1000


class CurrentRecords:
    """`records`, in the order in which their keys first appeared (`first`), which no later state changes."""

    def __init__(self, database: Database[dict[str, Any]], log: RecordLog) -> None:
        self.collection = database["records"]
        self.collection.create_indexes([IndexModel([("dataset", 1), ("first", 1)])])
        self._progress = database["record_progress"]
        self._log = log
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def bring_up(self, dataset: str, end: int) -> None:
        """Take in the log up to `end`. Idempotent; an older state never replaces a newer one."""
        with self._locks[dataset]:
            found = self._progress.find_one({"_id": dataset})
            done = found["sequence"] if found else 0
            while done < end:
                records = self._log.read(dataset, done, min(_BATCH, end - done))
                if not records:
                    return
                self._take(dataset, records)
                done = records[-1].sequence
                self._progress.update_one({"_id": dataset}, {"$max": {"sequence": done}}, upsert=True)

    def page(self, dataset: str, after: int, end: int, limit: int) -> tuple[list[LogRecord], int | None]:
        """Up to `limit` records whose keys first appeared after `after`, and where to go on (None: nowhere)."""
        found: list[Document] = []
        width = limit
        while after < end and len(found) < limit:
            # a bounded range each time: the embedded store reads the whole of an open one
            upper = min(after + width, end)
            found += self.collection.find({"dataset": dataset, "first": {"$gt": after, "$lte": upper}})
            after, width = upper, width * 2
        found.sort(key=lambda each: int(each["first"]))
        if len(found) > limit:
            after = found[limit - 1]["first"]
        return [_record(document) for document in found[:limit]], after if after < end else None

    def one(self, dataset: str, key: str) -> list[LogRecord]:
        """The record of a key, if there is one."""
        found = self.collection.find_one({"_id": digest(dataset, key)})
        return [_record(found)] if found else []

    def _take(self, dataset: str, records: list[LogRecord]) -> None:
        newest: dict[str, Document] = {}
        for record in records:
            id = digest(dataset, record.key)
            first = newest[id]["first"] if id in newest else record.sequence
            newest[id] = {"_id": id, "dataset": dataset, "first": first, **record._asdict()}
        documents = list(newest.values())
        try:
            self.collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            self._renew([documents[place] for place in sorted(already_there(error))])

    def _renew(self, documents: list[Document]) -> None:
        self.collection.bulk_write(
            [
                UpdateOne(
                    {"_id": each["_id"], "sequence": {"$lt": each["sequence"]}},
                    {"$set": {name: each[name] for name in ("sequence", "type", "at", "data")}},
                )
                for each in documents
            ],
            ordered=False,
        )


def _record(document: Document) -> LogRecord:
    return LogRecord(*(document[name] for name in LogRecord._fields))

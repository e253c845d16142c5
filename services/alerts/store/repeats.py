"""重发 in the store: which report was the first to bring a message, by the sender's own id for it or by its bytes."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pymongo import IndexModel, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from services.chassis.aggregates import Document
from services.chassis.portions import by_key
from services.chassis.stores import already_there


class Repeats:
    """Keys and the report that each came with first; after a while a key is as good as new."""

    def __init__(self, database: Database[Document], name: str, kept: timedelta) -> None:
        self._keys: Collection[Document] = database[name]
        self._keys.create_indexes([IndexModel("at", name="expiry", expireAfterSeconds=int(kept.total_seconds()))])
        self._kept = kept

    def first(self, reports: Mapping[str, str], present: datetime) -> dict[str, str]:
        """The report that has each key first: one of these (key → report), or one that stands."""
        if not reports:
            return {}
        try:
            self._keys.insert_many(
                [{"_id": key, "report": report, "at": present} for key, report in reports.items()], ordered=False
            )
        except BulkWriteError as error:
            keys = list(reports)
            standing = {found["_id"]: found for found in by_key(self._keys, {keys[at] for at in already_there(error)})}
            lasting = {key: found["report"] for key, found in standing.items() if found["at"] > present - self._kept}
            self._renew({key: reports[key] for key in standing.keys() - lasting.keys()}, present)
            return {**reports, **lasting}
        return dict(reports)

    def _renew(self, reports: Mapping[str, str], present: datetime) -> None:
        """Expired ones that the store has not swept out yet."""
        if reports:
            self._keys.bulk_write(
                [
                    UpdateOne({"_id": key}, {"$set": {"report": report, "at": present}})
                    for key, report in reports.items()
                ],
                ordered=False,
            )

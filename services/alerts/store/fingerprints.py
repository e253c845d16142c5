"""指纹 in the store: what is remembered of each when nothing of it runs, by its key and no other index.

One document for each fingerprint ever seen; a note that a crash cuts off costs a flap that is found one alert later.
The alerts themselves cannot be asked: the embedded store reads all that a fingerprint ever had, however recent the
alerts that are wanted (500 each: 30 ms for one fingerprint).
"""

from collections.abc import Collection as Keys
from collections.abc import Container, Mapping
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from services.alerts.folding import Past, Tally
from services.chassis.aggregates import Document
from services.chassis.portions import by_key
from services.chassis.stores import already_there


class Fingerprints:
    """The alerts last raised of each, oldest first, and the latest stop that came while none ran."""

    def __init__(self, database: Database[Document]) -> None:
        self._seen: Collection[Document] = database["fingerprints"]

    def past(self, fingerprints: Keys[str]) -> dict[str, Past]:
        """What is remembered of them."""
        return {found["_id"]: _past(found) for found in by_key(self._seen, fingerprints)}

    def raised(self, alerts: Mapping[str, tuple[str, Tally]], known: Container[str], most: int) -> None:
        """Note the alert that each rose to, and no more of them than the `most` that make it flap."""
        moments = {name: {"alert": id, "at": found.head.received_at} for name, (id, found) in alerts.items()}
        new = [name for name in moments if name not in known]
        met: set[str] = set()
        try:
            # an upsert costs seven times as much
            if new:
                self._seen.insert_many([{"_id": name, "raised": [moments[name]]} for name in new], ordered=False)
        except BulkWriteError as error:
            met = {new[place] for place in already_there(error)}
        self._write(
            {
                name: {"$push": {"raised": {"$each": [moment], "$slice": -most}}}
                for name, moment in moments.items()
                if name in known or name in met
            }
        )

    def stopped(self, stops: Mapping[str, Tally]) -> None:
        """Note stops of what does not run: their starts may be on the way."""
        self._write(
            {
                name: {"$max": {"stopped_at": found.stopped_at, "stop_received_at": found.received_at}}
                for name, found in stops.items()
            }
        )

    def _write(self, updates: Mapping[str, Mapping[str, Any]]) -> None:
        if updates:
            self._seen.bulk_write(
                [UpdateOne({"_id": name}, update, upsert=True) for name, update in updates.items()], ordered=False
            )


def _past(found: Mapping[str, Any]) -> Past:
    raised = found.get("raised", ())
    return Past(
        raised_at=[one["at"] for one in raised],
        alert=raised[-1]["alert"] if raised else None,
        stopped_at=found.get("stopped_at"),
        stop_received_at=found.get("stop_received_at"),
    )

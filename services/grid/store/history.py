"""Collection `grid_periods`: what a grid was, _id code@version, kept before the write that ends it; never changed.

A retry keeps the same period under the same _id. One whose write never came tells what still stands.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from pymongo import DESCENDING, IndexModel
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from contracts.grid import Grid
from services.chassis import context
from services.chassis.portions import by_key
from services.chassis.stores import already_there

INDEXES = [
    IndexModel([("code", 1), ("version", 1)], name="code"),
    IndexModel([("kept_at", 1)], name="kept_at"),
]


def left_by(grid: Grid) -> dict[str, Any]:
    """The period that ends with the next change of a grid."""
    return {"_id": period_id(grid.code, grid.version), **grid.model_dump(exclude={"timeline"})}


def period_id(code: str, version: int) -> str:
    """By what a period is known."""
    return f"{code}@{version}"


class History:
    """The past of the grids that were ever live."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.collection = database["grid_periods"]
        self.collection.create_indexes(INDEXES)

    def keep(self, periods: Iterable[dict[str, Any]]) -> None:
        """In one round trip, before the write that ends them."""
        present = context.now()
        kept = [{**period, "kept_at": present} for period in periods]
        if not kept:
            return
        try:
            self.collection.insert_many(kept, ordered=False)
        except BulkWriteError as error:
            already_there(error)

    def before(self, grid: Grid, at: datetime) -> Grid | None:
        """What the grid was at a time before it became what it is; None: it was not live then."""
        criteria = {"code": grid.code, "version": {"$lt": grid.version}, "valid_from": {"$lte": at}}
        for found in self.collection.find(criteria).sort("version", DESCENDING).limit(1):
            return Grid.model_validate(found)
        return None

    def page(self, code: str, below: int, limit: int, *, geometries: bool) -> list[Grid]:
        """The periods of versions below that, the newest first."""
        hidden = None if geometries else {"geometry": 0}
        found = self.collection.find({"code": code, "version": {"$lt": below}}, hidden)
        return [Grid.model_validate(one) for one in found.sort("version", DESCENDING).limit(limit)]

    def of(self, versions: Collection[tuple[str, int]], *, geometries: bool) -> Iterator[Grid]:
        """These (code, version) periods."""
        hidden = None if geometries else {"geometry": 0}
        for found in by_key(self.collection, [period_id(*one) for one in versions], hidden):
            yield Grid.model_validate(found)

    def kept_since(self, at: datetime | None) -> Iterator[Grid]:
        """What was kept at that time or later; all when None."""
        for found in self.collection.find({"kept_at": {"$gte": at}} if at else {}):
            yield Grid.model_validate(found)

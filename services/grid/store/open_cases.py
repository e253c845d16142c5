"""Collection `open_cases`, a local copy of what the case desk tells: _id case number, open_in the grid it waits in."""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from pymongo import IndexModel
from pymongo.database import Database

from contracts.cases import (
    ENDED,
    CaseClosed,
    CaseMoved,
    CaseRejected,
    CaseReopened,
    CaseReported,
    CaseStep,
    CaseWithdrawn,
)
from services.chassis.copies import LocalCopy
from services.chassis.messages import Received

S = TypeVar("S", bound=CaseStep)
FED_BY = (CaseReported, CaseMoved, CaseClosed, CaseRejected, CaseWithdrawn, CaseReopened)


class OpenCases:
    """How many cases wait in a grid, as far as this service was told."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._cases = LocalCopy(database, "open_cases", FED_BY)
        self._cases.collection.create_indexes([IndexModel([("open_in", 1)], name="open_in")])

    def absorb(self, heard: Sequence[Received[S]]) -> None:
        """Keep the newest of each case."""
        self._cases.absorb(
            [
                (one.data.case_no, one.data.version, {"open_in": None if one.data.state in ENDED else one.data.grid})
                for one in heard
            ]
        )

    def counts(self, grids: Collection[str]) -> dict[str, int]:
        """By grid; a grid without open cases is absent."""
        waiting = {"$match": {"open_in": {"$in": sorted(grids)}}}
        found = self._cases.collection.aggregate([waiting, {"$group": {"_id": "$open_in", "count": {"$sum": 1}}}])
        return {one["_id"]: one["count"] for one in found}

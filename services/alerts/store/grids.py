"""The service's own copy of the grids' geometry, and when it was last touched."""

from collections.abc import Sequence

from pymongo.collection import Collection

from contracts.grid import GridAdjusted, GridPublished, GridState
from services.alerts.places import City
from services.chassis import context, cpu
from services.chassis.aggregates import Document
from services.chassis.copies import LocalCopy
from services.chassis.messages import Received

_GONE = frozenset({GridState.RETIRED, GridState.CANCELLED})
_STAMP = "grids"


class Grids:
    """Absorbs what the grid service says; `city` is the ground built of it, swapped as a whole."""

    def __init__(self, copies: LocalCopy, stamps: Collection[Document]) -> None:
        self._copies, self._stamps = copies, stamps
        self._followed: int | None = None
        self.city = City()

    def absorb(self, heard: Sequence[Received[GridPublished] | Received[GridAdjusted]]) -> None:
        """Keep the newest of each."""
        self._copies.absorb([(item.data.code, item.data.version, _fields(item.data)) for item in heard])
        self._stamps.update_one({"_id": _STAMP}, {"$set": {"at": context.now()}, "$inc": {"turn": 1}}, upsert=True)

    def rebuild(self) -> int | None:
        """Build the ground anew when the copy was touched; which touch it was, None when nothing was."""
        stamp = self._stamps.find_one({"_id": _STAMP})
        if stamp is None or stamp["turn"] == self._followed:
            return None
        live = self._copies.collection.find({"live": True}, {"geometry": 1, "path": 1})
        grids = [(found["_id"], found["geometry"], found["path"]) for found in live]
        self.city = cpu.heavy(City.of, grids)
        return int(stamp["turn"])

    def followed(self, turn: int) -> None:
        """All that hangs on the ground has followed it."""
        self._followed = turn


def _fields(grid: GridPublished | GridAdjusted) -> Document:
    live = not isinstance(grid, GridAdjusted) or grid.state not in _GONE
    return {"geometry": grid.geometry.model_dump(), "path": list(grid.path), "live": live}

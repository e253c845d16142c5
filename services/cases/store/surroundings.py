"""What this service keeps of others: grids and rosters, from their events; and its own table of categories."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import IndexModel, UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from contracts.cases import Category, Place
from contracts.grid import GridAdjusted, GridPublished, GridState
from contracts.shared import Extent
from services.cases.categories import SHIPPED
from services.cases.intake import KnownGrid
from services.chassis.grid_copies import GridCopies
from services.chassis.messages import Received
from services.chassis.rosters import RosterCopies
from services.chassis.stores import already_there
from services.chassis.territories import national, significant, way_to


class Surroundings:
    """Copies of grids (path, state) and rosters; categories by code."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._grids = GridCopies(database)
        self._grids.collection.create_indexes([IndexModel([("path", 1)])])
        self.rosters = RosterCopies(database)
        self._categories = database["categories"]
        self._seed()

    def absorb_grids(self, heard: Sequence[Received[GridPublished] | Received[GridAdjusted]]) -> None:
        """Keep the newest of each grid."""
        self._grids.absorb(heard)

    def follow_ground(self) -> None:
        """Build the map anew when grids have changed."""
        turn = self._grids.rebuild()
        if turn is not None:
            self._grids.followed(turn)

    def located(self, place: Place) -> Place:
        """The place with the grid that holds its point, where it names none."""
        if place.grid or place.point is None:
            return place
        return place.model_copy(update={"grid": self._grids.terrain.spot(place.point).grid})

    @property
    def extent(self) -> Extent | None:
        """The box around the city's grids."""
        return self._grids.terrain.extent

    def grids(self, codes: Iterable[str | None]) -> dict[str, KnownGrid]:
        """Those that are known, by code."""
        found = self._grids.collection.find({"_id": {"$in": sorted({code for code in codes if code})}})
        return {one["_id"]: KnownGrid(one["_id"], one["path"], GridState(one["state"])) for one in found}

    def way_to(self, org: str) -> list[str]:
        """The territories from the province down to `org`, as a grid under it tells them; empty for an unknown one."""
        found = self._grids.collection.find_one({"path": {"$in": [org, significant(org), national(significant(org))]}})
        return way_to(org, found["path"]) if found else []

    def categories(self, codes: Iterable[str] | None = None) -> dict[str, Category]:
        """These, or all; in order of code."""
        wanted = {} if codes is None else {"_id": {"$in": sorted(set(codes))}}
        found = self._categories.find(wanted).sort("_id", 1)
        return {one["_id"]: Category.model_validate({**one, "code": one["_id"]}) for one in found}

    def write_categories(self, changed: Mapping[str, Category]) -> None:
        """New ones and other fields of known ones, in one round trip."""
        writes = [UpdateOne({"_id": code}, {"$set": _fields(one)}, upsert=True) for code, one in changed.items()]
        if writes:
            self._categories.bulk_write(writes, ordered=False)

    def _seed(self) -> None:
        """What ships, where it is not there; what an operator changed stays."""
        standing = {one["_id"] for one in self._categories.find({}, {"_id": 1})}
        missing = [{"_id": one.code, **_fields(one)} for one in SHIPPED if one.code not in standing]
        if not missing:
            return
        try:
            self._categories.insert_many(missing, ordered=False)
        except BulkWriteError as error:
            # another process started at the same moment
            already_there(error)


def _fields(category: Category) -> dict[str, Any]:
    return category.model_dump(exclude={"code"})

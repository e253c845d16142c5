"""Collection `rooms` 房屋: _id code, building, floor, use. A room is in the grid of its building."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database

from contracts.grid import ListRooms, Room
from contracts.shared import Page
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key
from services.grid.store.walks import Way, walk

INDEXES = [IndexModel([("building", 1)], name="building")]
FACTS = ("floor", "use")
BUILDING_DIGITS = 20


class Standing(NamedTuple):
    """A room's facts, its version, and whether the present command has already been applied."""

    facts: Mapping[str, object]
    version: int
    done: bool


class Rooms(Aggregates):
    """The rooms of the buildings."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "rooms", INDEXES, silent=True)

    def standing(self, codes: Collection[str]) -> dict[str, Standing]:
        """Those of the codes that exist."""
        return {
            one["_id"]: Standing({name: one.get(name) for name in FACTS}, one["version"], context.applied(one))
            for one in by_key(self.collection, codes)
        }

    def buildings(self, codes: Collection[str]) -> dict[str, str]:
        """The buildings of those of the rooms that exist."""
        return {one["_id"]: one["building"] for one in by_key(self.collection, codes, {"building": 1})}

    def one(self, code: str, grid: str) -> Room:
        """A room that is known to exist, in a building of that grid."""
        return _room(self.get(code) or {}, grid)

    def page(self, query: ListRooms, grid: str) -> Page[Room]:
        """By code, of a building in that grid."""
        way = Way("building", [query.building])
        found, following = walk(self.collection, way, query.cursor, limit=query.limit, hidden={"applied": 0})
        return Page(items=[_room(one, grid) for one in found], next=following)

    def new(self, code: str, facts: Mapping[str, object]) -> New:
        """A room of the building that its code names; a dwelling unless said otherwise."""
        return New({"_id": code, "building": code[:BUILDING_DIGITS], "use": "dwelling", **facts})

    def changed(self, code: str, standing: Standing, facts: Mapping[str, object]) -> Changed:
        """Other facts."""
        return Changed(code, standing.version, Change(set=facts))


def _room(found: dict[str, Any], grid: str) -> Room:
    return Room(
        code=found["_id"],
        building=found["building"],
        grid=grid,
        floor=found.get("floor"),
        use=found["use"],
        version=found["version"],
    )

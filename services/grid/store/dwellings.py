"""Buildings, rooms and households together: whoever lives in a building is in its grid."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pymongo.database import Database

from services.chassis.portions import portions
from services.chassis.resting import Remembered
from services.grid.domain import stale
from services.grid.planning.moving import Registered
from services.grid.store.buildings import Buildings
from services.grid.store.households import Home, Households
from services.grid.store.rooms import Rooms
from services.grid.store.visits import Accesses, Visits

_COUNTED_AGAIN_WITHIN_S = 60.0
_A_ROUND = 50


class Dwellings:
    """The collections of 一楼一册, 一户一档.

    That a building is in another grid is one write, of the building, which marks it; its households follow it by the
    clock, at once where one building is moved.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.buildings = Buildings(database)
        self.rooms = Rooms(database)
        self.households = Households(database)
        self.visits = Visits(database)
        self.accesses = Accesses(database)
        # a count reads all it counts: 40,000 buildings 1.7 s on the embedded store
        self.counts = Remembered(self._count, _COUNTED_AGAIN_WITHIN_S)

    def homes(self, rooms: Collection[str]) -> dict[str, Home]:
        """Where each of those of the rooms lies that exist."""
        buildings = self.rooms.buildings(rooms)
        grids = self.buildings.grids(set(buildings.values()))
        return {room: Home(room, building, grids[building]) for room, building in buildings.items()}

    def registered(self, grids: Collection[str]) -> list[Registered]:
        """All buildings of these grids, by code; two queries for a hundred grids."""
        households, standing = self.households.counts(grids), self.buildings.of_grids(grids)
        return [Registered(code, grid, point, households.get(code, 0)) for code, grid, point in standing]

    def regrid(self, moves: Mapping[str, str], actor: str) -> None:
        """Put buildings (code → grid) into other grids; what is there already stays. Their households follow.

        Raises Conflict version_stale where somebody changed one meanwhile: carried out again it does the rest.
        """
        standing = self.buildings.standing(moves)
        steps = [
            self.buildings.changed(one.building, {}, moves[code], actor)
            for code, one in standing.items()
            if one.building.grid != moves[code]
        ]
        if "stale" in self.buildings.update_many(steps):
            raise stale()

    def follow(self, codes: Iterable[str]) -> None:
        """Put the households of these buildings where their buildings are. Raises Conflict version_stale likewise."""
        for part in portions(codes):
            standing = self.buildings.standing(part)
            steps = [
                self.households.regridded(number, home, version, standing[home.building].building.grid)
                for number, (home, version) in self.households.of_buildings(part).items()
                if home.grid != standing[home.building].building.grid
            ]
            if "stale" in self.households.update_many(steps):
                raise stale()
            self.buildings.followed({code: one.building.version for code, one in standing.items() if one.moved})

    def follow_moved(self) -> None:
        """What a process that died has left: some buildings each time."""
        self.follow(self.buildings.moved()[:_A_ROUND])

    def _count(self) -> tuple[int, int]:
        return self.buildings.collection.count_documents({}), self.households.collection.count_documents({})

"""The registry's documents: one module a collection, and no field of theirs is known elsewhere."""

from threading import Lock
from typing import Any

from pymongo.database import Database

from services.grid.chronicle import LiveChronicle
from services.grid.coverage import Coverages, GapWatch
from services.grid.index import LiveGround
from services.grid.store.dwellings import Dwellings
from services.grid.store.gaps import Gaps
from services.grid.store.grids import Grids
from services.grid.store.hierarchies import Hierarchies
from services.grid.store.imports import Imports
from services.grid.store.open_cases import OpenCases
from services.grid.store.plans import Plans
from services.grid.store.rosters import Rosters
from services.grid.store.staff import Staff
from services.grid.store.territories import Territories
from services.grid.store.units import Units


class GridStore:
    """The collections of the database `grid`, and what is kept in memory over them: the ground, its coverage, and the
    ground of the other hierarchies.

    `claiming` is held from the look at the ground until the write that takes some of it, so that two commands of one
    process cannot take the same; see planning/carrying.py.
    """

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self.territories = Territories(database)
        self.grids = Grids(database)
        self.staff = Staff(database)
        self.rosters = Rosters(database)
        self.hierarchies = Hierarchies(database)
        self.units = Units(database)
        self.imports = Imports(database)
        self.dwellings = Dwellings(database)
        self.plans = Plans(database)
        self.open_cases = OpenCases(database)
        self.ground = LiveGround(self.territories, self.grids)
        self.overlays = LiveGround(self.units)
        self.chronicle = LiveChronicle(self.grids, self.grids.history)
        self.coverages = Coverages()
        self.gap_watch = GapWatch(Gaps(database))
        self.claiming = Lock()

"""Collection `buildings` 楼栋: _id code, grid, path[], facts, point with its cell, timeline[], moved while the
households are still to follow."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pymongo import IndexModel, UpdateOne
from pymongo.database import Database

from contracts.grid import Building, ListBuildings
from contracts.shared import Extent, Page, Point
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key, portions
from services.chassis.records import entry
from services.grid.domain import path_of
from services.grid.dwellings.cells import cell_of, cells_of
from services.grid.store.walks import Way, walk

INDEXES = [
    IndexModel([("grid", 1)], name="grid"),
    IndexModel([("compound", 1)], name="compound", sparse=True),
    IndexModel([("cell", 1)], name="cell", sparse=True),
    IndexModel([("moved", 1)], name="moved", sparse=True),
]
FACTS = ("compound", "address", "point", "floors", "units", "property_company")
UNLISTED = {"timeline": 0, "applied": 0}


class Standing(NamedTuple):
    """A building as it stands, whether households are still to follow it, and whether this command was applied."""

    building: Building
    moved: bool
    done: bool


class Buildings(Aggregates):
    """The buildings of the city."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "buildings", INDEXES, silent=True)

    def standing(self, codes: Collection[str]) -> dict[str, Standing]:
        """Those of the codes that exist, with their record."""
        return {one["_id"]: _standing(one) for one in by_key(self.collection, codes)}

    def grids(self, codes: Collection[str]) -> dict[str, str]:
        """The grids of those of the codes that exist."""
        return {one["_id"]: one["grid"] for one in by_key(self.collection, codes, {"grid": 1})}

    def of_grids(self, grids: Iterable[str]) -> list[tuple[str, str, Point | None]]:
        """The buildings of these grids, by code: code, grid, and where they stand."""
        found = {
            one["_id"]: (one["grid"], Point(**one["point"]) if one.get("point") else None)
            for part in portions(grids)
            for one in self.collection.find({"grid": {"$in": part}}, {"grid": 1, "point": 1})
        }
        return [(code, *found[code]) for code in sorted(found)]

    def moved(self) -> list[str]:
        """Those whose households are still to follow."""
        return [one["_id"] for one in self.collection.find({"moved": True}, {"_id": 1})]

    def page(self, query: ListBuildings, grids: Sequence[str]) -> Page[Building]:
        """By grid and code; within a small box by cell and code. `grids`: all there are, ascending."""
        box = Extent(*query.bbox) if query.bbox else None
        way, meets = _way(query, box, grids), _meets(query, box)
        found, following = walk(self.collection, way, query.cursor, limit=query.limit, hidden=UNLISTED, meets=meets)
        return Page(items=[_building(one) for one in found], next=following)

    def new(self, code: str, facts: Mapping[str, object], grid: str, actor: str) -> New:
        """A building that nobody has entered yet."""
        record = entry(actor, "create", note=", ".join(facts) or None)
        return New({"_id": code, **_grid(grid), **_facts(facts), "timeline": [record.model_dump()]})

    def changed(self, standing: Building, facts: Mapping[str, object], grid: str, actor: str) -> Changed:
        """Other facts; another grid as well where it now stands elsewhere."""
        moved = {**_grid(grid), "moved": True} if grid != standing.grid else {}
        record = entry(actor, "change", note=", ".join([*facts, *(["grid"] if moved else [])]))
        return Changed(
            standing.code,
            standing.version,
            Change(set={**_facts(facts), **moved}, push={"timeline": [record.model_dump()]}),
        )

    def followed(self, versions: Mapping[str, int]) -> None:
        """Households have followed these as they stood at a version: no state, so that nobody's version is stale."""
        done = [
            UpdateOne({"_id": code, "version": version}, {"$unset": {"moved": ""}})
            for code, version in versions.items()
        ]
        if done:
            self.collection.bulk_write(done, ordered=False)


def _way(query: ListBuildings, box: Extent | None, grids: Sequence[str]) -> Way:
    if query.grid:
        return Way("grid", [query.grid])
    if query.compound:
        return Way("compound", [query.compound])
    cells = cells_of(box) if box else None
    return Way("grid", grids) if cells is None else Way("cell", cells)


def _meets(query: ListBuildings, box: Extent | None) -> Callable[[dict[str, Any]], bool]:
    def meets(found: dict[str, Any]) -> bool:
        elsewhere = box is not None and not (found.get("point") and box.holds(Point(**found["point"])))
        return not elsewhere and query.compound in (None, found.get("compound"))

    return meets


def _grid(grid: str) -> dict[str, Any]:
    return {"grid": grid, "path": path_of(grid[:12])}


def _facts(facts: Mapping[str, object]) -> dict[str, Any]:
    point = facts.get("point")
    placed = {"point": point.model_dump(), "cell": cell_of(point)} if isinstance(point, Point) else {}
    return {**facts, **placed}


def _standing(found: dict[str, Any]) -> Standing:
    return Standing(_building(found), bool(found.get("moved")), context.applied(found))


def _building(found: dict[str, Any]) -> Building:
    told = {name: found.get(name) for name in FACTS}
    timeline = found.get("timeline", [])
    return Building(
        code=found["_id"], grid=found["grid"], path=found["path"], **told, version=found["version"], timeline=timeline
    )

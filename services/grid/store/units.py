"""Collection `units` 条线单元: _id `hierarchy/code`, level, name, above (its parent's _id), path[], geometry."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database

from contracts.grid import ListUnits, Unit
from contracts.shared import Page
from services.chassis import cursors
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key, portions
from services.grid.geometry import Surveyed
from services.grid.index import Parcel

INDEXES = [
    IndexModel([("above", 1), ("_id", 1)], name="above"),
    IndexModel([("updated_at", 1)], name="updated_at"),
]
WITHOUT_GROUND = {"geometry": 0, "applied": 0, "outbox": 0}


def unit_id(hierarchy: str, code: str) -> str:
    """A code is unique in its hierarchy only; no code holds a slash."""
    return f"{hierarchy}/{code}"


class Post(NamedTuple):
    """What a unit is and where it stands in its tree; the path ends with its own code."""

    hierarchy: str
    level: str
    name: str
    path: tuple[str, ...]

    @property
    def id(self) -> str:
        """As the store has it."""
        return unit_id(self.hierarchy, self.path[-1])


class StandingUnit(NamedTuple):
    """What an import compares with. `digest` None: no geometry yet."""

    version: int
    post: Post
    digest: str | None


class Units(Aggregates):
    """The units of all trees but the division tree."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "units", INDEXES, silent=True)

    def page(self, query: ListUnits) -> Page[Unit]:
        """Of one hierarchy by code: the children of a unit, or all."""
        if query.parent is not None:
            criteria: dict[str, Any] = {"above": unit_id(query.hierarchy, query.parent)}
        else:
            # "0" is the character after the slash
            criteria = {"_id": {"$gt": f"{query.hierarchy}/", "$lt": f"{query.hierarchy}0"}}
        if query.cursor:
            criteria["_id"] = {**criteria.get("_id", {}), "$gt": str(cursors.decode(query.cursor, 1)[0])}
        hidden = {"applied": 0, "outbox": 0} if query.geometries else WITHOUT_GROUND
        found = list(self.collection.find(criteria, hidden).sort("_id", 1).limit(query.limit + 1))
        shown, following = cursors.cut(found, query.limit)
        return Page(items=[_unit(one) for one in shown], next=following)

    def named(self, ids: Collection[str]) -> list[Unit]:
        """Those of the ids that exist, by id."""
        return [_unit(one) for one in by_key(self.collection, ids, WITHOUT_GROUND)]

    def standing(self, ids: Collection[str]) -> dict[str, StandingUnit]:
        """Those of the ids that exist, for comparing."""
        fields = {"version": 1, "level": 1, "name": 1, "path": 1, "geometry_digest": 1}
        return {
            one["_id"]: StandingUnit(one["version"], _post(one), one.get("geometry_digest"))
            for one in by_key(self.collection, ids, fields)
        }

    def parents(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that have units below them."""
        found = (self.collection.find({"above": {"$in": part}}, {"above": 1}) for part in portions(ids))
        return {one["above"] for part in found for one in part}

    def new(self, post: Post, ground: Surveyed | None) -> New:
        """A unit at the end of its path."""
        document = {"_id": post.id, "geometry_version": 0, **_fields(post)}
        return New(document | ({**_ground(ground), "geometry_version": 1} if ground else {}))

    def changed(self, post: Post, version: int, ground: Surveyed | None) -> Changed:
        """The same unit otherwise; without ground it keeps its own."""
        fields = _fields(post) | (_ground(ground) if ground else {})
        return Changed(post.id, version, Change(set=fields, inc={"geometry_version": 1 if ground else 0}))

    def parcels(self, codes: Collection[str] | None) -> Iterator[Parcel]:
        """What the index of the ground needs of these units, of all when None: a layer a hierarchy."""
        fields = {"version": 1, "name": 1, "path": 1, "geometry": 1}
        for one in self.collection.find({}, fields) if codes is None else by_key(self.collection, codes, fields):
            yield Parcel(
                code=one["_id"],
                layer=one["_id"].partition("/")[0],
                name=one["name"],
                path=tuple(one["path"]),
                geometry=one.get("geometry"),
                version=one["version"],
            )


def _fields(post: Post) -> dict[str, Any]:
    above = unit_id(post.hierarchy, post.path[-2]) if len(post.path) > 1 else None
    return {"level": post.level, "name": post.name, "above": above, "path": list(post.path)}


def _post(found: dict[str, Any]) -> Post:
    return Post(found["_id"].partition("/")[0], found["level"], found["name"], tuple(found["path"]))


def _ground(ground: Surveyed) -> dict[str, Any]:
    return {"geometry": ground.geometry, "geometry_digest": ground.digest, "area_m2": ground.area_m2}


def _unit(found: dict[str, Any]) -> Unit:
    hierarchy, _, code = found["_id"].partition("/")
    return Unit(
        hierarchy=hierarchy,
        code=code,
        level=found["level"],
        name=found["name"],
        parent=found["path"][-2] if len(found["path"]) > 1 else None,
        path=found["path"],
        area_m2=found.get("area_m2"),
        has_geometry=found["geometry_version"] > 0,
        geometry=found.get("geometry"),
        version=found["version"],
    )

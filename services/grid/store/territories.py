"""Collection `territories` 区域: _id code, level, name, parent, path[], statistical, geometry and its digest.

`aliases[]` are its old codes with names and dates, `former[]` the same codes alone, for looking one up.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database

from contracts.grid import Alias, Feature, Level, ListTerritories, Territory
from contracts.shared import Page
from services.chassis import cursors
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key, portions
from services.grid.domain import is_statistical, national, path_of, significant
from services.grid.geometry import Surveyed
from services.grid.index import Parcel

INDEXES = [
    IndexModel([("parent", 1), ("_id", 1)], name="parent"),
    IndexModel([("level", 1), ("_id", 1)], name="level"),
    IndexModel([("name", 1)], name="name"),
    IndexModel([("updated_at", 1)], name="updated_at"),
    IndexModel([("former", 1)], name="former", sparse=True),
]
WITHOUT_GROUND = {"geometry": 0, "applied": 0, "outbox": 0}


class Standing(NamedTuple):
    """What an import compares with. `digest` None: no geometry yet."""

    version: int
    name: str
    level: Level
    digest: str | None
    aliases: tuple[Alias, ...] = ()


class Territories(Aggregates):
    """The division tree 区划树."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "territories", INDEXES)

    def one(self, code: str) -> Territory | None:
        """By its 12-digit code."""
        found = self.collection.find_one({"_id": code}, WITHOUT_GROUND)
        return _territory(found) if found else None

    def known_as(self, code: str) -> Territory | None:
        """By its present code or an old one."""
        if found := self.one(code):
            return found
        former = self.collection.find_one({"former": code}, WITHOUT_GROUND)
        return _territory(former) if former else None

    def present(self, codes: Collection[str]) -> dict[str, str]:
        """Those of the codes that are old ones, with the present code of each."""
        return {
            old: one["_id"]
            for part in portions(codes)
            for one in self.collection.find({"former": {"$in": part}}, {"former": 1})
            for old in one["former"]
            if old in part
        }

    def page(self, query: ListTerritories) -> Page[Territory]:
        """A part of the tree, by code."""
        criteria: dict[str, Any] = {}
        codes: dict[str, str] = {}
        parent = national(query.parent) if query.parent else None
        if query.name:
            criteria["name"] = {"$regex": f"^{re.escape(query.name)}"}
        if query.level:
            criteria["level"] = query.level
        if parent and query.level:
            prefix = significant(parent)
            codes = {"$gt": parent, "$lte": prefix.ljust(12, "9")}
        elif parent or not criteria:
            criteria["parent"] = parent
        if query.cursor:
            codes["$gt"] = str(cursors.decode(query.cursor, 1)[0])
        if codes:
            criteria["_id"] = codes
        found = list(self.collection.find(criteria, WITHOUT_GROUND).sort("_id", 1).limit(query.limit + 1))
        shown, following = cursors.cut(found, query.limit)
        return Page(items=[_territory(one) for one in shown], next=following)

    def standing(self, codes: Collection[str]) -> dict[str, Standing]:
        """Those of the codes that exist."""
        fields = {"version": 1, "name": 1, "level": 1, "geometry_digest": 1, "aliases": 1}
        return {
            one["_id"]: Standing(
                one["version"], one["name"], Level(one["level"]), one.get("geometry_digest"), _aliases(one)
            )
            for one in by_key(self.collection, codes, fields)
        }

    def grounds(self, codes: Collection[str]) -> dict[str, dict[str, Any]]:
        """The geometries of those of the codes that have one."""
        found = by_key(self.collection, codes, {"geometry": 1}, geometry_version={"$gt": 0})
        return {one["_id"]: one["geometry"] for one in found}

    def features(self, level: Level, codes: Collection[str]) -> Iterator[Feature]:
        """Those of the codes that are units of the level, as geographic programs read them."""
        fields = {"name": 1, "parent": 1, "geometry": 1, "area_m2": 1, "geometry_version": 1}
        for one in by_key(self.collection, codes, fields, level=level):
            told = {"code": one["_id"], "name": one["name"], "parent": one["parent"], "area_m2": one.get("area_m2")}
            properties = {**told, "geometry_version": one["geometry_version"]}
            yield Feature(id=one["_id"], geometry=one.get("geometry"), properties=properties)

    def new(self, code: str, level: Level, name: str, parent: str | None) -> New:
        """A unit of the tree, without ground yet."""
        return New(
            {
                "_id": code,
                "level": level,
                "name": name,
                "parent": parent,
                "path": path_of(code),
                "statistical": is_statistical(code, name),
                "geometry_version": 0,
            }
        )

    def renamed(self, code: str, version: int, name: str) -> Changed:
        """Another name for the same code."""
        return Changed(code, version, Change(set={"name": name, "statistical": is_statistical(code, name)}))

    def bounded(self, code: str, version: int, ground: Surveyed) -> Changed:
        """A (new) boundary."""
        fields = {"geometry": ground.geometry, "geometry_digest": ground.digest, "area_m2": ground.area_m2}
        return Changed(code, version, Change(set=fields, inc={"geometry_version": 1}))

    def called(self, code: str, version: int, aliases: Collection[Alias]) -> Changed:
        """Its old codes anew, all of them."""
        told = [one.model_dump(mode="json", exclude_none=True) for one in aliases]
        return Changed(code, version, Change(set={"aliases": told, "former": [one.code for one in aliases]}))

    def counts(self) -> dict[str, int]:
        """How many units at each level."""
        found = self.collection.aggregate([{"$group": {"_id": "$level", "count": {"$sum": 1}}}])
        return {one["_id"]: one["count"] for one in found}

    def parcels(self, codes: Collection[str] | None) -> Iterator[Parcel]:
        """What the index of the ground needs of these units, of all when None."""
        fields = {"version": 1, "name": 1, "path": 1, "level": 1, "geometry": 1}
        for one in self.collection.find({}, fields) if codes is None else by_key(self.collection, codes, fields):
            yield Parcel(
                code=one["_id"],
                layer=one["level"],
                name=one["name"],
                path=tuple(one["path"]),
                geometry=one.get("geometry"),
                version=one["version"],
            )


def _territory(found: dict[str, Any]) -> Territory:
    return Territory(
        code=found["_id"],
        level=found["level"],
        name=found["name"],
        parent=found["parent"],
        path=found["path"],
        has_geometry=found["geometry_version"] > 0,
        statistical=found["statistical"],
        aliases=list(_aliases(found)),
        version=found["version"],
    )


def _aliases(found: dict[str, Any]) -> tuple[Alias, ...]:
    return tuple(Alias(**one) for one in found.get("aliases", ()))

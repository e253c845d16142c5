"""Collection `hierarchies` 层级定义: _id key, name, levels[]. The division tree is built in and not stored."""

from typing import Any

from pymongo.database import Database

from contracts.grid import Hierarchy
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, New


class Hierarchies(Aggregates):
    """The trees over the city's ground, few enough to be read at once."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "hierarchies", silent=True)

    def all(self) -> list[Hierarchy]:
        """By key."""
        return [_hierarchy(one) for one in self.collection.find({}).sort("_id", 1)]

    def one(self, key: str) -> Hierarchy | None:
        """By key."""
        found = self.get(key)
        return _hierarchy(found) if found else None

    def done(self, key: str) -> bool:
        """Whether the present message has already been applied to it."""
        found = self.get(key)
        return found is not None and context.applied(found)

    def new(self, hierarchy: Hierarchy) -> New:
        """Another tree."""
        return New({"_id": hierarchy.key, **_fields(hierarchy)})

    def changed(self, version: int, hierarchy: Hierarchy) -> Changed:
        """The same tree, otherwise named or with further levels."""
        return Changed(hierarchy.key, version, Change(set=_fields(hierarchy)))


def _fields(hierarchy: Hierarchy) -> dict[str, Any]:
    return hierarchy.model_dump(include={"name", "levels"})


def _hierarchy(found: dict[str, Any]) -> Hierarchy:
    return Hierarchy(key=found["_id"], name=found["name"], levels=found["levels"], version=found["version"])

"""Collection `grids` 网格: _id code, facts, state, geometry with its version, digest, area and bounds, timeline[]."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database

from contracts.base import Event
from contracts.grid import Grid, GridAdjusted, GridPublished, GridState, ListGrids
from contracts.shared import Geometry, Page, TimelineEntry
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Changed, New
from services.chassis.portions import by_key
from services.grid.domain import LIVE, allowed, path_of, significant
from services.grid.geometry import Surveyed
from services.grid.index import GRIDS, Parcel

INDEXES = [
    IndexModel([("state", 1), ("_id", 1)], name="state"),
    IndexModel([("updated_at", 1)], name="updated_at"),
]
FACTS = ("name", "kind", "households", "population", "party_branch", "responsible_body")
WITHOUT_RECORD = {"timeline": 0, "outbox": 0}


class Held(NamedTuple):
    """A grid as it stands, the digest of its geometry, and whether the present command has already been applied."""

    grid: Grid
    digest: str | None
    done: bool


class Flagged(NamedTuple):
    """An active grid's share of the figures."""

    code: str
    households: int | None
    has_party_branch: bool


class Grids(Aggregates):
    """The grids of the city."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "grids", INDEXES)

    def one(self, code: str) -> Held | None:
        """With its geometry and its record."""
        found = self.get(code)
        return _held(found) if found else None

    def held(self, codes: Collection[str]) -> dict[str, Held]:
        """Those of the codes that exist, with geometry, without record."""
        return {one["_id"]: _held(one) for one in by_key(self.collection, codes, WITHOUT_RECORD)}

    def states(self, codes: Collection[str]) -> dict[str, GridState]:
        """The states of those of the codes that exist."""
        found = by_key(self.collection, codes, {"state": 1})
        return {one["_id"]: GridState(one["state"]) for one in found}

    def page(self, query: ListGrids) -> Page[Grid]:
        """By code; a box is compared with the grids' own bounds."""
        prefix = significant(query.parent.ljust(12, "0")) if query.parent else ""
        after = str(cursors.decode(query.cursor, 1)[0]) if query.cursor else prefix
        criteria: dict[str, Any] = {"_id": {"$gt": after, "$lte": prefix.ljust(15, "9")}}
        if query.state:
            criteria["state"] = query.state
        if query.bbox:
            west, south, east, north = query.bbox
            criteria |= {"west": {"$lte": east}, "east": {"$gte": west}}
            criteria |= {"south": {"$lte": north}, "north": {"$gte": south}}
        hidden = {**WITHOUT_RECORD, "applied": 0} | ({} if query.geometries else {"geometry": 0})
        found = list(self.collection.find(criteria, hidden).sort("_id", 1).limit(query.limit + 1))
        following = cursors.encode(found[query.limit - 1]["_id"]) if len(found) > query.limit else None
        return Page(items=[_grid(one) for one in found[: query.limit]], next=following)

    def new(self, code: str, facts: Mapping[str, object], ground: Surveyed | None, actor: str, action: str) -> New:
        """A draft in the community that its code names."""
        document: dict[str, Any] = {
            "_id": code,
            "kind": "base",
            "community": code[:12],
            "path": path_of(code[:12]),
            "state": GridState.DRAFT,
            "geometry_version": 0,
            **facts,
            "timeline": [_entry(actor, action, None, GridState.DRAFT, None)],
        }
        if ground:
            document |= {**_ground(ground), "geometry_version": 1}
        return New(document)

    def changed(
        self, held: Held, facts: Mapping[str, object], ground: Surveyed | None, actor: str, action: str
    ) -> Changed:
        """Other facts or another ground; a live grid tells its whole new truth."""
        grid = held.grid
        fields = dict(facts)
        if ground:
            fields |= {**_ground(ground), "geometry_version": grid.geometry_version + 1}
        note = ", ".join([*facts, *(["geometry"] if ground else [])])
        record = _entry(actor, action, grid.state, grid.state, note)
        after = _grid({**grid.model_dump(), **fields, "_id": grid.code, "version": grid.version + 1, "timeline": []})
        events: list[Event] = [_adjusted(after)] if grid.state in LIVE else []
        return Changed(grid.code, grid.version, Change(set=fields, push={"timeline": [record]}), events)

    def moved(self, held: Held, after: GridState, actor: str, action: str, note: str | None = None) -> Changed:
        """The next state; its event where the grid is or becomes live."""
        before = held.grid
        grid = before.model_copy(update={"state": after, "version": before.version + 1})
        record = _entry(actor, action, before.state, after, note)
        events: list[Event] = []
        if before.state is GridState.DRAFT and after is GridState.ACTIVE:
            events = [_published(grid)]
        elif before.state in LIVE:
            events = [_adjusted(grid)]
        return Changed(grid.code, before.version, Change(set={"state": after}, push={"timeline": [record]}), events)

    def counts(self) -> dict[str, int]:
        """How many grids in each state."""
        found = self.collection.aggregate([{"$group": {"_id": "$state", "count": {"$sum": 1}}}])
        return {one["_id"]: one["count"] for one in found}

    def flagged(self) -> Iterator[Flagged]:
        """What the figures look at, for each active grid, by code."""
        fields = {"households": 1, "party_branch": 1}
        for one in self.collection.find({"state": GridState.ACTIVE}, fields).sort("_id", 1):
            yield Flagged(one["_id"], one.get("households"), bool(one.get("party_branch")))

    def versions_since(self, at: datetime) -> Iterator[tuple[str, int]]:
        """Code and version of what was written at that time or later."""
        for one in self.collection.find({"updated_at": {"$gte": at}}, {"version": 1}):
            yield one["_id"], one["version"]

    def parcels(self, codes: Collection[str] | None) -> Iterator[Parcel]:
        """What the index of the ground needs of these grids, of all when None."""
        fields = {"version": 1, "name": 1, "path": 1, "state": 1, "geometry": 1}
        for one in self.collection.find({}, fields) if codes is None else by_key(self.collection, codes, fields):
            yield Parcel(
                code=one["_id"],
                layer=GRIDS,
                name=one["name"],
                path=tuple(one["path"]),
                geometry=one.get("geometry") if one["state"] == GridState.ACTIVE else None,
                version=one["version"],
            )


def _ground(ground: Surveyed) -> dict[str, Any]:
    west, south, east, north = ground.bounds
    return {
        "geometry": ground.geometry,
        "geometry_digest": ground.digest,
        "area_m2": ground.area_m2,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }


def _entry(actor: str, action: str, before: GridState | None, after: GridState, note: str | None) -> dict[str, Any]:
    return TimelineEntry(
        at=context.now(),
        actor=actor,
        action=action,
        from_state=before,
        to_state=after,
        note=note or None,
        trace_id=context.trace_id(),
    ).model_dump()


def _grid(found: Mapping[str, Any]) -> Grid:
    return Grid(
        code=found["_id"],
        name=found["name"],
        kind=found["kind"],
        community=found["community"],
        path=found["path"],
        state=found["state"],
        geometry=found.get("geometry"),
        geometry_version=found["geometry_version"],
        area_m2=found.get("area_m2"),
        households=found.get("households"),
        population=found.get("population"),
        party_branch=found.get("party_branch"),
        responsible_body=found.get("responsible_body"),
        allowed_actions=allowed(GridState(found["state"])),
        version=found["version"],
        timeline=found.get("timeline", []),
    )


def _held(found: dict[str, Any]) -> Held:
    done = context.message_id() is not None and context.message_id() in found["applied"]
    return Held(_grid(found), found.get("geometry_digest"), done)


def _located(grid: Grid) -> Geometry:
    if grid.geometry is None:
        raise ValueError("a live grid has a geometry")
    return grid.geometry


def _published(grid: Grid) -> GridPublished:
    return GridPublished(
        code=grid.code,
        name=grid.name,
        community=grid.community,
        path=grid.path,
        geometry=_located(grid),
        geometry_version=grid.geometry_version,
        version=grid.version,
    )


def _adjusted(grid: Grid) -> GridAdjusted:
    return GridAdjusted(
        code=grid.code,
        name=grid.name,
        community=grid.community,
        path=grid.path,
        geometry=_located(grid),
        geometry_version=grid.geometry_version,
        state=grid.state,
        version=grid.version,
    )

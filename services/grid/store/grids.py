"""Collection `grids` 网格: _id code, facts, state, geometry with its version, digest, area and bounds, timeline[].

What a grid was before a change goes into its history first: see history.py.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pymongo import IndexModel
from pymongo.database import Database

from contracts.base import Event
from contracts.grid import Grid, GridAdjusted, GridPublished, GridState, ListGrids
from contracts.shared import Geometry, Page
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Changed, New, Outcome
from services.chassis.portions import by_key
from services.chassis.records import entry
from services.grid.domain import EARLIEST, ENDED, HOLDING, LIVE, allowed, path_of, significant
from services.grid.geometry import Surveyed, box_of
from services.grid.index import GRIDS, LARGE, SUSPENDED, Parcel
from services.grid.store.history import History, left_by

INDEXES = [
    IndexModel([("state", 1), ("_id", 1)], name="state"),
    IndexModel([("name", 1)], name="name"),
    IndexModel([("updated_at", 1)], name="updated_at"),
]
FACTS = ("name", "kind", "households", "population", "party_branch", "responsible_body", "large", "overlay_of")
WITHOUT_RECORD = {"timeline": 0, "outbox": 0}


class Held(NamedTuple):
    """A grid as it stands, the digest of its geometry, and whether the present command has already been applied."""

    grid: Grid
    digest: str | None
    done: bool


class Why(NamedTuple):
    """Who changes a grid, by what step, the note of it in the record, and since when it is so (None: now)."""

    actor: str
    action: str
    note: str | None = None
    at: datetime | None = None


class Flagged(NamedTuple):
    """An active grid's share of the figures."""

    code: str
    large: bool
    households: int | None
    has_party_branch: bool


class Grids(Aggregates):
    """The grids of the city."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        super().__init__(database, "grids", INDEXES)
        self.history = History(database)

    def one(self, code: str) -> Held | None:
        """With its geometry and its record."""
        found = self.get(code)
        return _held(found) if found else None

    def write(self, item: Changed) -> bool:
        """One change; False when the present message made it before. Raises as `update`."""
        self.history.keep([item.left] if item.left else [])
        return self.update(item.id, item.version, item.change, item.events)

    def update_many(self, items: Sequence[Changed]) -> list[Outcome]:
        """As every aggregate; one round trip more for the periods that end."""
        self.history.keep(item.left for item in items if item.left)
        return super().update_many(items)

    def held(self, codes: Collection[str]) -> dict[str, Held]:
        """Those of the codes that exist, with geometry, without record."""
        return {one["_id"]: _held(one) for one in by_key(self.collection, codes, WITHOUT_RECORD)}

    def states(self, codes: Collection[str]) -> dict[str, GridState]:
        """The states of those of the codes that exist."""
        found = by_key(self.collection, codes, {"state": 1})
        return {one["_id"]: GridState(one["state"]) for one in found}

    def large(self, codes: Collection[str]) -> set[str]:
        """Those of the codes that are large grids and have not ended."""
        found = by_key(self.collection, codes, {"state": 1}, large=True)
        return {one["_id"] for one in found if one["state"] not in ENDED}

    def page(self, query: ListGrids) -> Page[Grid]:
        """By code; a box is compared with the grids' own bounds."""
        prefix = significant(query.parent.ljust(12, "0")) if query.parent else ""
        after = str(cursors.decode(query.cursor, 1)[0]) if query.cursor else prefix
        criteria: dict[str, Any] = {"_id": {"$gt": after, "$lte": prefix.ljust(15, "9")}}
        if query.state:
            criteria["state"] = query.state
        if query.name:
            criteria["name"] = {"$regex": f"^{re.escape(query.name)}"}
        if query.bbox:
            west, south, east, north = box_of(query.bbox)
            meridians = [{"west": {"$lte": east}}, {"east": {"$gte": west}}]
            criteria |= {"$and" if west <= east else "$or": meridians}
            criteria |= {"south": {"$lte": north}, "north": {"$gte": south}}
        hidden = {**WITHOUT_RECORD, "applied": 0} | ({} if query.geometries else {"geometry": 0})
        found = list(self.collection.find(criteria, hidden).sort("_id", 1).limit(query.limit + 1))
        shown, following = cursors.cut(found, query.limit)
        return Page(items=[_grid(one) for one in shown], next=following)

    def drawn(self, codes: Collection[str] | None) -> Iterator[Grid]:
        """These grids with their geometry, without their record; all when None."""
        for one in (
            self.collection.find({}, WITHOUT_RECORD)
            if codes is None
            else by_key(self.collection, codes, WITHOUT_RECORD)
        ):
            yield _grid(one)

    def as_of(self, versions: Sequence[tuple[str, int]], *, geometries: bool) -> list[Grid]:
        """These versions, in their order: what still stands from here, the others from the history."""
        hidden = {**WITHOUT_RECORD, "applied": 0} | ({} if geometries else {"geometry": 0})
        standing = [_grid(one) for one in by_key(self.collection, [code for code, _ in versions], hidden)]
        found = {(grid.code, grid.version): grid for grid in standing}
        ended = [one for one in versions if one not in found]
        found |= {(grid.code, grid.version): grid for grid in self.history.of(ended, geometries=geometries)}
        return [found[one] for one in versions]

    def new(self, code: str, facts: Mapping[str, object], ground: Surveyed | None, actor: str, action: str) -> New:
        """A draft in the community that its code names."""
        document: dict[str, Any] = {
            "_id": code,
            "kind": "base",
            "community": code[:12],
            "path": path_of(code[:12]),
            "state": GridState.DRAFT,
            "geometry_version": 0,
            "valid_from": context.now(),
            **facts,
            "timeline": [_entry(Why(actor, action), None, GridState.DRAFT)],
        }
        if ground:
            document |= {**_ground(ground), "geometry_version": 1}
        return New(document)

    def founded(
        self, code: str, facts: Mapping[str, object], ground: Surveyed, predecessors: Sequence[str], why: Why
    ) -> New:
        """A grid that follows others and is live at once."""
        document = {
            **self.new(code, facts, ground, why.actor, why.action).document,
            "state": GridState.ACTIVE,
            "predecessors": list(predecessors),
            "valid_from": why.at or context.now(),
            "timeline": [_entry(why, None, GridState.ACTIVE)],
        }
        return New(document, [_published(_grid({**document, "version": 1, "timeline": []}))])

    def changed(
        self, held: Held, facts: Mapping[str, object], ground: Surveyed | None, actor: str, action: str
    ) -> Changed:
        """Other facts or another ground; a live grid tells its whole new truth."""
        told = ", ".join([*facts, *(["geometry"] if ground else [])])
        return self._becomes(held, held.grid.state, facts, ground, Why(actor, action, told))

    def moved(self, held: Held, after: GridState, actor: str, action: str, note: str | None = None) -> Changed:
        """The next state; its event where the grid is or becomes live."""
        return self._becomes(held, after, {}, None, Why(actor, action, note))

    def planned(self, held: Held, plan: str, why: Why) -> Changed:
        """It is about to change by that plan."""
        return self._becomes(held, GridState.CHANGING, {"plan": plan}, None, why)

    def settled(self, held: Held, facts: Mapping[str, object], ground: Surveyed | None, why: Why) -> Changed:
        """Active again, changed or as it was."""
        return self._becomes(held, GridState.ACTIVE, {**facts, "plan": None}, ground, why)

    def retired(self, held: Held, successors: Sequence[str], why: Why) -> Changed:
        """It has ended; others may follow it."""
        return self._becomes(held, GridState.RETIRED, {"successors": list(successors), "plan": None}, None, why)

    def _becomes(
        self, held: Held, state: GridState, facts: Mapping[str, object], ground: Surveyed | None, why: Why
    ) -> Changed:
        """A live grid tells its whole new truth. What was a draft leaves no history."""
        before = held.grid
        fields = {**facts, "state": state, "valid_from": max(why.at or context.now(), before.valid_from or EARLIEST)}
        shown = dict(fields)
        if ground:
            redrawn = {"geometry_version": before.geometry_version + 1}
            fields |= {**_ground(ground), **redrawn}
            shown |= {**redrawn, "geometry": Geometry(**ground.geometry), "area_m2": ground.area_m2}
        after = before.model_copy(update={**shown, "version": before.version + 1})
        events: list[Event] = []
        if before.state in LIVE:
            events = [_adjusted(after)]
        elif state is GridState.ACTIVE:
            events = [_published(after)]
        return Changed(
            before.code,
            before.version,
            Change(set=fields, push={"timeline": [_entry(why, before.state, state)]}),
            events,
            left=None if before.state is GridState.DRAFT else left_by(before),
        )

    def counts(self) -> dict[str, int]:
        """How many grids in each state."""
        found = self.collection.aggregate([{"$group": {"_id": "$state", "count": {"$sum": 1}}}])
        return {one["_id"]: one["count"] for one in found}

    def flagged(self) -> Iterator[Flagged]:
        """What the figures look at, for each grid that answers for its ground."""
        fields = {"large": 1, "households": 1, "party_branch": 1}
        for state in sorted(HOLDING):
            for one in self.collection.find({"state": state}, fields).sort("_id", 1):
                large, branch = one.get("large", False), bool(one.get("party_branch"))
                yield Flagged(one["_id"], large, one.get("households"), branch)

    def parcels(self, codes: Collection[str] | None) -> Iterator[Parcel]:
        """What the index of the ground needs of these grids, of all when None."""
        fields = {"version": 1, "name": 1, "path": 1, "state": 1, "geometry": 1, "large": 1, "overlay_of": 1}
        for one in self.collection.find({}, fields) if codes is None else by_key(self.collection, codes, fields):
            yield Parcel(
                code=one["_id"],
                layer=_layer(one),
                name=one["name"],
                path=tuple(one["path"]),
                geometry=one.get("geometry") if one["state"] in LIVE else None,
                version=one["version"],
                overlay_of=one.get("overlay_of"),
            )


def _layer(found: Mapping[str, Any]) -> str:
    if found["state"] == GridState.SUSPENDED:
        return SUSPENDED
    return LARGE if found.get("large") else GRIDS


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


def _entry(why: Why, before: GridState | None, after: GridState) -> dict[str, Any]:
    return entry(why.actor, why.action, before, after, why.note or None, at=why.at).model_dump()


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
        large=found.get("large", False),
        overlay_of=found.get("overlay_of"),
        predecessors=found.get("predecessors", []),
        successors=found.get("successors", []),
        plan=found.get("plan"),
        valid_from=found.get("valid_from") or found.get("created_at"),
        version=found["version"],
        timeline=found.get("timeline", []),
    )


def _held(found: dict[str, Any]) -> Held:
    return Held(_grid(found), found.get("geometry_digest"), context.applied(found))


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
        large=grid.large,
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
        large=grid.large,
        version=grid.version,
    )

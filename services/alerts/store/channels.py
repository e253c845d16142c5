"""点位 in the store: what is at which place. A channel that merely reported waits unbound until somebody places it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import IndexModel, UpdateOne

from contracts.alerts import Channel, ListChannels, SaveChannel
from contracts.faults import Conflict
from contracts.shared import Page, Point
from services.alerts.places import Bound, Wanted
from services.alerts.store.documents import chunks, place
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Changed, Document, New
from services.chassis.grid_copies import Spot, Terrain
from services.chassis.portions import by_key, portions

INDEXES = [
    IndexModel([("device", 1), ("_id", 1)], name="device"),
    IndexModel([("bound", 1), ("_id", 1)], name="bound"),
]

_MOST_UNBOUND = 50


def key(device: str, channel: str) -> str:
    """`device/channel`; a slash inside the device's name is escaped."""
    return f"{device.replace('%', '%25').replace('/', '%2F')}/{channel}"


class Channels:
    """The channels."""

    def __init__(self, channels: Aggregates) -> None:
        self._channels = channels

    def bound(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Bound]:
        """The channels of these (device, channel) pairs; unknown ones are put on the list of the unbound."""
        keys = {key(*pair): pair for pair in pairs}
        found = {
            document["_id"]: _bound(document)
            for document in self._channels.collection.find({"_id": {"$in": list(keys)}})
        }
        unknown = {id: pair for id, pair in keys.items() if id not in found}
        self._channels.insert_many([New(_unbound(id, *pair)) for id, pair in unknown.items()])
        return {pair: found.get(id, Bound(id)) for id, pair in keys.items()}

    def places_of(self, devices: Iterable[str], own: str) -> dict[str, Bound]:
        """For each device its first channel with a place, else its first; one without any gets the channel `own`."""
        found: dict[str, Bound] = {}
        for part in portions(devices):
            for document in self._channels.collection.find({"device": {"$in": part}}).sort("_id", 1):
                before = found.get(document["device"])
                if before is None or (before.point is None and document["bound"]):
                    found[document["device"]] = _bound(document)
        bare = self.bound((device, own) for device in set(devices) - found.keys())
        return found | {device: place for (device, _), place in bare.items()}

    def waited_for(self, waiting: Mapping[str, tuple[int, datetime]]) -> None:
        """Note on unbound channels (by key) how many alerts more wait for their places, and when the last was raised.

        For the queue of who binds them: a fold that is cut short and done again may count twice.
        """
        if waiting:
            self._channels.collection.bulk_write(
                [
                    UpdateOne({"_id": id}, {"$inc": {"alerts_waiting": count}, "$max": {"last_reported_at": at}})
                    for id, (count, at) in waiting.items()
                ],
                ordered=False,
            )

    def unbound_of(self, device: str) -> list[str]:
        """Channels of a device that have no place, at most 50."""
        found = self._channels.collection.find({"device": device, "bound": False}, {"channel": 1}).limit(_MOST_UNBOUND)
        return sorted(document["channel"] for document in found)

    def save(self, command: SaveChannel, spot: Spot) -> Channel:
        """Bind it to a place, or to another."""
        id = key(command.device, command.channel)
        wanted = Wanted(command.device, command.channel, command.name, command.point, command.gb_code, command.scene)
        found = self._channels.get(id)
        if found is None:
            if not self._channels.insert(_document(wanted, spot)):
                return self.save(command, spot)
        elif not context.applied(found):
            command.check_version(found["version"])
            self._channels.update(id, found["version"], Change(set=_placed(wanted, spot)))
        return _view(self._channels.get(id) or {})

    def save_many(self, wanted: Sequence[Wanted], spots: Sequence[Spot], *, dry_run: bool) -> list[str]:
        """Bind many; for each `created`, `changed` or `unchanged`."""
        ids = [key(item.device, item.channel) for item in wanted]
        standing = {found["_id"]: found for found in self._channels.collection.find({"_id": {"$in": ids}})}
        outcomes = [
            "created" if id not in standing else _difference(standing[id], item)
            for id, item in zip(ids, wanted, strict=True)
        ]
        if dry_run:
            return outcomes
        message = context.message_id()
        rows = list(zip(ids, wanted, spots, outcomes, strict=True))
        self._channels.insert_many([New(_document(item, spot)) for _, item, spot, found in rows if found == "created"])
        self._channels.update_many(
            [
                Changed(
                    id,
                    standing[id]["version"],
                    Change(set=_placed(item, spot)),
                    message_ids=(message,) if message else (),
                )
                for id, item, spot, found in rows
                if found == "changed"
            ]
        )
        return outcomes

    def page(self, query: ListChannels) -> Page[Channel]:
        """By device and channel."""
        criteria: Document = {"_id": {"$gt": str(cursors.decode(query.cursor, 1)[0])}} if query.cursor else {}
        if query.device is not None:
            criteria["device"] = query.device
        if query.unbound:
            criteria["bound"] = False
        found = list(self._channels.collection.find(criteria).sort("_id", 1).limit(query.limit + 1))
        shown, following = cursors.cut(found, query.limit)
        return Page(items=[_view(document) for document in shown], next=following)

    def follow(self, terrain: Terrain, keys: Iterable[str] | None = None) -> set[str]:
        """Put bound channels, all or these, into their grids on the ground; the keys of those that changed.

        Raises Conflict when one is being changed by somebody else: do it again.
        """
        changed: set[str] = set()
        channels = self._channels.collection
        bound = channels.find({"bound": True}) if keys is None else by_key(channels, set(keys), bound=True)
        for part in chunks(bound):
            spots = terrain.spots([_point(document) for document in part])
            moves = [
                Changed(document["_id"], document["version"], Change(set=_spot(spot)))
                for document, spot in zip(part, spots, strict=True)
                if (document["grid"], document["path"]) != (spot.grid, list(spot.path))
            ]
            if "stale" in self._channels.update_many(moves):
                raise Conflict("version_stale", "点位正被他人更新", "a channel is being changed by somebody else")
            changed.update(str(item.id) for item in moves)
        return changed

    def scenes(self, keys: Iterable[str]) -> dict[str, str | None]:
        """What is to be seen at these channels, by key."""
        found = by_key(self._channels.collection, set(keys), {"scene": 1})
        return {document["_id"]: document.get("scene") for document in found}

    def count_of(self, devices: Iterable[str]) -> Counter[str]:
        """How many channels these devices have."""
        found = (
            document["device"]
            for part in portions(devices)
            for document in self._channels.collection.find({"device": {"$in": part}}, {"device": 1})
        )
        return Counter(found)

    def bound_among(self, keys: Iterable[str]) -> dict[str, Bound]:
        """Those of the channels (by key) that have a place."""
        found = by_key(self._channels.collection, set(keys), bound=True)
        return {document["_id"]: _bound(document) for document in found}


def _unbound(id: str, device: str, channel: str) -> Document:
    return {
        "_id": id,
        "device": device,
        "channel": channel,
        "name": None,
        "point": None,
        "grid": None,
        "path": [],
        "gb_code": None,
        "scene": None,
        "bound": False,
    }


def _document(wanted: Wanted, spot: Spot) -> Document:
    id = key(wanted.device, wanted.channel)
    return {**_unbound(id, wanted.device, wanted.channel), **_placed(wanted, spot)}


def _placed(wanted: Wanted, spot: Spot) -> Document:
    """What is not said stays as it is."""
    fields = _named(wanted)
    if wanted.point is None:
        return fields
    point = [wanted.point.longitude, wanted.point.latitude]
    return {**fields, "point": point, "bound": True, "alerts_waiting": 0, "last_reported_at": None, **_spot(spot)}


def _named(wanted: Wanted) -> Document:
    told = {"name": wanted.name, "gb_code": wanted.gb_code, "scene": wanted.scene}
    return {name: value for name, value in told.items() if value is not None}


def _spot(spot: Spot) -> Document:
    return {"grid": spot.grid, "path": list(spot.path)}


def _difference(standing: Mapping[str, Any], wanted: Wanted) -> str:
    placed = wanted.point is None or place(standing["point"]) == wanted.point
    same = all(standing.get(name) == value for name, value in _named(wanted).items())
    return "unchanged" if placed and same else "changed"


def _point(document: Mapping[str, Any]) -> Point:
    return Point(longitude=document["point"][0], latitude=document["point"][1])


def _bound(document: Mapping[str, Any]) -> Bound:
    point, spot = place(document["point"]), Spot(document["grid"], tuple(document["path"]))
    return Bound(document["_id"], document["name"], point, spot)


def _view(document: Mapping[str, Any]) -> Channel:
    return Channel.model_validate({**document, "point": place(document["point"])})

"""设备 in the store. Signs of life stand apart, so that a heartbeat every ten seconds does not make edits stale."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from contracts.alerts import Device, ListDevices, SaveDevice
from contracts.shared import Page
from services.alerts.domain import DEFAULT_TIMEZONE
from services.alerts.reading import Sign
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Changed, Document, New
from services.chassis.portions import by_key
from services.chassis.resting import Rest

_REMEMBERED_S = 2.0
# s; thousands of devices give a sign of life each half a minute, and each is a write
_LONGEST_REST = 30.0
FIELDS = ("name", "vendor", "gb_code", "timezone", "owner")


class Known(NamedTuple):
    """A device on the list; `registered`: put there by somebody, not by its own reports."""

    timezone: str
    registered: bool


class Devices:
    """Registered devices and those that merely reported."""

    def __init__(self, devices: Aggregates, signs: Collection[Document]) -> None:
        self._devices, self._signs = devices, signs
        self._known: dict[str, Known] = {}
        self._known_until = 0.0
        self._heard: dict[str, Sign] = {}
        self.rest = Rest(_LONGEST_REST)

    def known(self, names: Iterable[str]) -> dict[str, Known]:
        """Those of them that are on the list, as it was at most two seconds ago."""
        clock, wanted = time.monotonic(), set(names)
        if clock > self._known_until:
            self._known, self._known_until = {}, clock + _REMEMBERED_S
        for device in by_key(self._devices.collection, wanted - self._known.keys(), {"timezone": 1, "registered": 1}):
            self._known[device["_id"]] = Known(device["timezone"], device["registered"])
        return {name: self._known[name] for name in wanted if name in self._known}

    def enlist(self, unknown: Mapping[str, Sign]) -> None:
        """Put devices on the list that merely reported."""
        self._devices.insert_many(
            [New(_document(device, {"vendor": sign.vendor}, registered=False)) for device, sign in unknown.items()]
        )

    def heard(self, signs: Mapping[str, Sign]) -> None:
        """Note when each device was last heard and when it last gave a heartbeat: written by the next `write_heard`."""
        for device, sign in signs.items():
            before = self._heard.get(device)
            self._heard[device] = before.later(sign) if before else sign

    def write_heard(self) -> None:
        """Write what was heard since the last time, one write for each device. The reports themselves are stored."""
        heard, self._heard = self._heard, {}
        try:
            if heard:
                self._signs.bulk_write([_latest(device, sign) for device, sign in heard.items()], ordered=False)
        except PyMongoError:
            self.heard(heard)
            raise

    def mention(self, device: str) -> None:
        """Somebody speaks of it: it is registered if it was unknown."""
        self._known_until = 0.0
        self._devices.insert(_document(device, {}, registered=True))

    def save(self, command: SaveDevice) -> Device:
        """Register it, or change what is registered."""
        self._known_until = 0.0
        fields = command.model_dump(include=set(FIELDS))
        found = self._devices.get(command.id)
        if found is None:
            if not self._devices.insert(_document(command.id, fields, registered=True)):
                return self.save(command)
        elif not context.applied(found):
            command.check_version(found["version"])
            self._devices.update(command.id, found["version"], Change(set={**fields, "registered": True}))
        return self._views([self._devices.get(command.id) or {}])[0]

    def save_many(self, wanted: Mapping[str, Mapping[str, Any]], *, dry_run: bool) -> dict[str, str]:
        """Register many (id → fields); for each `created`, `changed` or `unchanged`."""
        self._known_until = 0.0
        standing = {found["_id"]: found for found in by_key(self._devices.collection, wanted.keys())}
        outcomes = {
            id: "created" if id not in standing else _difference(standing[id], fields) for id, fields in wanted.items()
        }
        if not dry_run:
            message = context.message_id()
            self._devices.insert_many(
                [
                    New(_document(id, wanted[id], registered=True))
                    for id, outcome in outcomes.items()
                    if outcome == "created"
                ]
            )
            self._devices.update_many(
                [
                    Changed(
                        id,
                        standing[id]["version"],
                        Change(set={**wanted[id], "registered": True}),
                        message_ids=(message,) if message else (),
                    )
                    for id, outcome in outcomes.items()
                    if outcome == "changed"
                ]
            )
        return outcomes

    def page(self, query: ListDevices) -> Page[Device]:
        """By id."""
        after = str(cursors.decode(query.cursor, 1)[0]) if query.cursor else ""
        found = list(self._devices.collection.find({"_id": {"$gt": after}}).sort("_id", 1).limit(query.limit + 1))
        items = self._views(found[: query.limit])
        return Page(items=items, next=cursors.encode(items[-1].id) if len(found) > query.limit else None)

    def _views(self, documents: Sequence[Document]) -> list[Device]:
        ids = [document["_id"] for document in documents]
        signs = {found["_id"]: found for found in self._signs.find({"_id": {"$in": ids}})}
        return [
            Device.model_validate({**signs.get(document["_id"], {}), **document, "id": document["_id"]})
            for document in documents
        ]


def _document(id: str, fields: Mapping[str, Any], *, registered: bool) -> Document:
    unsaid: Document = {**dict.fromkeys(FIELDS), "timezone": DEFAULT_TIMEZONE}
    return {"_id": id, **unsaid, **fields, "registered": registered}


def _difference(standing: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    same = standing["registered"] and all(standing[name] == value for name, value in fields.items())
    return "unchanged" if same else "changed"


def _latest(device: str, sign: Sign) -> UpdateOne:
    latest: Document = {"last_report_at": sign.report_at}
    if sign.heartbeat_at:
        latest["last_heartbeat_at"] = sign.heartbeat_at
    return UpdateOne({"_id": device}, {"$max": latest}, upsert=True)

"""设备 in the store: who is registered or merely reported, and the state of each."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pymongo import IndexModel

from contracts.alerts import (
    ActOnDevice,
    ArmState,
    Device,
    DeviceAction,
    DeviceRecovered,
    DeviceSilent,
    DeviceState,
    ListDevices,
    SaveDevice,
)
from contracts.base import Event
from contracts.faults import NotFound
from contracts.shared import Page
from services.alerts import living
from services.alerts.domain import DEFAULT_TIMEZONE
from services.alerts.living import Life
from services.alerts.reading import Sign
from services.alerts.store.signs import Signs
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Change, Changed, Document, New
from services.chassis.portions import by_key

INDEXES = [
    IndexModel([("state", 1), ("_id", 1)], name="state"),
    IndexModel("pairs", name="text"),
    IndexModel("owes", name="owes", sparse=True),
]
_REMEMBERED_S = 2.0
_MOST_OWING = 100
FIELDS = ("name", "vendor", "gb_code", "timezone", "owner", "heartbeat_expected_s")
_UNSAID: Document = {
    **dict.fromkeys((*FIELDS, "platform", "parent")),
    "timezone": DEFAULT_TIMEZONE,
    "arm_state": ArmState.UNKNOWN.value,
    "state": DeviceState.ONLINE.value,
}


class Known(NamedTuple):
    """A device on the list; `registered`: put there by somebody, not by its own reports."""

    timezone: str
    registered: bool
    state: DeviceState
    expected_s: int | None

    @property
    def watched_s(self) -> int | None:
        """Within how many seconds a sign of life is expected; None: nobody waits for one."""
        return None if self.state is DeviceState.RETIRED else self.expected_s


class Owing(NamedTuple):
    """What a device's alert is still to be told: (fold, silent or heard, when), oldest first."""

    id: str
    version: int
    told: Sequence[tuple[str, bool, datetime]]


class Move(NamedTuple):
    """A device that is to be in another state, as it was read."""

    document: Document
    state: DeviceState
    heard_at: datetime | None


class Devices:
    """Registered devices and those that merely reported."""

    def __init__(self, devices: Aggregates, signs: Signs) -> None:
        self._devices, self._signs = devices, signs
        self._known: dict[str, Known] = {}
        self._known_until = 0.0

    def known(self, names: Iterable[str]) -> dict[str, Known]:
        """Those of them that are on the list, as it was at most two seconds ago."""
        clock, wanted = time.monotonic(), set(names)
        if clock > self._known_until:
            self._known, self._known_until = {}, clock + _REMEMBERED_S
        fields = {"timezone": 1, "registered": 1, "state": 1, "heartbeat_expected_s": 1, "created_at": 1}
        for found in by_key(self._devices.collection, wanted - self._known.keys(), fields):
            whole = _whole(found)
            self._known[found["_id"]] = Known(
                whole["timezone"], whole["registered"], DeviceState(whole["state"]), whole["heartbeat_expected_s"]
            )
        return {name: self._known[name] for name in wanted if name in self._known}

    def enlist(self, unknown: Mapping[str, Sign]) -> None:
        """Put devices on the list that merely reported."""
        self._devices.insert_many(
            [New(_document(device, {"vendor": sign.vendor}, registered=False)) for device, sign in unknown.items()]
        )

    def mention(self, device: str) -> None:
        """Somebody speaks of it: it is registered if it was unknown."""
        self._known_until = 0.0
        self._devices.insert(_document(device, {}, registered=True))

    def save(self, command: SaveDevice) -> Device:
        """Register it, or change what is registered."""
        self._known_until = 0.0
        fields = command.model_dump(include=set(FIELDS))
        if command.arm_state:
            fields["arm_state"] = command.arm_state.value
        found = self._devices.get(command.id)
        if found is None:
            if not self._devices.insert(_document(command.id, fields, registered=True)):
                return self.save(command)
        elif not context.applied(found):
            command.check_version(found["version"])
            self._devices.update(command.id, found["version"], Change(set=_registered(command.id, fields)))
        return self.get(command.id)

    def save_many(
        self, wanted: Mapping[str, Mapping[str, Any]], online: Mapping[str, bool], *, dry_run: bool
    ) -> dict[str, str]:
        """Register many (id → fields); for each `created`, `changed` or `unchanged`. `online`: as a platform says."""
        self._known_until = 0.0
        standing = {found["_id"]: found for found in by_key(self._devices.collection, wanted.keys())}
        told = {id: {**fields, **_said(standing.get(id), online.get(id))} for id, fields in wanted.items()}
        outcomes = {
            id: "created" if id not in standing else _difference(standing[id], fields) for id, fields in told.items()
        }
        if not dry_run:
            message = context.message_id()
            self._devices.insert_many(
                [
                    New(_document(id, told[id], registered=True))
                    for id, outcome in outcomes.items()
                    if outcome == "created"
                ]
            )
            self._devices.update_many(
                [
                    Changed(
                        id,
                        standing[id]["version"],
                        Change(set=_registered(id, {"name": standing[id]["name"], **told[id]})),
                        message_ids=(message,) if message else (),
                    )
                    for id, outcome in outcomes.items()
                    if outcome == "changed"
                ]
            )
        return outcomes

    def act(self, command: ActOnDevice) -> Device:
        """One step of the machine. Raises NotFound and Refused. A retired one's alert of silence ends."""
        self._known_until = 0.0
        found = self._devices.get(command.id)
        if found is None:
            raise _unknown()
        if not context.applied(found):
            command.check_version(found["version"])
            state, present = living.step(DeviceState(_whole(found)["state"]), command.action), context.now()
            set_ = _state(state, present, command.note)
            change = Change(set=set_)
            if command.action is DeviceAction.RETIRE and "silent_since" in found:
                change = Change(**_owing(found, present, set_, silent=False), unset=("silent_since",))
            self._devices.update(command.id, found["version"], change)
        return self.get(command.id)

    def get(self, id: str) -> Device:
        """One. Raises NotFound."""
        found = self.find(id)
        if found is None:
            raise _unknown()
        return found[0]

    def find(self, id: str) -> tuple[Device, bool] | None:
        """One that is on the list, and whether it is registered."""
        found = self._devices.get(id)
        return (self._views([found])[0], found["registered"]) if found else None

    def page(self, query: ListDevices) -> Page[Device]:
        """By id. The store finds what shares two signs with the text, the text itself is looked for here."""
        after = str(cursors.decode(query.cursor, 1)[0]) if query.cursor else ""
        text = query.text.strip().casefold() if query.text else ""
        criteria: Document = {"pairs": text[-2:]} if text else {"state": query.state.value} if query.state else {}
        most = 0 if text else query.limit + 1
        listed = self._devices.collection.find({**criteria, "_id": {"$gt": after}}).sort("_id", 1).limit(most)
        found = [document for document in listed if _meets(document, text, query.state)]
        shown, following = cursors.cut(found, query.limit)
        return Page(items=self._views(shown), next=following)

    def standing(self, ids: Iterable[str]) -> list[Document]:
        """Those of them that are on the list, as documents for `life` and `move`."""
        return [_whole(found) for found in by_key(self._devices.collection, set(ids))]

    def move(self, moves: Sequence[Move]) -> set[str]:
        """Put devices into other states and tell of it, one write each; the ids of those that were written."""
        items = [self._moved(*move) for move in moves]
        self._known_until = 0.0
        outcomes = self._devices.update_many(items)
        return {str(item.id) for item, outcome in zip(items, outcomes, strict=True) if outcome == "written"}

    def owing(self) -> list[Owing]:
        """Devices whose alerts are still to be told of their silence or return, at most 100."""
        found = self._devices.collection.find({"owes": True}, {"version": 1, "owed": 1}).limit(_MOST_OWING)
        return [
            Owing(one["_id"], one["version"], [(due["fold"], due["silent"], due["at"]) for due in one["owed"]])
            for one in found
        ]

    def settled(self, told: Iterable[Owing]) -> None:
        """Their alerts know; one that owes more by now is asked again."""
        self._devices.update_many([Changed(owing.id, owing.version, Change(unset=("owes", "owed"))) for owing in told])

    def _moved(self, found: Document, state: DeviceState, heard_at: datetime | None) -> Changed:
        id, version, present = found["_id"], found["version"], context.now()
        events: list[Event] = []
        if state is DeviceState.ONLINE:
            since = heard_at or present
            change = Change(set=_state(state, since))
            if "silent_since" in found:
                change = Change(**_owing(found, since, change.set, silent=False), unset=("silent_since",))
                events = [DeviceRecovered(id=id, silent_since=found["silent_since"], version=version + 1)]
        elif state is DeviceState.SILENT:
            set_ = {**_state(state, present), "silent_since": present}
            change = Change(**_owing(found, present, set_, silent=True))
            expected = found["heartbeat_expected_s"]
            events = [DeviceSilent(id=id, last_heard_at=heard_at, expected_s=expected, version=version + 1)]
        else:
            change = Change(set=_state(state, present))
        return Changed(id, version, change, events)

    def _views(self, found: Sequence[Document]) -> list[Device]:
        documents = [_whole(document) for document in found]
        signs = self._signs.of(document["_id"] for document in documents)
        return [
            Device.model_validate(
                {
                    **signs.get(document["_id"], {}),
                    **document,
                    "id": document["_id"],
                    "allowed_actions": living.allowed_actions(DeviceState(document["state"])),
                }
            )
            for document in documents
        ]


def life(document: Mapping[str, Any], signs: Mapping[str, Any]) -> Life:
    """A device as far as its state goes."""
    return Life(
        DeviceState(document["state"]),
        document["state_since"],
        document["heartbeat_expected_s"],
        signs.get("last_report_at"),
    )


def _whole(found: Document) -> Document:
    """With what a document lacks that was written before devices had a state."""
    return {**_UNSAID, "state_since": found["created_at"], **found}


def _state(state: DeviceState, since: datetime, note: str | None = None) -> Document:
    return {"state": state.value, "state_since": since, "state_note": note}


def _owing(found: Document, at: datetime, set_: Mapping[str, object], *, silent: bool) -> dict[str, Any]:
    """The alert of silence is a document of its own: that it is to be told is part of the same write."""
    owed = {"fold": f"{found['_id']}@{found['version'] + 1}", "silent": silent, "at": at}
    return {"set": {**set_, "owes": True}, "push": {"owed": [owed]}}


def _document(id: str, fields: Mapping[str, Any], *, registered: bool) -> Document:
    told = {**_UNSAID, "state_since": context.now(), **fields}
    return {"_id": id, **told, "registered": registered, "pairs": _pairs(id, told["name"])}


def _registered(id: str, fields: Mapping[str, Any]) -> Document:
    return {**fields, "registered": True, "pairs": _pairs(id, fields["name"])}


def _said(found: Document | None, online: bool | None) -> Document:
    """The state that follows from what a platform says, where it is another."""
    if online is None:
        return {}
    standing = _whole(found) if found else _UNSAID
    before = DeviceState(standing["state"])
    after = living.as_platform_says(before, standing["heartbeat_expected_s"], online=online)
    return {} if after is before else _state(after, context.now())


def _difference(standing: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    same = standing["registered"] and all(standing[name] == value for name, value in fields.items())
    return "unchanged" if same else "changed"


def _pairs(id: str, name: str | None) -> list[str]:
    """Every sign and every two that stand together, of the id and the name."""
    texts = [text.casefold() for text in (id, name) if text]
    return sorted({text[at : at + size] for text in texts for size in (1, 2) for at in range(len(text) - size + 1)})


def _meets(document: Document, text: str, state: DeviceState | None) -> bool:
    named = text in document["_id"].casefold() or text in (document["name"] or "").casefold()
    return named and (state is None or _whole(document)["state"] == state.value)


def _unknown() -> NotFound:
    return NotFound("device_unknown", "没有这台设备", "there is no such device")

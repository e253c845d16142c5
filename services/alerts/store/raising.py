"""What rises: held as flapping, muted, ended already or not; one insert for each alert."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

from contracts.alerts import AlertSettings, AlertType
from services.alerts import folding, silencing
from services.alerts.domain import quiet_time
from services.alerts.folding import Past, Tally
from services.alerts.inhibiting import INHIBITING, MOTION_FAMILY, Lost, inhibitor
from services.alerts.places import Placed
from services.alerts.silencing import Muting
from services.alerts.store import documents
from services.alerts.store.documents import Rising
from services.alerts.store.fingerprints import Fingerprints
from services.alerts.store.settings import Settings
from services.alerts.store.silences import Silences
from services.chassis import context
from services.chassis.aggregates import Aggregates, Document, New
from services.chassis.messages import Received
from services.chassis.portions import by_key, portions

Tallies = Mapping[str, Tally]
Causes = Mapping[str, Received[Any]]
Place = Callable[[Tallies], Mapping[str, Placed]]

_NOTHING = Past()


class Put(NamedTuple):
    """The alert that the sightings of a fingerprint are in, the fold that raised it first, and what silenced it."""

    alert: str
    raised_in: str
    silenced_by: str | None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """As the document says."""
        return cls(document["_id"], document["raised_by"][0], document["silenced_by"])


class Raising:
    """Raises alerts, those first that mute others."""

    def __init__(self, alerts: Aggregates, settings: Settings, silences: Silences, fingerprints: Fingerprints) -> None:
        self._alerts, self._settings = alerts, settings
        self._silences, self._fingerprints = silences, fingerprints

    def rise(
        self,
        folds: Mapping[str, Sequence[str]],
        tallies: Tallies,
        past: Mapping[str, Past],
        place: Place,
        causes: Causes,
    ) -> dict[str, Put]:
        """A new alert for each tally (by fingerprint); those that raced with somebody else are left out."""
        done: dict[str, Put] = {}
        for muting in (True, False):
            part = {name: found for name, found in tallies.items() if (found.head.type in INHIBITING) is muting}
            if part:
                done |= self._insert(folds, part, past, place(part), causes)
        return done

    def _insert(
        self,
        folds: Mapping[str, Sequence[str]],
        tallies: Tallies,
        past: Mapping[str, Past],
        places: Mapping[str, Placed],
        causes: Causes,
    ) -> dict[str, Put]:
        present, settings, mutings = context.now(), self._settings.get(), self._silences.active()
        lost = self._lost({found.head.device for found in tallies.values() if found.head.type in MOTION_FAMILY})
        new: dict[str, New] = {}
        for name, found in tallies.items():
            head, placed = found.head, places[name]
            rising = Rising(
                placed,
                *_course(past.get(name, _NOTHING), found, settings),
                silenced_by=_silenced(mutings, found, placed) if mutings else None,
                inhibited_by=inhibitor(head.type, head.device, head.channel, lost.get(head.device, ())),
            )
            cause = causes.get(head.report)
            document, told = documents.raised(folds[name], name, found, rising, present, settings=settings)
            if "uncorrelated" in document:
                document["traceparent"] = cause.traceparent if cause else None
            new[name] = New(document, told, cause)
        fresh = self._alerts.insert_many(list(new.values()))
        standing = fresh | self._known([str(item.document["_id"]) for item in new.values()], fresh)
        done = {name: Put.of(item.document) for name, item in new.items() if item.document["_id"] in standing}
        noted = {name: (put.alert, tallies[name]) for name, put in done.items()}
        self._fingerprints.raised(noted, past, settings.flapping_raised)
        return done

    def _known(self, ids: Sequence[str], fresh: Collection[str]) -> set[str]:
        """The same fold was here before, or another alert of the fingerprint was raised since we looked."""
        missing = [id for id in ids if id not in fresh]
        return {found["_id"] for found in by_key(self._alerts.collection, missing, {"_id": 1})}

    def _lost(self, devices: Collection[str]) -> dict[str, list[Lost]]:
        """The open alerts that mute what these devices see, by device."""
        lost: dict[str, list[Lost]] = {}
        for part in portions(devices):
            for found in self._alerts.collection.find({"mutes": {"$in": part}}, {"type": 1, "device": 1, "channel": 1}):
                lost.setdefault(found["device"], []).append(_lost(found))
        return lost


def _lost(found: Document) -> Lost:
    return Lost(found["_id"], AlertType(found["type"]), found["device"], found["channel"])


def _course(past: Past, found: Tally, settings: AlertSettings) -> tuple[datetime | None, bool]:
    """When it has ended already, and whether it is held as flapping: then no stop ends it."""
    if folding.flaps(past, found, settings):
        return None, True
    return folding.stopped_at(past, found, quiet_time(found.head.type, settings)), False


def _silenced(mutings: Sequence[Muting], found: Tally, placed: Placed) -> str | None:
    seen = {name: getattr(found.head, name, None) for name in silencing.FIELDS}
    fields = silencing.told({**seen, "severity": found.severity, "grid": placed.grid})
    return silencing.first(mutings, fields, found.head.received_at)

"""告警 in the store: raised, moved, ended and located; one write per fingerprint and fold."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pymongo import IndexModel, UpdateOne

from contracts.alerts import AlertEnded, AlertState, AlertType
from contracts.faults import Conflict
from services.alerts import folding
from services.alerts.domain import quiet_time
from services.alerts.folding import Past, Tally
from services.alerts.places import Bound
from services.alerts.store import documents
from services.alerts.store.fingerprints import Fingerprints
from services.alerts.store.raising import Causes, Place, Put, Raising, Tallies
from services.alerts.store.settings import Settings
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, Document
from services.chassis.portions import by_key, portions
from services.chassis.stretches import newest

# Unique and sparse, not unique and partial: the embedded store answers a query from the first in 1 ms and scans the
# collection for the second (127 ms at 5,000); both let a fingerprint be open once only.
INDEXES = [
    IndexModel("open_key", name="open", unique=True, sparse=True),
    IndexModel("fingerprint", name="fingerprint"),
    IndexModel("quiet_until", name="quiet", sparse=True),
    IndexModel("waits_for", name="waits", sparse=True),
    IndexModel("uncorrelated", name="uncorrelated", sparse=True),
    IndexModel("mutes", name="mutes", sparse=True),
    IndexModel("order", name="newest"),
    # only those have the fields that are muted, or in an incident: the others pay nothing
    IndexModel("muted", name="muted", sparse=True),
    IndexModel("incident", name="incident", sparse=True),
    *(IndexModel([(name, 1), ("order", 1)], name=f"newest_{name}") for name in ("state", "type", "device", "within")),
]
_ROUNDS = 5
_MOST_ENDED = 500
_MOST_MARKED = 10_000
_FIRST_STRETCH = timedelta(minutes=10)
_UNREAD = {"timeline": 0, "outbox": 0, "applied": 0, "media": 0}
_OLDEST = datetime(2020, 1, 1, tzinfo=UTC)


class Alerts:
    """What reports, silence and the ground do to alerts."""

    def __init__(self, alerts: Aggregates, settings: Settings, fingerprints: Fingerprints, raising: Raising) -> None:
        self._alerts, self._settings, self._fingerprints, self._raising = alerts, settings, fingerprints, raising

    def fold(self, fold: str, tallies: Tallies, place: Place, causes: Causes) -> dict[str, Put]:
        """Put the tallies of a fold (by fingerprint) into alerts, each once ever, whoever was at it before.

        The alert of each.
        """
        done = self._standing_of(fold, tallies)
        left = {fingerprint: found for fingerprint, found in tallies.items() if fingerprint not in done}
        rounds = 0
        while left:
            rounds += 1
            if rounds > _ROUNDS:
                raise Conflict("version_stale", "告警正被他人更新", "the alerts are being changed by somebody else")
            found, left = self._round(dict.fromkeys(left, (fold,)), left, place, causes)
            done |= found
        return done

    def fold_together(
        self, folds: Mapping[str, Sequence[str]], tallies: Tallies, place: Place, causes: Causes
    ) -> tuple[dict[str, Put], set[str]]:
        """Put what several folds say together (`folds` of each fingerprint) into alerts, in one write for each.

        The alert of each fingerprint, and those that raced with somebody else: to be put in fold by fold.
        """
        done, raced = self._round(folds, tallies, place, causes)
        return done, set(raced)

    def _round(
        self, folds: Mapping[str, Sequence[str]], tallies: Tallies, place: Place, causes: Causes
    ) -> tuple[dict[str, Put], dict[str, Tally]]:
        """Move what runs, raise what does not; what is done and what is left."""
        standing = {
            found["open_key"]: found
            for part in portions(tallies)
            for found in self._alerts.collection.find({"open_key": {"$in": part}}, {"timeline": 0})
        }
        risen = {name: found for name, found in tallies.items() if name not in standing and found.count}
        past = self._fingerprints.past(risen)
        standing |= self._just_ended(risen, past)
        taken = {
            name: {*found["applied"], *found["raised_by"]}.intersection(folds[name]) for name, found in standing.items()
        }
        moving = {name: found for name, found in tallies.items() if name in standing and not taken[name]}
        done = {name: Put.of(standing[name]) for name, found in taken.items() if len(found) == len(folds[name])}
        done |= self._update(folds, moving, standing, causes)
        rising = {name: found for name, found in risen.items() if name not in standing}
        done |= self._raising.rise(folds, rising, past, place, causes)
        # a stop of what does not run raises nothing; its start may be on the way
        early = {name: found for name, found in tallies.items() if name not in standing and not found.count}
        self._fingerprints.stopped(early)
        return done, {name: found for name, found in tallies.items() if name not in done and name not in early}

    def _just_ended(self, risen: Tallies, past: Mapping[str, Past]) -> dict[str, Document]:
        """The alerts that have ended and that these are late sightings of."""
        settings, last = self._settings.get(), {found.alert: name for name, found in past.items() if found.alert}
        return {
            last[found["_id"]]: found
            for found in by_key(self._alerts.collection, last.keys(), {"timeline": 0})
            if found["state"] != AlertState.CLOSED.value
            and folding.belongs(
                risen[last[found["_id"]]], found["ended_at"], quiet_time(AlertType(found["type"]), settings)
            )
        }

    def end_quiet(self, read_up_to: datetime) -> int:
        """End the alerts whose quiet time is over (at most 500, the others next time); how many."""
        present = context.now()
        due = list(
            self._alerts.collection.find(
                {"quiet_until": {"$gt": _OLDEST, "$lte": read_up_to}},
                {"version": 1, "last_at": 1, "count": 1, "state": 1},
            ).limit(_MOST_ENDED)
        )
        self._alerts.update_many(
            [
                Changed(
                    found["_id"],
                    found["version"],
                    Change(
                        set={"ended_at": found["last_at"]},
                        unset=documents.RUNNING,
                        push={"timeline": [documents.ending(present, found["state"], "静默 / quiet")]},
                    ),
                    [
                        AlertEnded(
                            id=found["_id"],
                            ended_at=found["last_at"],
                            count=found["count"],
                            version=found["version"] + 1,
                        )
                    ],
                )
                for found in due
            ]
        )
        return len(due)

    def waited_for(self) -> set[str]:
        """The keys of the channels that alerts wait for."""
        found = self._alerts.collection.find({"waits_for": {"$gt": "", "$lt": "\U0010ffff"}}, {"waits_for": 1})
        return {document["waits_for"] for document in found}

    def locate(self, channels: Mapping[str, Bound]) -> bool:
        """Give the alerts that wait for these channels (by key) their places; whether none moved on meanwhile."""
        waiting = self._alerts.collection.find(
            {"waits_for": {"$in": list(channels)}}, {"version": 1, "waits_for": 1, "place_quality": 1}
        )
        settled = True
        for part in documents.chunks(waiting):
            changed = [
                Changed(found["_id"], found["version"], documents.located(found, channels[found["waits_for"]]))
                for found in part
            ]
            settled &= "stale" not in self._alerts.update_many(changed)
        return settled

    def uncorrelated(self) -> list[Document]:
        """Those that have not been through the rules (at most 10,000), oldest first."""
        found = self._alerts.collection.find({"uncorrelated": True}, _UNREAD).limit(_MOST_MARKED)
        return sorted(found, key=lambda document: str(document["_id"]))

    def read(self, ids: Collection[str]) -> dict[str, Document]:
        """These, by id."""
        return {found["_id"]: found for found in by_key(self._alerts.collection, ids, _UNREAD)}

    def since(self, at: datetime, until: datetime, most: int) -> tuple[list[Document], bool]:
        """Those received since a time, the newest so many, in their order; whether these are all."""
        before = documents.mark(until + timedelta(seconds=1))
        ranges = documents.ranges(before, _FIRST_STRETCH, at)
        found = newest(self._alerts.collection, "order", ranges, {}, limit=most + 1, hidden=_UNREAD)
        return found[:most][::-1], len(found) <= most

    def join(self, incidents: Mapping[str, Document], standing: Mapping[str, Document]) -> bool:
        """Note the incidents (by alert) of alerts as they were read; False: some moved on meanwhile."""
        changed = [
            Changed(id, standing[id]["version"], documents.joined(standing[id], incident))
            for id, incident in incidents.items()
            if standing[id].get("incident") != incident["_id"] or "uncorrelated" in standing[id]
        ]
        return "stale" not in self._alerts.update_many(changed)

    def correlated(self, ids: Iterable[str]) -> None:
        """These have been through the rules and are in no incident. Nothing that anybody is told of has changed."""
        marks = dict.fromkeys(documents.MARKS, "")
        writes = [UpdateOne({"_id": id}, {"$unset": marks}) for id in ids]
        if writes:
            self._alerts.collection.bulk_write(writes, ordered=False)

    def all_ended(self, incidents: Iterable[str]) -> set[str]:
        """Those of the incidents that have no alert which goes on."""
        wanted = set(incidents)
        found = (
            document
            for part in portions(wanted)
            for document in self._alerts.collection.find({"incident": {"$in": part}}, {"incident": 1, "ended_at": 1})
        )
        return wanted - {document["incident"] for document in found if document["ended_at"] is None}

    def _standing_of(self, fold: str, fingerprints: Collection[str]) -> dict[str, Put]:
        """The alerts that this fold has raised or moved."""
        return {
            found["fingerprint"]: Put.of(found)
            for part in portions(fingerprints)
            for found in self._alerts.collection.find(
                {"fingerprint": {"$in": part}, "$or": [{"applied": fold}, {"raised_by": fold}]},
                {"fingerprint": 1, "raised_by": 1, "silenced_by": 1},
            )
        }

    def _update(
        self,
        folds: Mapping[str, Sequence[str]],
        tallies: Tallies,
        standing: Mapping[str, Document],
        causes: Causes,
    ) -> dict[str, Put]:
        present, settings, changed = context.now(), self._settings.get(), []
        for fingerprint, found in tallies.items():
            document = standing[fingerprint]
            change, events = documents.moved(document, found, present, settings=settings)
            cause = causes.get(found.head.report)
            changed.append(Changed(document["_id"], document["version"], change, events, folds[fingerprint], cause))
        outcomes = self._alerts.update_many(changed)
        return {
            fingerprint: Put.of(standing[fingerprint])
            for fingerprint, outcome in zip(tallies, outcomes, strict=True)
            if outcome != "stale"
        }

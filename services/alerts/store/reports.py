"""原始报文 as documents, and the folds 合并批 in which they come.

A batch of reports is one fold: a document that names its members is written first, then the reports, each naming its
fold; then the batch is done for the broker. What the fold's alarms do to alerts is written a moment later, together
with what came meanwhile, and the fold is no longer `open`. A process that dies in between leaves an open fold, and
whoever looks next finishes it from the reports: one id in the alert is enough to count each report once.

The reports themselves have no index but their id: each would cost as much as storing them (measured on the embedded
store: 0.14 CPU-seconds for a thousand, 0.53 with four indexes).
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from pymongo import IndexModel, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from contracts.alerts import AlertType, Report, ReportReceived, ReportRejected
from contracts.faults import NotFound
from contracts.shared import Point
from services.alerts.flooding import thinned
from services.alerts.folding import Sighting
from services.alerts.reading import Reading
from services.alerts.store.repeats import Repeats
from services.chassis import context
from services.chassis.aggregates import Aggregates, Changed, Document, New
from services.chassis.aggregates import Change as Update
from services.chassis.messages import Received
from services.chassis.portions import by_key, portions

KEPT = timedelta(days=30)
_SAME_BODY = timedelta(minutes=10)
_OLDEST = datetime(2020, 1, 1, tzinfo=UTC)
_MOST_AT_ONCE = 200

Batch = Mapping[str, tuple[Reading, Received[ReportReceived]]]


class Left(NamedTuple):
    """An open fold. Not `complete`: some member is not stored yet, its process may still be at it."""

    fold: str
    sightings: Sequence[Sighting]
    complete: bool


class Reports:
    """Reports, folds, and which vendor's message stands under which report."""

    def __init__(self, database: Database[Document]) -> None:
        self.raw = Aggregates(database, "raw_reports", silent=True)
        self.rejections = Aggregates(database, "rejections")
        self._folds: Collection[Document] = database["folds"]
        self._folds.create_indexes(
            [IndexModel("open", name="open", sparse=True), IndexModel("at", name="oldest")],
        )
        self._source_keys = Repeats(database, "source_keys", KEPT)
        self._bodies = Repeats(database, "bodies", _SAME_BODY)

    def keep(self, batch: Batch, most: int) -> tuple[str, list[Sighting]]:
        """Store the reports of a batch (by id): the fold, and the sightings that are to be folded.

        Of a source with more than `most` reports the latest are kept whole.
        """
        fold, present = uuid4().hex, context.now()
        readings = thinned(self._without_repeats(batch, present), most)
        opened: Document = {"_id": fold, "at": present, "members": list(batch)}
        if any(reading.sightings for reading in readings):
            opened["open"] = True
        self._folds.insert_one(opened)
        fresh = self.raw.insert_many([New(_document(reading, fold)) for reading in readings])
        self._reject([reading for reading in readings if reading.state == "rejected"], batch)
        sightings = [
            sighting for reading in readings if reading.delivery.report in fresh for sighting in reading.sightings
        ]
        known = [reading for reading in readings if reading.delivery.report not in fresh]
        return fold, sightings + self._readable_at_last(fold, known)

    def finish(self, folds: Mapping[str, Mapping[str, str]]) -> None:
        """These folds are in the alerts (fold → fingerprint → alert)."""
        self._folds.bulk_write(
            [
                UpdateOne({"_id": fold}, {"$set": {"alerts": dict(alerts)}, "$unset": {"open": ""}})
                for fold, alerts in folds.items()
            ],
            ordered=False,
        )

    def left_open(self, before: datetime, own: Container[str]) -> Iterator[Left]:
        """Folds of others that were opened before a time and are not finished."""
        found = list(self._folds.find({"open": True}).limit(_MOST_AT_ONCE))
        return (self._left(fold) for fold in found if fold["at"] < before and fold["_id"] not in own)

    def get(self, id: str) -> Report:
        """What became of a report. Raises NotFound, also in the moment between its 202 and its arrival here."""
        found = self.raw.collection.find_one({"_id": id}, {"body": 0})
        if found is None:
            raise NotFound("report_unknown", "没有这个报文, 或尚未处理", "no such report, or not yet processed")
        fold = self._folds.find_one({"_id": found["fold"]}, {"members": 0}) if found.get("fold") else None
        folded = fold is not None and "open" not in fold
        fingerprints = [_sighting(found, kept).fingerprint for kept in found["sightings"]]
        alerts = [fold["alerts"].get(fingerprint) for fingerprint in fingerprints] if fold and folded else []
        return Report(
            report=id,
            state="parsed" if folded else found["state"],
            alerts=list(dict.fromkeys(alert for alert in alerts if alert)),
            **{
                name: found[name]
                for name in ("adapter", "source", "received_at", "content_type", "size", "reason", "trace_id")
            },
        )

    def expire(self, now: datetime) -> int:
        """Delete the reports whose keeping is over, by their folds; how many folds went."""
        due = {"at": {"$gt": _OLDEST, "$lt": now - KEPT}}
        gone = 0
        while found := list(self._folds.find(due, {"members": 1}).limit(_MOST_AT_ONCE)):
            for part in portions(member for fold in found for member in fold["members"]):
                self.raw.collection.delete_many({"_id": {"$in": part}})
                self.rejections.collection.delete_many({"_id": {"$in": part}})
            for part in portions(fold["_id"] for fold in found):
                self._folds.delete_many({"_id": {"$in": part}})
            gone += len(found)
        return gone

    def _left(self, fold: Document) -> Left:
        standing = list(by_key(self.raw.collection, fold["members"], {"body": 0}))
        sightings = [
            _sighting(found, kept)
            for found in standing
            if found.get("fold") == fold["_id"]
            for kept in found["sightings"]
        ]
        return Left(fold["_id"], sightings, len(standing) == len(fold["members"]))

    def _without_repeats(self, batch: Batch, present: datetime) -> list[Reading]:
        """The readings, those marked that repeat a message which stands under another report id."""
        sources: dict[str, str] = {}
        bodies: dict[str, str] = {}
        for id, (reading, _) in batch.items():
            if reading.source_key:
                sources.setdefault(reading.source_key, id)
            elif reading.body_key:
                bodies.setdefault(reading.body_key, id)
        first = self._source_keys.first(sources, present) | self._bodies.first(bodies, present)
        keyed = ((id, reading, reading.source_key or reading.body_key or "") for id, (reading, _) in batch.items())
        return [reading if first.get(key, id) == id else reading.repeats(first[key]) for id, reading, key in keyed]

    def _reject(self, rejected: Sequence[Reading], batch: Batch) -> None:
        self.rejections.insert_many(
            [
                New(
                    {"_id": reading.delivery.report},
                    [
                        ReportRejected(
                            report=reading.delivery.report,
                            adapter=reading.delivery.adapter,
                            source=reading.delivery.source,
                            reason=reading.code or "",
                        )
                    ],
                    batch[reading.delivery.report][1],
                )
                for reading in rejected
            ]
        )

    def _readable_at_last(self, fold: str, known: Sequence[Reading]) -> list[Sighting]:
        """Of reports that stand already: those that were rejected and can be read by now."""
        if not known:
            return []
        standing = {
            found["_id"]: found
            for found in by_key(
                self.raw.collection, {reading.delivery.report for reading in known}, {"state": 1, "version": 1}
            )
        }
        readable = [
            reading
            for reading in known
            if reading.state != "rejected" and standing[reading.delivery.report]["state"] == "rejected"
        ]
        outcomes = self.raw.update_many(
            [
                Changed(
                    reading.delivery.report,
                    standing[reading.delivery.report]["version"],
                    Update(set=_outcome(reading, fold)),
                    message_ids=(fold,),
                )
                for reading in readable
            ]
        )
        written = zip(readable, outcomes, strict=True)
        return [sighting for reading, outcome in written if outcome == "written" for sighting in reading.sightings]


def _document(reading: Reading, fold: str) -> Document:
    delivery = reading.delivery
    return {
        "_id": delivery.report,
        "adapter": delivery.adapter,
        "source": delivery.source,
        "received_at": delivery.received_at,
        "content_type": delivery.content_type,
        "size": len(delivery.body),
        "body": reading.kept_body,
        "trace_id": reading.trace_id,
        **_outcome(reading, fold),
    }


def _outcome(reading: Reading, fold: str) -> Document:
    found: Document = {
        "state": reading.state,
        "reason": reading.reason,
        "sightings": [_kept(sighting) for sighting in reading.sightings],
    }
    if reading.sightings:
        found["fold"] = fold
    return found


def _kept(sighting: Sighting) -> Document:
    point = sighting.point
    return {
        "device": sighting.device,
        "channel": sighting.channel,
        "type": sighting.type.value,
        "raw_type": sighting.raw_type,
        "severity": sighting.severity,
        "rule": sighting.rule,
        "target": sighting.target,
        "active": sighting.active,
        "at": sighting.at,
        "time_quality": list(sighting.time_quality),
        "place_quality": list(sighting.place_quality),
        "point": [point.longitude, point.latitude] if point else None,
        "media": list(sighting.media),
        "subject": sighting.subject,
        "repeated_s": sighting.repeated_s,
        "told_at": sighting.told_at,
        "suppressed": sighting.suppressed,
    }


def _sighting(report: Mapping[str, Any], kept: Mapping[str, Any]) -> Sighting:
    point = kept["point"]
    return Sighting(
        report=report["_id"],
        source=report["source"],
        received_at=report["received_at"],
        trace_id=report["trace_id"],
        type=AlertType(kept["type"]),
        time_quality=tuple(kept["time_quality"]),
        place_quality=tuple(kept["place_quality"]),
        point=Point(longitude=point[0], latitude=point[1]) if point else None,
        media=tuple(kept["media"]),
        subject=kept.get("subject"),
        repeated_s=kept.get("repeated_s"),
        told_at=kept.get("told_at"),
        suppressed=kept.get("suppressed", False),
        **{
            name: kept[name] for name in ("device", "channel", "raw_type", "severity", "rule", "target", "active", "at")
        },
    )

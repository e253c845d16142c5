"""原始报文 as documents: written once, never changed. A fold names the reports that one batch put into alerts.

A report's alarms are applied to alerts together with the other reports of its fold, and the fold is then noted in
`folds`. A report that is delivered again is thus either known to be done or is finished with exactly the fold that
it first belonged to, so that one id in the alert is enough to count each report once. Measured on the embedded
store: marking each report of a batch afterwards would cost as much as storing them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo import IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from contracts.alerts import AlertType, Report, ReportReceived, ReportRejected
from contracts.faults import NotFound
from contracts.shared import Point
from services.alerts.folding import Sighting
from services.alerts.reading import Reading
from services.chassis.aggregates import Aggregates, Changed, Document, New
from services.chassis.aggregates import Change as Update
from services.chassis.messages import Received

KEPT = timedelta(days=30)
_EXPIRY = int(KEPT.total_seconds())

INDEXES = [
    IndexModel("fold", name="fold", sparse=True),
    # a unique index would hide the repeated report; sparse: most bodies name no id of their own
    IndexModel("source_key", name="source_key", sparse=True),
    IndexModel("received_at", name="expiry", expireAfterSeconds=_EXPIRY),
]


@dataclass(frozen=True)
class Kept:
    """What is to be folded: this batch's own fold, and unfinished folds of batches that were cut short."""

    fold: str
    sightings: Sequence[Sighting]
    unfinished: Mapping[str, Sequence[Sighting]] = field(default_factory=dict)


class Reports:
    """Reports and folds."""

    def __init__(self, raw: Aggregates, folds: Collection[Document]) -> None:
        self._raw, self._folds = raw, folds
        folds.create_indexes([IndexModel("at", name="expiry", expireAfterSeconds=_EXPIRY)])

    def keep(self, batch: Mapping[str, tuple[Reading, Received[ReportReceived]]]) -> Kept:
        """Store the reports of a batch (by id) that are new, and say what is to be folded."""
        fold = uuid4().hex
        readings = self._without_repeats(batch)
        fresh = self._raw.insert_many(
            [
                New(_document(reading, fold), _rejection(reading), cause=batch[reading.delivery.report][1])
                for reading in readings
            ]
        )
        new = [sighting for reading in readings if reading.delivery.report in fresh for sighting in reading.sightings]
        known = [reading for reading in readings if reading.delivery.report not in fresh]
        if not known:
            return Kept(fold, new)
        return self._with_known(fold, new, known)

    def finish(self, fold: str, alerts: Mapping[str, str], now: datetime) -> None:
        """The fold is in the alerts (fingerprint → alert)."""
        try:
            self._folds.insert_one({"_id": fold, "alerts": dict(alerts), "at": now})
        except DuplicateKeyError:
            return

    def get(self, id: str) -> Report:
        """What became of a report. Raises NotFound, also in the moment between its 202 and its arrival here."""
        found = self._raw.collection.find_one({"_id": id}, {"body": 0})
        if found is None:
            raise NotFound("report_unknown", "没有这个报文, 或尚未处理", "no such report, or not yet processed")
        fold = self._folds.find_one({"_id": found["fold"]}) if found.get("fold") else None
        fingerprints = [_sighting(found, kept).fingerprint for kept in found["sightings"]]
        alerts = [fold["alerts"].get(fingerprint) for fingerprint in fingerprints] if fold else []
        return Report(
            report=id,
            state="parsed" if fold else found["state"],
            alerts=list(dict.fromkeys(alert for alert in alerts if alert)),
            **{
                name: found[name]
                for name in ("adapter", "source", "received_at", "content_type", "size", "reason", "trace_id")
            },
        )

    def _without_repeats(self, batch: Mapping[str, tuple[Reading, Received[ReportReceived]]]) -> list[Reading]:
        """The readings, those marked that repeat a message which stands under another report id."""
        keys = [reading.source_key for reading, _ in batch.values() if reading.source_key]
        if not keys:
            return [reading for reading, _ in batch.values()]
        first = {
            found["source_key"]: found["_id"]
            for found in self._raw.collection.find({"source_key": {"$in": keys}}, {"source_key": 1})
        }
        readings = []
        for id, (reading, _) in batch.items():
            original = first.setdefault(reading.source_key, id) if reading.source_key else id
            readings.append(reading if original == id else reading.repeats(original))
        return readings

    def _with_known(self, fold: str, new: list[Sighting], known: Sequence[Reading]) -> Kept:
        ids = [reading.delivery.report for reading in known]
        standing = {
            found["_id"]: found
            for found in self._raw.collection.find({"_id": {"$in": ids}}, {"fold": 1, "state": 1, "version": 1})
        }
        readable = [
            reading
            for reading in known
            if reading.state != "rejected" and standing[reading.delivery.report]["state"] == "rejected"
        ]
        changed = [
            Changed(
                reading.delivery.report,
                standing[reading.delivery.report]["version"],
                Update(set=_outcome(reading, fold)),
                message_ids=(fold,),
            )
            for reading in readable
        ]
        outcomes = self._raw.update_many(changed)
        for reading, outcome in zip(readable, outcomes, strict=True):
            if outcome == "written":
                new.extend(reading.sightings)
        folds = {found["fold"] for found in standing.values() if found.get("fold")}
        return Kept(fold, new, self._unfinished(folds))

    def _unfinished(self, folds: Iterable[str]) -> dict[str, list[Sighting]]:
        left = set(folds)
        left -= {found["_id"] for found in self._folds.find({"_id": {"$in": sorted(left)}}, {"_id": 1})}
        members: dict[str, list[Sighting]] = {fold: [] for fold in left}
        if left:
            for found in self._raw.collection.find({"fold": {"$in": sorted(left)}}, {"body": 0}):
                members[found["fold"]].extend(_sighting(found, kept) for kept in found["sightings"])
        return members


def _rejection(reading: Reading) -> list[ReportRejected]:
    if reading.state != "rejected":
        return []
    delivery = reading.delivery
    return [
        ReportRejected(
            report=delivery.report, adapter=delivery.adapter, source=delivery.source, reason=reading.code or ""
        )
    ]


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
    if reading.source_key:
        found["source_key"] = reading.source_key
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
        **{
            name: kept[name] for name in ("device", "channel", "raw_type", "severity", "rule", "target", "active", "at")
        },
    )

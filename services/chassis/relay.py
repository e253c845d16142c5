"""From the outbox to the broker: publish, confirm, keep in the event log, clear. In doubt it sends again, same id."""

import logging
import time
from collections.abc import Sequence
from typing import Any

from eventlet.event import Event as Signal
from eventlet.greenthread import GreenThread, sleep, spawn
from opentelemetry.trace import SpanKind
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, PyMongoError

from contracts.base import EVENTS
from contracts.faults import Unavailable
from services.chassis import context, crash, messages, tracing
from services.chassis.aggregates import Aggregates, Document, Pending
from services.chassis.links import Publisher
from services.chassis.stores import already_there

_log = logging.getLogger(__name__)
_BATCH = 256
_SWEEP_S = 5.0


class OutboxRelay:
    """One for each process; any number of processes may relay the same outboxes."""

    def __init__(self, url: str, service: str, database: Database[Document], aggregates: Sequence[Aggregates]) -> None:
        self._publisher = Publisher(url, f"{service} relay")
        self._aggregates = {found.name: found for found in aggregates}
        self._log: Collection[Document] = database["event_log"]
        self._waiting: list[Pending] = []
        self._wake = Signal()
        self._stopping = False
        self._threads: list[GreenThread] = []
        for found in aggregates:
            found.relay = self

    def start(self) -> None:
        """Begin, with what a crash left behind."""
        self._threads = [spawn(self._run), spawn(self._sweep)]

    def take(self, written: Sequence[Pending]) -> None:
        """Publish soon."""
        self._waiting.extend(written)
        if written and not self._wake.ready():
            self._wake.send()

    def stop(self) -> None:
        """Send what waits (bounded), then end."""
        self._stopping = True
        if not self._wake.ready():
            self._wake.send()
        self._threads[0].wait()
        self._threads[1].kill()
        self._publisher.close()

    def _run(self) -> None:
        while True:
            if not self._waiting:
                if self._stopping:
                    return
                self._wake.wait()
                self._wake = Signal()
                continue
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            if not self._relay(batch):
                # the sweeper finds them again
                self._waiting.clear()
                if self._stopping:
                    return
                sleep(0.5)

    def _sweep(self) -> None:
        while True:
            try:
                if not self._waiting:
                    self._sweep_once()
            except PyMongoError as error:
                _log.warning("sweep postponed", extra={"error": type(error).__name__})
            sleep(_SWEEP_S)

    def _sweep_once(self) -> None:
        for name, aggregates in self._aggregates.items():
            left = aggregates.collection.find({"pending": True}, {"version": 1, "outbox": 1}).limit(_BATCH)
            self.take([Pending(name, found["_id"], found["version"], found["outbox"]) for found in left])

    def _relay(self, batch: Sequence[Pending]) -> bool:
        entries = [entry for pending in batch for entry in pending.entries]
        crash.point("before_publish")
        began = time.time_ns()
        try:
            answers = self._publisher.publish(
                [
                    messages.outgoing(entry["id"], entry["type"], entry["body"], entry.get("traceparent"))
                    for entry in entries
                ]
            )
            crash.point("after_publish")
            sent = {entry["id"] for entry, error in zip(entries, answers, strict=True) if _safe(entry["type"], error)}
            _tell(batch, sent, began)
            self._keep([entry for entry in entries if entry["id"] in sent])
            self._clear(batch, sent)
        except (Unavailable, PyMongoError) as error:
            _log.warning("relay postponed", extra={"error": type(error).__name__, "events": len(entries)})
            return False
        if len(sent) < len({entry["id"] for entry in entries}):
            _log.warning("broker refused events", extra={"refused": len(entries) - len(sent)})
            return False
        return True

    def _keep(self, entries: Sequence[Document]) -> None:
        if not entries:
            return
        present = context.now()
        try:
            self._log.insert_many(
                [
                    {"_id": entry["id"], "type": entry["type"], "at": present, "body": entry["body"]}
                    for entry in entries
                ],
                ordered=False,
            )
        except BulkWriteError as error:
            already_there(error)

    def _clear(self, batch: Sequence[Pending], sent: set[str]) -> None:
        by_collection: dict[str, list[Pending]] = {}
        for pending in batch:
            by_collection.setdefault(pending.collection, []).append(pending)
        for name, items in by_collection.items():
            collection = self._aggregates[name].collection
            writes: list[Any] = [
                UpdateOne(
                    {"_id": item.id, "version": item.version, "outbox": {"$size": len(item.entries)}},
                    {"$set": {"outbox": []}, "$unset": {"pending": ""}},
                )
                for item in items
                if all(entry["id"] in sent for entry in item.entries)
            ]
            if writes and collection.bulk_write(writes, ordered=False).matched_count == len(items):
                continue
            # some moved on in the meantime: take out exactly what was sent
            ids = [item.id for item in items]
            collection.update_many({"_id": {"$in": ids}}, {"$pull": {"outbox": {"id": {"$in": sorted(sent)}}}})
            collection.update_many({"_id": {"$in": ids}, "outbox": {"$size": 0}}, {"$unset": {"pending": ""}})


def _tell(batch: Sequence[Pending], sent: set[str], began: int) -> None:
    """A span for each event that went out, in the trace that it came from."""
    for pending in batch:
        for entry in pending.entries:
            traceparent = entry.get("traceparent")
            if entry["id"] in sent and traceparent and tracing.recorded(traceparent):
                tracing.tracer.start_span(
                    f"publish {entry['type']}",
                    tracing.parent(traceparent),
                    SpanKind.PRODUCER,
                    tracing.messaging("send", entry["type"])
                    | {"messaging.message.id": entry["id"], tracing.SUBJECT: str(pending.id)},
                    start_time=began,
                ).end()


def _safe(wire: str, error: str | None) -> bool:
    # a public event is a promise to outsiders: that nobody listens yet is no fault
    return error is None or (error == "unroutable" and wire in EVENTS and EVENTS[wire].public)

"""Reports that were promised (202) while the broker was away or did not confirm in time.

They lie in the gateway's own database until the broker has confirmed them, and go out in the order in which they came.
What arrives while one write is on its way, or within LINGER, becomes one document, a segment: one write and one removal
for many reports. Removing costs the store most, and it is what the length of the way back hangs on.
A report whose confirm is in doubt may lie here and on the bus: it keeps its id, and the consumer takes it once.
"""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from typing import Any

from bson import Binary
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from contracts.alerts import ReportReceived
from contracts.faults import Unavailable

# a segment holds at most so many reports, and bytes of bodies: a document may have 16 MB
REPORTS, BYTES = 250, 4 * 1024 * 1024
# read and removed at once: the embedded store compares every key of an $in with every document that it has found
SEGMENTS = 64
# s; a camera does not mind, and a hundred reports a second make twenty segments a second
LINGER = 0.05
PAUSE_FIRST, PAUSE_MOST = 0.2, 1.0

Document = dict[str, Any]
Spooled = tuple[ReportReceived, str | None]
Publish = Callable[[ReportReceived, str | None], Awaitable[None]]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Segment:
    """One document: the ids of its reports, and the bytes of their bodies."""

    id: str
    reports: tuple[str, ...]
    size: int


class Spool:
    """A queue on disk, bounded by reports and by bytes. `waiting` is its length as far as this process knows.

    `stuck`: the broker did not take what was last sent from here, so that nobody else need wait for it.
    """

    def __init__(self, database: AsyncDatabase[Document], limit: int, most_bytes: int) -> None:
        self.collection = database["spool"]
        self.limit, self.most_bytes = limit, most_bytes
        self.waiting = self.size = 0
        self.stuck = False
        self._segments: deque[Segment] = deque()
        self._where: dict[str, str] = {}
        self._gathered: deque[tuple[Spooled, asyncio.Future[None]]] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._filled = asyncio.Event()
        self._sending: list[Segment] = []
        self._unsent: list[Spooled] = []

    async def prepare(self) -> None:
        """Take over what an earlier process left. Another copy may send the same: the consumer takes it once."""
        known = {segment.id for segment in self._segments}
        left = self.collection.find({}, {"reports.report": 1, "size": 1})
        found = [
            Segment(document["_id"], tuple(entry["report"] for entry in document["reports"]), document["size"])
            async for document in left
            if document["_id"] not in known
        ]
        for segment in sorted(found, key=lambda segment: segment.id):
            self.waiting += len(segment.reports)
            self.size += segment.size
            self._keep(segment)

    async def put(self, report: ReportReceived, traceparent: str | None) -> None:
        """Return when the report is durable. Raises Unavailable("spool_full") at either limit."""
        if report.report in self._where:
            return
        if self.waiting >= self.limit or self.size + len(report.body) > self.most_bytes:
            raise Unavailable("spool_full", "消息总线中断且暂存已满", "the broker is away and the spool is full")
        self.waiting += 1
        self.size += len(report.body)
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gathered.append(((report, traceparent), written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await written

    async def get(self, report: str) -> ReportReceived | None:
        """A report that still lies here."""
        segment = self._where.get(report)
        document = await self.collection.find_one({"_id": segment}) if segment else None
        entries = document["reports"] if document else ()
        return next((_spooled(entry)[0] for entry in entries if entry["report"] == report), None)

    async def drain(self, publish: Publish) -> None:
        """Send what lies here whenever the broker takes it, for ever. `publish` raises Unavailable when it does not."""
        pause = PAUSE_FIRST
        while True:
            await self._filled.wait()
            try:
                moved = await self._move(publish)
            except PyMongoError as error:
                log.warning("spool not drained", extra={"waiting": self.waiting, "error_type": type(error).__name__})
                moved = False
            if moved:
                pause = PAUSE_FIRST
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_MOST)

    async def _write(self) -> None:
        while self._gathered:
            if len(self._gathered) < REPORTS:
                await asyncio.sleep(LINGER)
            taken = list(self._take_gathered())
            entries, size = [spooled for spooled, _ in taken], sum(len(report.body) for (report, _), _ in taken)
            segment = Segment(_name(), tuple(report.report for report, _ in entries), size)
            failure: Exception | None = None
            try:
                await self.collection.insert_one(
                    {"_id": segment.id, "size": size, "reports": [_entry(*spooled) for spooled in entries]}
                )
                self._keep(segment)
            except Exception as error:  # handed to every caller that waits, whatever it is
                failure = error
                self.waiting -= len(entries)
                self.size -= size
                # an answer that was lost may have been a yes: it will be looked for
                self._keep(Segment(segment.id, (), 0))
            for _, written in taken:
                if written.done():
                    continue
                if failure:
                    written.set_exception(failure)
                else:
                    written.set_result(None)
        self._writer = None

    def _take_gathered(self) -> Iterable[tuple[Spooled, asyncio.Future[None]]]:
        size = 0
        for _ in range(min(REPORTS, len(self._gathered))):
            size += len(self._gathered[0][0][0].body)
            yield self._gathered.popleft()
            if size >= BYTES:
                return

    def _keep(self, segment: Segment) -> None:
        self._segments.append(segment)
        self._where.update(dict.fromkeys(segment.reports, segment.id))
        self._filled.set()

    async def _move(self, publish: Publish) -> bool:
        """One step: read, send or remove. False when the broker did not take everything."""
        if not self._sending:
            head = list(self._head())
            self._unsent = await self._read(head)
            self._sending = head
        if self._unsent:
            return await self._send(publish)
        await self._remove()
        return True

    def _head(self) -> Iterable[Segment]:
        reports = size = 0
        for segment in islice(self._segments, SEGMENTS):
            yield segment
            reports += len(segment.reports)
            size += segment.size
            if reports >= REPORTS or size >= BYTES:
                return

    async def _read(self, segments: list[Segment]) -> list[Spooled]:
        documents = await self.collection.find({"_id": {"$in": [segment.id for segment in segments]}}).to_list()
        documents.sort(key=lambda document: document["_id"])
        return [_spooled(entry) for document in documents for entry in document["reports"]]

    async def _send(self, publish: Publish) -> bool:
        # one alone finds out whether the broker is back
        tried = self._unsent[: 1 if self.stuck else None]
        outcomes = await asyncio.gather(*(publish(*spooled) for spooled in tried), return_exceptions=True)
        left = [spooled for spooled, outcome in zip(tried, outcomes, strict=True) if outcome is not None]
        self._unsent = left + self._unsent[len(tried) :]
        if left and not self.stuck:
            reasons = sorted({type(outcome).__name__ for outcome in outcomes if outcome is not None})
            log.warning("spool stuck", extra={"waiting": self.waiting, "error_types": reasons})
        self.stuck = bool(left)
        return not left

    async def _remove(self) -> None:
        await self.collection.delete_many({"_id": {"$in": [segment.id for segment in self._sending]}})
        for segment in self._sending:
            self._segments.popleft()
            self.waiting -= len(segment.reports)
            self.size -= segment.size
            for report in segment.reports:
                self._where.pop(report, None)
        self._sending = []
        if not self._segments:
            self._filled.clear()


def _name() -> str:
    # the order of time within a process, and no name twice among copies
    return f"{time.time_ns():020d}{os.urandom(4).hex()}"


def _entry(report: ReportReceived, traceparent: str | None) -> Document:
    return {
        "report": report.report,
        "adapter": report.adapter,
        "source": report.source,
        "content_type": report.content_type,
        "received_at": report.received_at,
        "body": Binary(report.body),
        "traceparent": traceparent,
    }


def _spooled(entry: Document) -> Spooled:
    report = ReportReceived(
        report=entry["report"],
        adapter=entry["adapter"],
        source=entry["source"],
        content_type=entry["content_type"],
        received_at=entry["received_at"].astimezone(UTC),
        body=bytes(entry["body"]),
    )
    return report, entry["traceparent"]

"""Reports that were promised (202) while the broker was away or did not confirm in time.

They lie in the gateway's own database until the broker has confirmed them, and go out in the order in which they came.
A report whose confirm is in doubt may lie here and on the bus: it keeps its id, and the consumer takes it once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any

from bson import Binary
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from contracts.alerts import ReportReceived
from contracts.faults import Unavailable
from services.gateway.grouped import Document, GroupedInserts

BATCH = 200
PAUSE_FIRST, PAUSE_MOST = 0.2, 5.0

Publish = Callable[[ReportReceived, str | None], Awaitable[None]]
log = logging.getLogger(__name__)


class Spool:
    """A bounded queue on disk. `waiting` is its length as far as this process knows."""

    def __init__(self, database: AsyncDatabase[Document], limit: int) -> None:
        self.collection = database["spool"]
        self.limit, self.waiting = limit, 0
        self._inserts = GroupedInserts(self.collection)
        self._first = self._next = 1
        self._unsettled: set[int] = set()
        self._filled = asyncio.Event()

    async def prepare(self) -> None:
        """Index, and take over what an earlier process left."""
        await self.collection.create_indexes([IndexModel([("seq", ASCENDING)])])
        left = [document["seq"] async for document in self.collection.find({}, {"seq": 1})]
        if left:
            self._first, self._next = min(left), max(self._next, max(left) + 1)
            self.waiting += len(left)
            self._filled.set()

    async def put(self, report: ReportReceived, traceparent: str | None) -> None:
        """Return when the report is durable. Raises Unavailable("spool_full") at the limit."""
        if self.waiting >= self.limit:
            raise Unavailable("spool_full", "消息总线中断且暂存已满", "the broker is away and the spool is full")
        seq, self._next = self._next, self._next + 1
        self._unsettled.add(seq)
        self.waiting += 1
        try:
            new = await self._inserts.insert(_document(report, seq, traceparent))
            self.waiting -= not new
        except BaseException:
            self.waiting -= 1
            raise
        finally:
            self._unsettled.discard(seq)
        self._filled.set()

    async def get(self, report: str) -> ReportReceived | None:
        """A report that still lies here."""
        found = await self.collection.find_one({"_id": report})
        return _report(found) if found else None

    async def drain(self, publish: Publish) -> None:
        """Send what lies here whenever the broker takes it, for ever. `publish` raises Unavailable when it does not."""
        pause = PAUSE_FIRST
        while True:
            await self._filled.wait()
            try:
                moved = await self._drain_batch(publish)
            except Exception as error:
                log.warning("spool not drained", extra={"waiting": self.waiting, "error_type": type(error).__name__})
                moved = False
            pause = PAUSE_FIRST if moved else min(pause * 2, PAUSE_MOST)
            if self._first >= self._next:
                self._filled.clear()
            elif not moved:
                await asyncio.sleep(pause)

    async def _drain_batch(self, publish: Publish) -> bool:
        durable = min(self._unsettled, default=self._next)
        end = min(self._first + BATCH, durable)
        # a range closed on both sides: the embedded store would read all of an open one
        documents = await self.collection.find({"seq": {"$gte": self._first, "$lt": end}}).to_list()
        documents.sort(key=lambda document: document["seq"])
        outcomes = await asyncio.gather(
            *(publish(_report(document), document["traceparent"]) for document in documents), return_exceptions=True
        )
        sent = [document["_id"] for document, outcome in zip(documents, outcomes, strict=True) if outcome is None]
        if sent:
            removed = await self.collection.delete_many({"_id": {"$in": sent}})
            self.waiting -= removed.deleted_count
        if len(sent) == len(documents):
            self._first = end
        return bool(sent) or len(documents) == 0 < end - self._first


def _document(report: ReportReceived, seq: int, traceparent: str | None) -> Document:
    return {
        "_id": report.report,
        "seq": seq,
        "adapter": report.adapter,
        "source": report.source,
        "content_type": report.content_type,
        "received_at": report.received_at,
        "body": Binary(report.body),
        "traceparent": traceparent,
    }


def _report(document: dict[str, Any]) -> ReportReceived:
    return ReportReceived(
        report=document["_id"],
        adapter=document["adapter"],
        source=document["source"],
        content_type=document["content_type"],
        received_at=document["received_at"].astimezone(UTC),
        body=bytes(document["body"]),
    )

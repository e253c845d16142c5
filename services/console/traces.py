"""The embedded trace store: OTLP in, Jaeger's query v3 out.

A span is kept as the bytes in which it came, so that nothing is lost or decoded twice. Its key begins with the trace
id: the key's own index finds a whole trace, and a span that is sent again is found standing.
"""

import asyncio
import logging
from base64 import b64decode
from collections import deque
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from bson import Binary
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from services.chassis.stores import already_there

BATCH = 500
PAUSE_FIRST, PAUSE_MOST = 0.5, 10.0
MOST_SPANS = 10_000
MOST_INT64 = 2**63 - 1
ID_FIELDS = ("traceId", "spanId", "parentSpanId")

Document = dict[str, Any]
log = logging.getLogger(__name__)


class Undecodable(Exception):
    """The body is not an OTLP export request."""


class Traces:
    """A bounded queue in memory in front of one collection. `dropped` counts the spans that found no room."""

    def __init__(self, database: AsyncDatabase[Document], days: int, queue: int) -> None:
        self.collection = database["spans"]
        self.days, self.room = days, queue
        self.dropped = 0
        self._queue: deque[Document] = deque(maxlen=queue)
        self._filled = asyncio.Event()

    async def prepare(self) -> None:
        """The index that ends the keeping; a trace is found by the key itself."""
        seconds = self.days * 86_400
        await self.collection.create_indexes([IndexModel([("received_at", ASCENDING)], expireAfterSeconds=seconds)])

    def take(self, body: bytes) -> int:
        """Queue the spans of one export request; the oldest give way. Raises Undecodable."""
        try:
            request = ExportTraceServiceRequest.FromString(body)
        except DecodeError:
            raise Undecodable from None
        now = datetime.now(UTC)
        documents = [document for resource in request.resource_spans for document in _documents(resource, now)]
        self.dropped += max(0, len(self._queue) + len(documents) - self.room)
        self._queue.extend(documents)
        if documents:
            self._filled.set()
        return len(documents)

    async def store(self) -> None:
        """Write what is queued, for ever; while the database is away the queue fills and then drops."""
        pause = PAUSE_FIRST
        while True:
            await self._filled.wait()
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            if not self._queue:
                self._filled.clear()
            try:
                await self._insert(batch)
                pause = PAUSE_FIRST
            except asyncio.CancelledError:
                self._give_back(batch)
                raise
            except PyMongoError as error:
                log.warning("spans not stored", extra={"spans": len(batch), "error": type(error).__name__})
                self._give_back(batch)
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_MOST)

    async def flush(self) -> None:
        """Write what is left, at stop."""
        while self._queue:
            await self._insert([self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))])

    async def find(self, trace: str) -> dict[str, Any] | None:
        """All spans of a trace as Jaeger's query v3 gives them; None when there are none."""
        # closed on both sides: every key of this trace and of no other
        keys = {"$gte": trace, "$lt": f"{trace}g"}
        documents = await self.collection.find({"_id": keys}).limit(MOST_SPANS).to_list()
        if not documents:
            return None
        documents.sort(key=lambda document: (document["resource"], document["scope"], document["started_at_ns"]))
        return {"result": {"resourceSpans": [_resource(list(found)) for _, found in groupby(documents, _resource_key)]}}

    async def _insert(self, batch: list[Document]) -> None:
        try:
            await self.collection.insert_many(batch, ordered=False)
        except BulkWriteError as error:
            # a span that was sent again stands already
            already_there(error)

    def _give_back(self, batch: list[Document]) -> None:
        room = self.room - len(self._queue)
        self.dropped += max(0, len(batch) - room)
        self._queue.extendleft(reversed(batch[len(batch) - room :] if room < len(batch) else batch))
        self._filled.set()


def _documents(resource_spans: ResourceSpans, now: datetime) -> list[Document]:
    resource = Binary(resource_spans.resource.SerializeToString())
    service = next((a.value.string_value for a in resource_spans.resource.attributes if a.key == "service.name"), "")
    return [
        {
            "_id": f"{span.trace_id.hex()}{span.span_id.hex()}",
            "service": service,
            "name": span.name,
            "started_at_ns": min(span.start_time_unix_nano, MOST_INT64),
            "duration_us": min(max(0, span.end_time_unix_nano - span.start_time_unix_nano) // 1000, MOST_INT64),
            "failed": span.status.code == Status.STATUS_CODE_ERROR,
            "received_at": now,
            "resource": resource,
            "scope": scope,
            "span": Binary(span.SerializeToString()),
        }
        for scope_spans in resource_spans.scope_spans
        for scope in [Binary(scope_spans.scope.SerializeToString())]
        for span in scope_spans.spans
        if len(span.trace_id) == 16 and len(span.span_id) == 8
    ]


def _resource_key(document: Document) -> bytes:
    return bytes(document["resource"])


def _resource(documents: list[Document]) -> dict[str, Any]:
    scopes = [
        {
            "scope": MessageToDict(InstrumentationScope.FromString(scope)),
            "spans": [_span(bytes(document["span"])) for document in found],
        }
        for scope, found in groupby(documents, lambda document: bytes(document["scope"]))
    ]
    return {"resource": MessageToDict(Resource.FromString(_resource_key(documents[0]))), "scopeSpans": scopes}


def _span(raw: bytes) -> dict[str, Any]:
    """OTLP's JSON: ids in hex, enumerations as numbers."""
    span: dict[str, Any] = MessageToDict(Span.FromString(raw), use_integers_for_enums=True)
    for holder in (span, *span.get("links", [])):
        for name in ID_FIELDS:
            if name in holder:
                holder[name] = b64decode(holder[name]).hex()
    return span

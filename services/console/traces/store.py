"""Traces in the console's own database: written together, found by id, by what they are about, or newest first.

A document is what came of one trace within a second or two, so that most traces are one document; nothing is ever
updated. Few indexes: on the embedded store each costs as much as the document itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Binary
from pymongo import IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from contracts.shared import Page
from contracts.traces import ServiceLink, ServiceMap, TraceQuery, TraceSummary
from services.chassis import cursors
from services.chassis.portions import portions
from services.chassis.stores import already_there
from services.chassis.stretches import stretches
from services.console.traces.gathering import Part, sorted_by, time_of
from services.console.traces.links import links, together
from services.console.traces.otlp import Raw, Span

INDEXES = [
    # a range of `_id` makes the embedded store read everything
    IndexModel("order", name="newest"),
    IndexModel("trace", name="trace"),
    IndexModel("subjects", name="subjects", sparse=True),
]
# where the newest are looked for first (6,000 documents: 200 ms, 100 of them: 10 ms)
FIRST_STRETCH = timedelta(seconds=2)
DRAWN_FROM = 500
MOST_PARTS, MOST_KEPT, MOST_GONE = 100, 64, 200
OLDEST = "2"

Document = dict[str, Any]


class TraceStore:
    """One collection. Times in it are those of arrival, which nobody outside can set."""

    def __init__(self, database: AsyncDatabase[Document], days: int) -> None:
        self.collection = database["traces"]
        self.kept = timedelta(days=days)

    async def prepare(self) -> None:
        """The indexes."""
        await self.collection.create_indexes(INDEXES)

    async def write(self, parts: Sequence[Part]) -> None:
        """Insert them; twice is once."""
        for first in range(0, len(parts), MOST_PARTS):
            written = [_document(part) for part in parts[first : first + MOST_PARTS]]
            try:
                await self.collection.insert_many(written, ordered=False)
            except BulkWriteError as error:
                already_there(error)

    async def spans(self, trace: str) -> list[Raw]:
        """All that is stored of a trace."""
        found = await self.collection.find({"trace": trace}, {"raw": 1}).to_list()
        return [
            Raw(bytes(group["resource"]), bytes(group["scope"]), bytes(span))
            for document in found
            for group in document["raw"]
            for span in group["spans"]
        ]

    async def page(self, query: TraceQuery) -> Page[TraceSummary]:
        """Newest first. Raises Invalid for a cursor that is none."""
        before = str(cursors.decode(query.cursor, 1)[0]) if query.cursor else sorted_by(datetime.now(UTC)) + "g"
        try:
            found = await self._newest(_criteria(query), before, query.limit)
        except ValueError:
            raise cursors.invalid() from None
        listed = list(dict.fromkeys(document["trace"] for document in found))
        parts: dict[str, list[Document]] = {trace: [] for trace in listed}
        for some in portions(listed):
            async for document in self.collection.find({"trace": {"$in": some}}, {"raw": 0, "links": 0, "words": 0}):
                parts[document["trace"]].append(document)
        following = cursors.encode(found[-1]["order"]) if len(found) == query.limit else None
        return Page(items=[_summary(trace, parts[trace]) for trace in listed], next=following)

    async def map(self) -> ServiceMap:
        """Who calls whom, in the newest traces."""
        end = sorted_by(datetime.now(UTC)) + "g"
        found = await self._newest({}, end, DRAWN_FROM, {"links": 1, "trace": 1, "order": 1})
        drawn = [
            ServiceLink(
                caller=link.caller,
                callee=link.callee,
                via=link.via,
                count=link.count,
                failed=link.failed,
                mean_ms=round(link.duration_us / link.count / 1000, 3),
            )
            for link in together(one for document in found for one in document["links"])
        ]
        return ServiceMap(traces=len({document["trace"] for document in found}), links=drawn)

    async def expire(self, now: datetime) -> int:
        """Delete what is older than it is kept; how many documents."""
        due, gone = {"order": {"$gt": OLDEST, "$lt": sorted_by(now - self.kept)}}, 0
        while found := await self.collection.find(due, {"_id": 1}).limit(MOST_GONE).to_list():
            for some in portions(document["_id"] for document in found):
                gone += (await self.collection.delete_many({"_id": {"$in": some}})).deleted_count
        return gone

    async def _newest(
        self, criteria: Mapping[str, Any], before: str, limit: int, fields: Mapping[str, int] | None = None
    ) -> list[Document]:
        fields = fields or {"trace": 1, "order": 1}
        found: list[Document] = []
        # names go on behind their microsecond
        end, oldest = time_of(before) + timedelta(microseconds=1), datetime.now(UTC) - self.kept - timedelta(days=1)
        for since, until in stretches(end, FIRST_STRETCH, oldest):
            wanted = {**criteria, "order": {"$gte": sorted_by(since), "$lt": min(before, sorted_by(until))}}
            found += await self.collection.find(wanted, fields).sort("order", -1).limit(limit - len(found)).to_list()
            if len(found) >= limit:
                break
        return found


def _criteria(query: TraceQuery) -> Document:
    wanted: Document = {}
    if query.subject:
        wanted["subjects"] = query.subject
    if query.service:
        wanted["services"] = query.service
    if query.operation:
        wanted["operations"] = query.operation
    if query.attribute:
        wanted["words"] = query.attribute
    if query.min_ms:
        wanted["duration_us"] = {"$gte": round(query.min_ms * 1000)}
    if query.failed:
        wanted["failed"] = {"$gt": 0}
    return wanted


def _document(part: Part) -> Document:
    spans = part.spans
    first, last = min(span.started_ns for span in spans), max(span.ended_ns for span in spans)
    root = next((span for span in spans if not span.parent), None)
    head = root or min(spans, key=lambda span: span.started_ns)
    subjects = _distinct(span.subject for span in spans if span.subject)
    return {
        "_id": part.name,
        "order": part.name,
        "trace": part.trace,
        "started_ns": first,
        "ended_ns": last,
        "duration_us": (last - first) // 1000,
        "rooted": root is not None,
        "service": head.service,
        "operation": head.name,
        "spans": len(spans),
        "failed": sum(span.failed for span in spans),
        "services": _distinct(span.service for span in spans),
        "operations": _distinct(span.name for span in spans),
        "words": _distinct(word for span in spans for word in span.words),
        "links": [asdict(link) for link in links(spans)],
        "raw": _grouped(spans),
        **({"subjects": subjects} if subjects else {}),
    }


def _grouped(spans: Iterable[Span]) -> list[Document]:
    groups: dict[tuple[bytes, bytes], list[Binary]] = {}
    for span in spans:
        groups.setdefault((span.raw.resource, span.raw.scope), []).append(Binary(span.raw.span))
    return [
        {"resource": Binary(resource), "scope": Binary(scope), "spans": found}
        for (resource, scope), found in groups.items()
    ]


def _summary(trace: str, parts: Sequence[Document]) -> TraceSummary:
    first, last = min(part["started_ns"] for part in parts), max(part["ended_ns"] for part in parts)
    head = min(parts, key=lambda part: (not part["rooted"], part["started_ns"]))
    return TraceSummary(
        trace_id=trace,
        started_at=_time(first),
        duration_ms=round((last - first) / 1e6, 3),
        service=head["service"],
        operation=head["operation"],
        spans=sum(part["spans"] for part in parts),
        failed=sum(part["failed"] for part in parts),
        services=_distinct(name for part in parts for name in part["services"]),
        subjects=_distinct(name for part in parts for name in part.get("subjects", ())),
    )


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))[:MOST_KEPT]


def _time(nanoseconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC)

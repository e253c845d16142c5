"""瀑布图: the spans of a trace in the order in which they were called, with the time that was their own. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

BUS, STORE, REQUEST, WORK = "bus", "store", "request", "work"
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
ERROR = 2
LEAD = "messaging.batch.lead"
# more rows than anybody reads, and than a browser shows at ease
MOST_ROWS = 1_000


@dataclass
class Span:
    """One piece of work; times in nanoseconds. `lead` is the trace in which its batch spoke to the store."""

    id: str
    parent: str
    service: str
    name: str
    start: int
    end: int
    failed: bool
    kind: str = WORK
    attributes: Mapping[str, str] = field(default_factory=dict)
    lead: str | None = None
    children: list["Span"] = field(default_factory=list)

    @property
    def ms(self) -> float:
        """How long it ran, in milliseconds."""
        return max(0, self.end - self.start) / 1e6

    @property
    def own_ms(self) -> float:
        """How long none of its children ran meanwhile."""
        return max(0.0, self.ms - covered_ms(self.children, self.start, self.end))


def covered_ms(spans: Iterable[Span], first: int, last: int) -> float:
    """How long at least one of them ran between two times, in milliseconds."""
    covered, until = 0, first
    for span in sorted(spans, key=lambda one: one.start):
        begin, end = max(span.start, until), min(span.end, last)
        if end > begin:
            covered, until = covered + end - begin, end
    return covered / 1e6


@dataclass(frozen=True)
class Row:
    """A span where it stands in the tree: ms from the beginning of the trace."""

    span: Span
    depth: int
    offset_ms: float


@dataclass(frozen=True)
class Waterfall:
    """A whole trace; `rows` are its first MOST_ROWS. `own` is the time of each service that was its own, in ms.

    `slowest` is the span with the most time of its own, and `share` the part of all own time that this is (0 to 1).
    For `idle_ms` nothing ran: messages waited on the bus.
    """

    rows: Sequence[Row]
    spans: int
    failed: int
    duration_ms: float
    own: Mapping[str, float]
    leads: Sequence[str]
    slowest: Span | None
    share: float
    idle_ms: float


def waterfall(trace: Mapping[str, Any]) -> Waterfall:
    """From the shape of Jaeger's query v3."""
    spans = spans_of(trace)
    first, last = min((span.start for span in spans), default=0), max((span.end for span in spans), default=0)
    rows, own = list[Row](), dict[str, float]()
    slowest, most = None, -1.0
    waiting = [(root, 0) for root in reversed(roots_of(spans))]
    while waiting:
        span, depth = waiting.pop()
        rows.append(Row(span, depth, (span.start - first) / 1e6))
        spent = span.own_ms
        own[span.service] = own.get(span.service, 0.0) + spent
        if spent > most:
            slowest, most = span, spent
        waiting += [(child, depth + 1) for child in reversed(span.children)]
    return Waterfall(
        rows=rows[:MOST_ROWS],
        spans=len(spans),
        failed=sum(span.failed for span in spans),
        duration_ms=(last - first) / 1e6,
        idle_ms=max(0.0, (last - first) / 1e6 - covered_ms(spans, first, last)),
        own=own,
        leads=list(dict.fromkeys(span.lead for span in spans if span.lead)),
        slowest=slowest,
        share=most / whole if (whole := sum(own.values())) else 0.0,
    )


def spans_of(trace: Mapping[str, Any]) -> list[Span]:
    """The spans of an answer shaped like Jaeger's query v3, earliest first."""
    found = [
        _span(span, _attributes(resource.get("resource", {})).get("service.name", "?"))
        for resource in trace.get("result", {}).get("resourceSpans", [])
        for scope in resource.get("scopeSpans", [])
        for span in scope.get("spans", [])
    ]
    return sorted(found, key=lambda span: (span.start, -span.end))


def roots_of(spans: Sequence[Span]) -> list[Span]:
    """Hang every span below its parent; the roots, and spans whose parent is not here, remain."""
    known = {span.id: span for span in spans}
    roots = []
    for span in spans:
        parent = known.get(span.parent)
        if parent is None or parent is span:
            roots.append(span)
        else:
            parent.children.append(span)
    return roots


def _span(span: Mapping[str, Any], service: str) -> Span:
    attributes = _attributes(span)
    return Span(
        id=span["spanId"],
        parent=span.get("parentSpanId", ""),
        service=service,
        name=span.get("name", ""),
        start=int(span.get("startTimeUnixNano", 0)),
        end=int(span.get("endTimeUnixNano", 0)),
        failed=span.get("status", {}).get("code") in (ERROR, "STATUS_CODE_ERROR"),
        kind=_kind(span.get("kind", 0), attributes),
        attributes=attributes,
        lead=_lead(span),
    )


def _attributes(holder: Mapping[str, Any]) -> dict[str, str]:
    return {
        one.get("key", ""): str(next(iter(one.get("value", {}).values()), "")) for one in holder.get("attributes", ())
    }


def _kind(kind: object, attributes: Mapping[str, str]) -> str:
    if "db.system.name" in attributes:
        return STORE
    if kind in (PRODUCER, CONSUMER):
        return BUS
    return REQUEST if kind in (SERVER, CLIENT) else WORK


def _lead(span: Mapping[str, Any]) -> str | None:
    """The trace that holds the store calls of a batch in which this message was not the first."""
    for link in span.get("links", []):
        if any(attribute.get("key") == LEAD for attribute in link.get("attributes", [])):
            return str(link.get("traceId"))
    return None

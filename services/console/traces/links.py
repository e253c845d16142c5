"""服务图: who called whom, drawn from the spans of traces. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from services.console.traces.otlp import Span

STORE = "store"
DATABASE_WORD = "db.system.name="


@dataclass
class Link:
    """How often one side called the other, how often it failed, and how long it took in all (microseconds)."""

    caller: str
    callee: str
    via: str
    count: int = 0
    failed: int = 0
    duration_us: int = 0


def links(spans: Iterable[Span]) -> list[Link]:
    """Of one trace: calls between services, and of services to the store."""
    spans = list(spans)
    by_id = {span.id: span for span in spans}
    found: dict[tuple[str, str, str], Link] = {}
    for span in spans:
        parent = by_id.get(span.parent)
        if any(word.startswith(DATABASE_WORD) for word in span.words):
            _count(found, span.service, STORE, "db", span)
        elif parent and parent.service != span.service:
            via = "event" if span.kind == WireSpan.SPAN_KIND_CONSUMER else "request"
            _count(found, parent.service, span.service, via, span)
    return list(found.values())


def together(found: Iterable[Mapping[str, object]]) -> list[Link]:
    """The links of many traces as one."""
    sums: dict[tuple[str, str, str], Link] = {}
    for one in found:
        link = Link(**one)  # type: ignore[arg-type]
        same = sums.setdefault((link.caller, link.callee, link.via), Link(link.caller, link.callee, link.via))
        same.count += link.count
        same.failed += link.failed
        same.duration_us += link.duration_us
    return sorted(sums.values(), key=lambda link: (link.caller, link.callee, link.via))


def _count(found: dict[tuple[str, str, str], Link], caller: str, callee: str, via: str, span: Span) -> None:
    link = found.setdefault((caller, callee, via), Link(caller, callee, via))
    link.count += 1
    link.failed += span.failed
    link.duration_us += (span.ended_ns - span.started_ns) // 1000

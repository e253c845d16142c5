"""A trace as a waterfall: the tree of its spans, when each ran and how long, errors in red."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

BAR = 36
MOST_ROWS = 300
PALETTE = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green", "bright_magenta")
ERROR = 2
LEAD = "messaging.batch.lead"


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
    lead: str | None = None
    children: list["Span"] = field(default_factory=list)

    @property
    def ms(self) -> float:
        """How long it ran, in milliseconds."""
        return max(0, self.end - self.start) / 1e6


def spans_of(trace: dict[str, Any]) -> list[Span]:
    """The spans of an answer shaped like Jaeger's query v3, earliest first."""
    found = [
        Span(
            id=span["spanId"],
            parent=span.get("parentSpanId", ""),
            service=_service(resource),
            name=span.get("name", ""),
            start=int(span.get("startTimeUnixNano", 0)),
            end=int(span.get("endTimeUnixNano", 0)),
            failed=span.get("status", {}).get("code") in (ERROR, "STATUS_CODE_ERROR"),
            lead=_lead(span),
        )
        for resource in trace.get("result", {}).get("resourceSpans", [])
        for scope in resource.get("scopeSpans", [])
        for span in scope.get("spans", [])
    ]
    return sorted(found, key=lambda span: (span.start, -span.end))


def roots_of(spans: list[Span]) -> list[Span]:
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


def render(trace: dict[str, Any]) -> RenderableType:
    """Something that rich prints."""
    spans = spans_of(trace)
    if not spans:
        return Text("链路中没有记录")
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    services = list(dict.fromkeys(span.service for span in spans))
    colours = {service: PALETTE[index % len(PALETTE)] for index, service in enumerate(services)}
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    table.add_column("步骤", no_wrap=True, overflow="ellipsis", max_width=64)
    table.add_column("服务", no_wrap=True)
    table.add_column("时间线", no_wrap=True, width=BAR)
    table.add_column("起 (ms)", justify="right", no_wrap=True)
    table.add_column("历时 (ms)", justify="right", no_wrap=True)
    for number, (span, lead) in enumerate(_walk(roots_of(spans))):
        if number >= MOST_ROWS:
            break
        style = "red" if span.failed else colours[span.service]
        table.add_row(
            Text.from_markup(f"[dim]{lead}[/dim]{'[red]✗ [/red]' if span.failed else ''}{escape(span.name)}"),
            Text(span.service, style=colours[span.service]),
            Text(_bar(span, first, last), style=style),
            f"{(span.start - first) / 1e6:.1f}",
            Text(f"{span.ms:.1f}", style=style),
        )
    failed = sum(span.failed for span in spans)
    hidden = max(0, len(spans) - MOST_ROWS)
    summary = f"{len(spans)} 个步骤, {len(services)} 个服务, {(last - first) / 1e6:.1f} ms"
    summary += f", 其中 {failed} 个出错" if failed else ""
    summary += f" (另有 {hidden} 个未显示)" if hidden else ""
    leads = dict.fromkeys(span.lead for span in spans if span.lead)
    company = [Text(f"与其他消息同批处理, 该批的存储步骤见链路 {lead}", style="dim") for lead in leads]
    return Group(table, Text(summary, style="red" if failed else "bold"), *company)


def _walk(roots: list[Span]) -> Iterator[tuple[Span, str]]:
    """Depth first with the lines that lead to each; a stack, since a hostile trace may be deep."""
    waiting = [(root, "", "") for root in reversed(roots)]
    while waiting:
        span, lead, below = waiting.pop()
        yield span, lead
        for index, child in reversed(list(enumerate(span.children))):
            last = index == len(span.children) - 1
            waiting.append((child, f"{below}{'└─ ' if last else '├─ '}", f"{below}{'   ' if last else '│  '}"))


def _bar(span: Span, first: int, last: int) -> str:
    whole = max(1, last - first)
    start = min(BAR - 1, (span.start - first) * BAR // whole)
    length = max(1, min(BAR - start, round((span.end - span.start) * BAR / whole)))
    return f"{' ' * start}{'█' * length}"


def _lead(span: dict[str, Any]) -> str | None:
    """The trace that holds the store calls of a batch in which this message was not the first."""
    for link in span.get("links", []):
        if any(attribute.get("key") == LEAD for attribute in link.get("attributes", [])):
            return str(link.get("traceId"))
    return None


def _service(resource: dict[str, Any]) -> str:
    for attribute in resource.get("resource", {}).get("attributes", []):
        if attribute.get("key") == "service.name":
            return str(attribute.get("value", {}).get("stringValue", ""))
    return "?"

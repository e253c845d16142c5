"""A trace as a waterfall: the tree of its spans, when each ran and how long, errors in red."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from services.console.waterfall import Span, roots_of, spans_of

BAR = 36
MOST_ROWS = 300
PALETTE = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green", "bright_magenta")


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

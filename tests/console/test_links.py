"""The service map: who called whom, by what way, how often, and what failed."""

from dataclasses import asdict

from services.console.traces.links import Link, links, together
from services.console.traces.otlp import Raw, Span

SERVER, CLIENT, CONSUMER = 2, 3, 5


def span(id: str, parent: str, service: str, kind: int, ms: int = 1, *words: str, failed: bool = False) -> Span:
    return Span("t", id, parent, service, id, kind, 0, ms * 1_000_000, failed, "", words, Raw(b"", b"", b""))


STORY = [
    span("post", "", "gateway", SERVER, 30),
    span("ask", "post", "gateway", CLIENT, 20),
    span("answer", "ask", "cases", SERVER, 10, failed=True),
    span("insert", "answer", "cases", CLIENT, 4, "db.system.name=mongodb"),
    span("update", "answer", "cases", CLIENT, 2, "db.system.name=mongodb"),
    span("process", "answer", "alerts", CONSUMER, 6),
    span("orphan", "elsewhere", "sharing", SERVER, 6),
]


def test_one_trace() -> None:
    assert links(STORY) == [
        Link("gateway", "cases", "request", 1, 1, 10_000),
        Link("cases", "store", "db", 2, 0, 6_000),
        Link("cases", "alerts", "event", 1, 0, 6_000),
    ]


def test_many_traces_are_summed() -> None:
    found = together([asdict(link) for link in (*links(STORY), *links(STORY))])
    assert [(link.caller, link.callee, link.count, link.failed) for link in found] == [
        ("cases", "alerts", 2, 0),
        ("cases", "store", 4, 0),
        ("gateway", "cases", 2, 2),
    ]

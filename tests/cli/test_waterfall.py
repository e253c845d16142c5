"""A trace on the screen."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from services.cli.waterfall import BAR, render
from services.console.waterfall import roots_of, spans_of

MS = 1_000_000


def span(id: str, parent: str, name: str, start: int, end: int, *, failed: bool = False) -> dict[str, Any]:
    times = {"startTimeUnixNano": str(start * MS), "endTimeUnixNano": str(end * MS)}
    return {"spanId": id, "parentSpanId": parent, "name": name, **times, "status": {"code": 2} if failed else {}}


def trace(**services: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "result": {
            "resourceSpans": [
                {
                    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]},
                    "scopeSpans": [{"scope": {}, "spans": spans}],
                }
                for name, spans in services.items()
            ]
        }
    }


def shown(found: dict[str, Any]) -> str:
    console = Console(width=160, record=True, force_terminal=False)
    with console.capture() as capture:
        console.print(render(found))
    return capture.get()


def test_the_tree_follows_the_parents() -> None:
    text = shown(
        trace(
            gateway=[span("a", "", "POST /v1/intake/{adapter}/{source}", 0, 10)],
            alerts=[span("c", "b", "insert [raw]", 40, 60, failed=True), span("b", "a", "process", 20, 100)],
        )
    )
    lines = text.splitlines()
    assert [re.split(r"\s{2,}", line.strip())[0] for line in lines[1:4]] == [
        "POST /v1/intake/{adapter}/{source}",
        "└─ process",
        "└─ ✗ insert [raw]",
    ]
    assert "100.0 ms" in lines[-1] and "3 个步骤" in lines[-1] and "1 个出错" in lines[-1]
    bars = [line.count("█") for line in lines[1:4]]
    assert bars == [round(BAR * 0.1), round(BAR * 0.8), round(BAR * 0.2)]


def test_a_message_handled_in_company_says_where_its_store_calls_are() -> None:
    lead = {"traceId": "1" * 32, "attributes": [{"key": "messaging.batch.lead", "value": {"boolValue": True}}]}
    other = {"traceId": "2" * 32, "attributes": []}
    text = shown(trace(alerts=[{**span("a", "", "process", 0, 10), "links": [other, lead]}]))
    assert "1" * 32 in text.splitlines()[-1]
    assert "2" * 32 not in text


def test_an_orphan_is_a_root_and_nothing_is_lost() -> None:
    found = trace(grid=[span("b", "gone", "late", 5, 6), span("a", "", "early", 0, 1), span("s", "s", "self", 7, 7)])
    assert [root.name for root in roots_of(spans_of(found))] == ["early", "late", "self"]
    assert "链路中没有记录" in shown({"result": {"resourceSpans": []}})


def test_a_deep_trace_is_cut_and_says_so() -> None:
    chain = [span(str(n), str(n - 1), f"s{n}", n, 5000) for n in range(2000)]
    assert "另有 1700 个未显示" in shown(trace(grid=chain))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 2**62), st.integers(0, 2**62)), max_size=12)
)
def test_no_times_break_it(rows: list[tuple[int, int, int, int]]) -> None:
    shown(
        trace(
            x=[{**span(str(a), str(b), "n", 0, 0), "startTimeUnixNano": s, "endTimeUnixNano": e} for a, b, s, e in rows]
        )
    )

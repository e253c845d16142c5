"""Spans wait together with others of their trace, in bounded memory: the oldest give way, and every one is counted."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.console.traces.gathering import LONGEST, MOST_SPANS, QUIET, Gathering
from services.console.traces.otlp import Raw, Span


def span(trace: str, id: str, size: int = 10) -> Span:
    return Span(trace, id, "", "svc", "name", 1, 0, 0, False, "", (), Raw(b"", b"", bytes(size)))


def test_a_trace_is_one_part_while_it_goes_on() -> None:
    gathering = Gathering(100)
    gathering.take([span("a", "1")], 10.0)
    gathering.take([span("a", "2"), span("b", "3")], 10.0 + QUIET - 0.1)
    assert gathering.due(10.0 + QUIET + 0.05) == []
    (one, two) = gathering.due(10.0 + 2 * QUIET)
    assert [found.id for found in one.spans] == ["1", "2"]
    assert (two.trace, gathering.waiting) == ("b", 0)


def test_a_trace_that_never_rests_is_written_all_the_same() -> None:
    gathering, clock = Gathering(100), 0.0
    while clock < LONGEST:
        gathering.take([span("a", f"{clock}")], clock)
        clock += QUIET / 2
    assert [part.trace for part in gathering.due(clock)] == ["a"]


def test_a_trace_that_is_large_becomes_several_parts() -> None:
    gathering = Gathering(10 * MOST_SPANS)
    gathering.take([span("a", f"{number}") for number in range(MOST_SPANS + 1)], 0.0)
    gathering.take([span("b", "x", 5 * 1024 * 1024)], 0.0)
    assert [len(part.spans) for part in gathering.due(0.0)] == [MOST_SPANS, 1]
    assert [len(part.spans) for part in gathering.due(QUIET)] == [1]


def test_a_span_that_is_sent_again_is_one() -> None:
    gathering = Gathering(10)
    assert gathering.take([span("a", "1"), span("a", "1"), span("b", "1")], 0.0) == 2
    assert gathering.take([span("a", "1")], 0.5) == 0
    assert (gathering.waiting, len(gathering.of("a"))) == (2, 1)


def test_what_waits_is_found() -> None:
    gathering = Gathering(3)
    gathering.take([span("a", "1"), span("a", "2"), span("b", "3")], 0.0)
    gathering.give_back(gathering.due(QUIET))
    gathering.take([span("a", "4")], 5.0)
    assert [found.id for found in gathering.of("a")] == ["2", "4"]
    assert gathering.of("c") == []
    assert gathering.dropped == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.lists(st.sampled_from("abcd"), max_size=12)),
        st.tuples(st.just("write"), st.none()),
        st.tuples(st.just("fail"), st.none()),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 20))
@settings(deadline=None)
def test_no_span_is_lost_without_being_counted(steps: list[tuple[str, Any]], room: int) -> None:
    gathering, clock, taken, written = Gathering(room), 0.0, 0, 0
    for kind, traces in steps:
        clock += 0.4
        if kind == "take":
            taken += gathering.take([span(trace, f"{taken}-{place}") for place, trace in enumerate(traces)], clock)
        else:
            parts = gathering.due(clock)
            assert all(part.spans for part in parts)
            if kind == "fail":
                gathering.give_back(parts)
            else:
                assert all({*part.spans} <= {*gathering.of(part.trace)} for part in parts)
                gathering.written()
                written += sum(len(part.spans) for part in parts)
        assert gathering.waiting <= room
        assert taken == written + gathering.waiting + gathering.dropped
        assert gathering.waiting == sum(len(gathering.of(trace)) for trace in "abcd")

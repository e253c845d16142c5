"""What is recorded of many journeys, and what is not."""

import threading
from collections.abc import Sequence

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased

from services.chassis import tracing
from services.chassis.company import LEAD, company
from services.chassis.leaving import Leaving
from services.chassis.messages import Received

SAMPLED = f"00-{'a' * 32}-{'b' * 16}-01"
UNSAMPLED = f"00-{'a' * 32}-{'b' * 16}-00"


def test_journeys_that_begin_alike_are_paced_and_others_are_not() -> None:
    tracer = TracerProvider(ParentBased(tracing.Paced({"POST /v1/intake": 3, "GET ": 2}))).get_tracer("test")

    def recorded(name: str, parent: str | None = None) -> bool:
        context = tracing.parent(parent) if parent else None
        span = tracer.start_span(name, context)
        assert span.get_span_context().trace_id
        return span.is_recording()

    assert sum(recorded("POST /v1/intake/{adapter}/{source}") for _ in range(50)) == 3
    assert sum(recorded("GET /v1/alerts") for _ in range(50)) == 2
    assert all(recorded("POST /v1/cases") for _ in range(50))
    assert recorded("GET /v1/alerts", SAMPLED)
    assert not recorded("POST /v1/cases", UNSAMPLED)


def test_a_trace_is_recorded_unless_its_flag_says_otherwise() -> None:
    assert [tracing.recorded(found) for found in (None, SAMPLED, UNSAMPLED)] == [True, True, False]
    # the second bit says only that the id is random
    assert not tracing.recorded(f"00-{'a' * 32}-{'b' * 16}-02")


def test_in_company_the_first_that_is_recorded_leads_and_the_others_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    provider = TracerProvider()
    monkeypatch.setattr(tracing, "tracer", provider.get_tracer("test"))
    traces = [UNSAMPLED, *(f"00-{digit * 32}-{'b' * 16}-01" for digit in "cde")]
    members = [Received(None, str(at), traceparent=found) for at, found in enumerate(traces)]  # type: ignore[type-var]
    with company("fold", members, {}) as together:
        present = tracing.current_trace_id()
        inside = together.members
    assert present == "c" * 32
    assert inside[0] is members[0]
    assert [each.trace_id for each in inside[1:]] == ["c" * 32, "d" * 32, "e" * 32]
    assert all(each.traceparent != before.traceparent for each, before in zip(inside[1:], members[1:], strict=True))
    spans = list(together._spans.values())
    assert [bool(link.attributes and link.attributes.get(LEAD)) for link in spans[1].links] == [True]  # type: ignore[attr-defined]
    assert all(span.end_time for span in spans)  # type: ignore[attr-defined]


class Receiver(SpanExporter):
    """Takes spans while it is there."""

    there = True

    def export(self, _: Sequence[ReadableSpan]) -> SpanExportResult:  # type: ignore[override]
        return SpanExportResult.SUCCESS if self.there else SpanExportResult.FAILURE


def test_what_nobody_took_is_counted() -> None:
    receiver = Receiver()
    leaving = Leaving(receiver)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(leaving)

    def end(count: int) -> int:
        for _ in range(count):
            provider.get_tracer("test").start_span("work").end()
        leaving.force_flush()
        return leaving.unsent

    assert end(3) == 0
    receiver.there = False
    assert end(4) == 4
    receiver.there = True
    assert end(5) == 4
    leaving.shutdown()


def test_a_stop_waits_for_no_silent_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = threading.Event()

    class Silent(SpanProcessor):
        def force_flush(self, _: int = 0) -> bool:  # type: ignore[override]
            return silent.wait()

    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(Silent())
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    tracing.flush(within=0.05)
    silent.set()

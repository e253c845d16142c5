"""What is recorded of many journeys, and what is not."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased

from services.chassis import tracing
from services.chassis.company import LEAD, company
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

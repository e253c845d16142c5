"""One trace from the HTTP request to the last consumer (W3C traceparent, OTLP/HTTP out)."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanContext, SpanKind, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from typing_extensions import override

from services.chassis.leaving import Leaving

_propagator = TraceContextTextMapPropagator()
_SILENT = frozenset({"hello", "isMaster", "ping", "endSessions", "saslStart", "saslContinue", "killCursors"})

_UNRECORDED = frozenset("02468ace")

# the business key of what a span is about: a case, an application, an alert, a report
SUBJECT = "yiwang.subject"

tracer = trace.get_tracer("yiwang")
_leaving: list[Leaving] = []


class Paced(Sampler):
    """Of the journeys whose names begin alike at most so many a second are recorded, all others always.

    Recording costs more than storing a report does: in a storm a part of the journeys tells as much as all, and each
    keeps its trace id whether it was recorded or not. A caller who sends a recorded trace of his own is followed.
    """

    def __init__(self, per_second: Mapping[str, float]) -> None:
        self._per_second = dict(per_second)
        self._left = dict(per_second)
        self._at = time.monotonic()

    @override
    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Record it, or let it pass."""
        beginning = next((found for found in self._per_second if name.startswith(found)), None)
        if beginning is None or self._allowed(beginning):
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes, trace_state)
        return SamplingResult(Decision.DROP, trace_state=trace_state)

    @override
    def get_description(self) -> str:
        """For people."""
        return f"Paced({self._per_second})"

    def _allowed(self, beginning: str) -> bool:
        present = time.monotonic()
        passed, self._at = present - self._at, present
        for name, most in self._per_second.items():
            self._left[name] = min(most, self._left[name] + passed * most)
        if self._left[beginning] < 1:
            return False
        self._left[beginning] -= 1
        return True


def setup(service: str, endpoint: str, root: Sampler = ALWAYS_ON) -> None:
    """Send this process's spans to an OTLP/HTTP receiver; without one no span is recorded, ids still travel.

    `root` decides what begins here; what comes with a trace is recorded when its beginning is.
    """
    sampler = ParentBased(root) if endpoint else ALWAYS_OFF
    provider = TracerProvider(sampler, Resource({"service.name": service}), shutdown_on_exit=False)
    if endpoint:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 (15 MB)

        leaving = Leaving(OTLPSpanExporter(endpoint=endpoint, timeout=5))
        provider.add_span_processor(leaving)
        _leaving.append(leaving)
    trace.set_tracer_provider(provider)
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)


def flush(within: float = 2.0) -> None:
    """Send what is left, at stop; what a silent receiver has not taken then (s) is lost."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        # the provider's own time limits are not kept
        sending = threading.Thread(target=provider.force_flush, daemon=True)
        sending.start()
        sending.join(within)


def unsent() -> int:
    """How many spans of this process nobody has taken: they wait, or were dropped."""
    return sum(leaving.unsent for leaving in _leaving)


def extract(headers: Mapping[str, str]) -> Context:
    """The trace that headers name."""
    return _propagator.extract(dict(headers))


def parent(value: str | None) -> Context:
    """The trace that a traceparent names; an empty one when there is none."""
    return extract({"traceparent": value} if value else {})


def traceparent(span: trace.Span | None = None) -> str | None:
    """A span, without one the present span, as a header value."""
    found = (span or trace.get_current_span()).get_span_context()
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}" if found.is_valid else None


def messaging(operation: str, wire: str) -> dict[str, str | int]:
    """What a span says of an event that is sent or processed (OpenTelemetry's conventions for messaging)."""
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": operation,
        "messaging.destination.name": wire,
    }


def recorded(value: str | None) -> bool:
    """Whether somebody records the trace that a traceparent names; unknown counts as yes."""
    # the lowest bit of the flags; another one says that the id is random
    return value is None or value[-1:] not in _UNRECORDED


def remote(value: str | None) -> SpanContext | None:
    """The span that a traceparent names, for a link."""
    found = trace.get_current_span(parent(value)).get_span_context()
    return found if found.is_valid else None


def current_trace_id() -> str | None:
    """32 hex digits."""
    found = trace.get_current_span().get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else None


class StoreSpans(CommandListener):
    """A client span for every command to the store that runs inside another span: names and counts, never filters."""

    def __init__(self) -> None:
        self._open: dict[int, trace.Span] = {}

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in _SILENT or not trace.get_current_span().is_recording():
            return
        target = event.command.get(event.command_name)
        collection = target if isinstance(target, str) else ""
        self._open[event.request_id] = tracer.start_span(
            f"{event.command_name} {collection}".strip(),
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": "mongodb",
                "db.namespace": event.database_name,
                "db.operation.name": event.command_name,
                "db.collection.name": collection,
            },
        )

    def succeeded(self, event: CommandSucceededEvent) -> None:
        span = self._open.pop(event.request_id, None)
        if span:
            span.end()

    def failed(self, event: CommandFailedEvent) -> None:
        span = self._open.pop(event.request_id, None)
        if span:
            span.set_status(trace.StatusCode.ERROR)
            span.set_attribute("error.type", str(event.failure.get("codeName", "error")))
            span.end()


def use(span: trace.Span) -> AbstractContextManager[trace.Span]:
    """Make a span the present one without ending it."""
    return trace.use_span(span, end_on_exit=False, record_exception=False)

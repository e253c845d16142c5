"""Messages that are handled in company: each has a span in its own trace, one of them leads.

What is done once for all (the store is spoken to) stands in the span of the first; the others link to it and say so.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode

from services.chassis import tracing
from services.chassis.messages import Received

LEAD = "messaging.batch.lead"
_LINKS = 32


class Company:
    """The messages as causes of what happens inside their spans, by place as they came."""

    def __init__(self, members: Sequence[Received[Any]], spans: Mapping[int, Span]) -> None:
        self._spans = spans
        self.members = [each.within(spans[at]) if at in spans else each for at, each in enumerate(members)]

    def failed(self, places: Sequence[int]) -> None:
        """These were not handled."""
        for at in places:
            if at in self._spans:
                self._spans[at].set_status(StatusCode.ERROR)


@contextmanager
def company(name: str, members: Sequence[Received[Any]], about: Mapping[str, str | int]) -> Iterator[Company]:
    """Spans for those members whose traces somebody records, the first of them the present one."""
    told = [(at, each) for at, each in enumerate(members) if tracing.recorded(each.traceparent)]
    spans: dict[int, Span] = {}
    for at, each in told:
        lead = next(iter(spans.values()), None)
        links = [Link(lead.get_span_context(), {LEAD: True})] if lead else _others([one for _, one in told])
        parent = tracing.parent(each.traceparent)
        attributes = {**about, **each.about}
        spans[at] = tracing.tracer.start_span(name, parent, SpanKind.CONSUMER, attributes, links)
    try:
        with tracing.use(next(iter(spans.values()), INVALID_SPAN)):
            yield Company(members, spans)
    finally:
        for span in spans.values():
            span.end()


def _others(members: Sequence[Received[Any]]) -> list[Link]:
    found = (tracing.remote(each.traceparent) for each in members[1 : _LINKS + 1])
    return [Link(each) for each in found if each]

"""Events as they travel: CloudEvents 1.0, structured for our own data, binary for somebody else's bodies."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Generic, Self, TypeVar

from opentelemetry import trace
from pydantic import ValidationError
from pydantic_core import to_jsonable_python

from contracts.base import EVENTS, Delivery, Envelope, Event
from contracts.faults import Fault
from services.chassis import context, safe_json, tracing
from services.chassis.links import Outgoing
from services.chassis.topology import EVENTS as EXCHANGE

E = TypeVar("E", bound=Event)

STRUCTURED = "application/cloudevents+json"
MAX_BODY = 4 * 1024 * 1024


class Undecodable(Exception):
    """A body that no retry will make readable; `reason` holds no part of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Received(Generic[E]):
    """An event that arrived. `id` is its dedupe key, `sequence` the version of the aggregate `subject`."""

    data: E
    id: str
    subject: str = ""
    sequence: int = 0
    time: datetime | None = None
    traceparent: str | None = None
    correlation_id: str | None = None

    @property
    def trace_id(self) -> str | None:
        """32 hex digits."""
        return self.traceparent.split("-")[1] if self.traceparent else None

    @property
    def about(self) -> dict[str, str]:
        """What a span says of it."""
        return {"messaging.message.id": self.id, tracing.SUBJECT: self.subject or self.id}

    def within(self, span: trace.Span) -> Self:
        """The same, as cause of what happens inside `span`."""
        found = tracing.traceparent(span)
        return replace(self, traceparent=found) if found else self


def envelope(event: Event, subject: str, sequence: int, cause: Received[Event] | None = None) -> Envelope:
    """Wrap an event that the present work (or `cause`, in a batch) brings about."""
    causation = cause.id if cause else context.message_id()
    correlation = cause.correlation_id or cause.id if cause else context.correlation_id()
    return Envelope(
        source=f"/{event.owner()}",
        type=event.wire,
        subject=subject,
        sequence=sequence,
        time=context.now(),
        traceparent=cause.traceparent if cause else tracing.traceparent(),
        causationid=causation,
        correlationid=correlation or causation,
        data=event.model_dump(mode="json"),
    )


def outgoing(message_id: str, wire: str, body: str, traceparent: str | None) -> Outgoing:
    """A stored envelope, ready to publish."""
    headers = {"traceparent": traceparent} if traceparent else {}
    return Outgoing(EXCHANGE, wire, body.encode(), message_id, headers, STRUCTURED)


def delivery(event: Delivery, message_id: str, traceparent: str | None) -> Outgoing:
    """Somebody else's body, untouched, its fields as headers."""
    headers: dict[str, object] = {}
    for name, header in _carried(type(event)):
        value = getattr(event, name)
        if value is not None:
            headers[header] = value if type(value) is str else str(to_jsonable_python(value))
    if traceparent:
        headers["traceparent"] = traceparent
    return Outgoing(EXCHANGE, event.wire, event.body, message_id, headers, "application/octet-stream")


@cache
def _carried(event: type[Delivery]) -> tuple[tuple[str, str], ...]:
    """Fields that travel as headers, each with its header."""
    return tuple((name, f"x-{name.replace('_', '-')}") for name in event.model_fields if name != "body")


def decode(expected: type[E], body: bytes, headers: Mapping[str, object], message_id: str | None) -> Received[E]:
    """The typed event. Raises Undecodable."""
    if len(body) > MAX_BODY:
        raise Undecodable("body_too_large")
    carried = headers.get("traceparent")
    traceparent = carried if isinstance(carried, str) else None
    try:
        if issubclass(expected, Delivery):
            fields = {name: headers[header] for name, header in _carried(expected) if header in headers}
            if not message_id:
                raise Undecodable("message_id_missing")
            data = expected.model_validate(fields).model_copy(update={"body": body})
            at = getattr(data, "received_at", None)
            return Received(data, message_id, time=at, traceparent=traceparent, correlation_id=message_id)
        read = safe_json.loads(body, keys_checked=False)
        if isinstance(read, dict) and not read.get("id"):
            # the model would invent one, and a repeat could not be told from the first
            raise Undecodable("message_id_missing")
        wrapped = Envelope.model_validate(read)
        if EVENTS.get(wrapped.type) is not expected:
            raise Undecodable("type_unexpected")
        return Received(
            expected.model_validate(wrapped.data),
            wrapped.id,
            wrapped.subject,
            wrapped.sequence,
            wrapped.time,
            traceparent or wrapped.traceparent,
            wrapped.correlationid,
        )
    except ValidationError as error:
        places = sorted({".".join(str(part) for part in fault["loc"]) for fault in error.errors()})
        raise Undecodable(f"schema_invalid: {', '.join(places)[:300]}") from None
    except Fault as error:
        raise Undecodable(error.code) from None

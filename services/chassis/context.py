"""What the code at work may know about the message that set it to work."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from opentelemetry import trace

from services.chassis import clock

_message_id: ContextVar[str | None] = ContextVar("message_id", default=None)
_correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_work: ContextVar[str] = ContextVar("work", default="")


def message_id() -> str | None:
    """The id under which the effects of the present message are recorded as applied; None outside and in batches."""
    return _message_id.get()


def applied(document: Mapping[str, Any]) -> bool:
    """Whether the present message has been applied to a document; never outside of messages and in batches."""
    return message_id() is not None and message_id() in document["applied"]


def correlation_id() -> str | None:
    """The id of the message that began the whole matter."""
    return _correlation_id.get()


def trace_id() -> str | None:
    """The present trace, 32 hex digits."""
    span = trace.get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else None


def now() -> datetime:
    """The present, aware, UTC, in whole milliseconds (what the store keeps)."""
    present = clock.now()
    return present.replace(microsecond=present.microsecond // 1000 * 1000)


def work() -> str:
    """What is at work: the wire name of the event or the method of the request; empty between messages."""
    return _work.get()


@contextmanager
def applying(message: str | None, correlation: str | None, work: str = "") -> Iterator[None]:
    """Name the message whose effects follow (a batch has none), and the work."""
    first, second, third = _message_id.set(message), _correlation_id.set(correlation), _work.set(work)
    try:
        yield
    finally:
        _message_id.reset(first)
        _correlation_id.reset(second)
        _work.reset(third)

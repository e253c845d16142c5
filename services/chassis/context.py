"""What the code at work may know about the message that set it to work."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from opentelemetry import trace

_message_id: ContextVar[str | None] = ContextVar("message_id", default=None)
_correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def message_id() -> str | None:
    """The id under which the effects of the present message are recorded as applied; None outside and in batches."""
    return _message_id.get()


def correlation_id() -> str | None:
    """The id of the message that began the whole matter."""
    return _correlation_id.get()


def trace_id() -> str | None:
    """The present trace, 32 hex digits."""
    span = trace.get_current_span().get_span_context()
    return f"{span.trace_id:032x}" if span.is_valid else None


def now() -> datetime:
    """The present, aware, UTC, in whole milliseconds (what the store keeps)."""
    present = datetime.now(UTC)
    return present.replace(microsecond=present.microsecond // 1000 * 1000)


@contextmanager
def applying(message: str | None, correlation: str | None) -> Iterator[None]:
    """Name the message whose effects follow."""
    first, second = _message_id.set(message), _correlation_id.set(correlation)
    try:
        yield
    finally:
        _message_id.reset(first)
        _correlation_id.reset(second)

"""What must come of a sample.

A dead letter is the code of its reason. Anything else is a list of reports, each with what it says beyond the defaults
and the codes of its notes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

MORNING = datetime(2026, 3, 14, 0, 15, tzinfo=UTC)
LOCAL = datetime(2026, 3, 14, 8, 15)  # noqa: DTZ001


class Expected(NamedTuple):
    """One report of a sample: its kind, fields beyond the defaults, codes of its notes."""

    kind: str
    notes: frozenset[str]
    fields: Mapping[str, Any]


Outcome = str | Sequence[Expected]


def alarm(*notes: str, **fields: Any) -> Expected:
    return Expected("alarm", frozenset(notes), fields)


def heartbeat(*notes: str, **fields: Any) -> Expected:
    return Expected("heartbeat", frozenset({"heartbeat", *notes}), fields)


def state(*notes: str, **fields: Any) -> Expected:
    return Expected("state", frozenset(notes), fields)


def ignored(*notes: str, **fields: Any) -> Expected:
    return Expected("ignored", frozenset(notes), fields)

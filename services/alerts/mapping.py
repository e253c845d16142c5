"""类型映射: what raw types mean by the word of people, and which of them wait for a meaning. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from contracts.alerts import AlertType, UnmappedType
from services.alerts.domain import severity_of

# kept of one adapter; the rarest give way, so that nobody can make it grow with names of his own
MOST_UNMAPPED = 200


class RawType(NamedTuple):
    """A vendor's word of one adapter; upper and lower case are the same word."""

    adapter: str
    word: str


class Meaning(NamedTuple):
    """What it means here."""

    type: AlertType
    severity: int


Meanings = Mapping[RawType, Meaning]


def key(adapter: str, raw_type: str) -> RawType:
    """How a raw type is looked up."""
    return RawType(adapter, raw_type.lower())


def meaning(type_: AlertType, severity: int | None) -> Meaning:
    """With the usual severity of the type where none is given."""
    return Meaning(type_, severity or severity_of(type_))


class Met:
    """The unmapped raw types that were met since somebody last took them."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def add(self, adapter: str, raw_type: str, times: int = 1) -> None:
        """One more; beyond the most that is kept, new ones are let go."""
        counts = self._counts.setdefault(adapter, Counter())
        if raw_type in counts or len(counts) < MOST_UNMAPPED:
            counts[raw_type] += times

    def taken(self) -> dict[str, Counter[str]]:
        """All by adapter, which are then met no more."""
        taken, self._counts = self._counts, {}
        return taken


def merged(standing: Iterable[UnmappedType], adapter: str, met: Mapping[str, int], now: datetime) -> list[UnmappedType]:
    """What is kept of an adapter's unmapped types, most frequent first, of equals the latest."""
    found = {one.raw_type: one for one in standing}
    for raw_type, times in met.items():
        before = found[raw_type].count if raw_type in found else 0
        found[raw_type] = UnmappedType(adapter=adapter, raw_type=raw_type, count=before + times, last_at=now)
    return by_frequency(found.values())


def by_frequency(unmapped: Iterable[UnmappedType]) -> list[UnmappedType]:
    """The most that is kept, most frequent first, of equals the latest."""
    return sorted(unmapped, key=lambda one: (one.count, one.last_at), reverse=True)[:MOST_UNMAPPED]

"""Spans that wait to be written, by trace: a trace whose spans come within a second or two is one document."""

import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.chassis import metrics
from services.console.traces.otlp import Span

# s; a trace is written when nothing of it has come for so long, or its first span has waited for so long
QUIET, LONGEST = 1.0, 3.0
TIME, TIME_LENGTH = "%Y%m%dT%H%M%S%f", 21
# of one document, which may have 16 MB; a body that comes in has 4 MB at most
MOST_SPANS, MOST_BYTES = 1_000, 4 * 1024 * 1024


def sorted_by(at: datetime) -> str:
    """How the names of what arrives then begin."""
    return at.strftime(TIME)


def time_of(name: str) -> datetime:
    """When it arrived. Raises ValueError for what is no name."""
    return datetime.strptime(name[:TIME_LENGTH], TIME).replace(tzinfo=UTC)


def next_name() -> str:
    """A name for what arrives now, that nothing else has."""
    return sorted_by(datetime.now(UTC)) + os.urandom(4).hex()


@dataclass
class Part:
    """What has come of one trace: one document. `name` sorts by the time of its arrival."""

    trace: str
    name: str
    since: float
    last: float
    size: int = 0
    spans: list[Span] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    @property
    def full(self) -> bool:
        """Whether it should grow no more."""
        return len(self.spans) >= MOST_SPANS or self.size >= MOST_BYTES


class Gathering:
    """Parts in the order in which they began, `room` spans in all; the oldest give way and are counted as `dropped`.

    Clocks are monotonic seconds.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.waiting = self.dropped = 0
        self._growing: OrderedDict[str, Part] = OrderedDict()
        self._grown: list[Part] = []
        self._leaving: list[Part] = []

    def take(self, spans: Iterable[Span], clock: float) -> int:
        """Add spans; how many. One that is sent again while the first still waits is one."""
        count = 0
        for span in spans:
            part = self._growing.get(span.trace)
            if part is None:
                part = self._growing[span.trace] = Part(span.trace, next_name(), clock, clock)
            if span.id in part.ids:
                continue
            part.ids.add(span.id)
            part.spans.append(span)
            part.size += len(span.raw.span)
            part.last = clock
            count += 1
            if part.full:
                self._grown.append(self._growing.pop(span.trace))
        self.waiting += count
        self._make_room()
        return count

    def due(self, clock: float, *, all_of_it: bool = False) -> list[Part]:
        """Take out what is to be written now; it is still found until it is said to be `written`."""
        ripe = [
            trace
            for trace, part in self._growing.items()
            if all_of_it or clock - part.last >= QUIET or clock - part.since >= LONGEST
        ]
        found = [*self._grown, *(self._growing.pop(trace) for trace in ripe)]
        self._grown, self._leaving = [], found
        self.waiting -= sum(len(part.spans) for part in found)
        return found

    def written(self) -> None:
        """What was taken out last stands in the store."""
        self._leaving = []

    def give_back(self, parts: Sequence[Part]) -> None:
        """They could not be written: keep them for the next time, as far as there is room."""
        self._grown, self._leaving = [*parts, *self._grown], []
        self.waiting += sum(len(part.spans) for part in parts)
        self._make_room()

    def of(self, trace: str) -> list[Span]:
        """What waits of one trace."""
        growing = self._growing.get(trace)
        grown = (part for part in (*self._leaving, *self._grown) if part.trace == trace)
        parts = [*grown, *([growing] if growing else [])]
        return [span for part in parts for span in part.spans]

    def _make_room(self) -> None:
        while self.waiting > self.room:
            oldest = self._grown[0] if self._grown else next(iter(self._growing.values()))
            too_many = min(self.waiting - self.room, len(oldest.spans))
            del oldest.spans[:too_many]
            self.waiting -= too_many
            self.dropped += too_many
            metrics.SPANS_DROPPED.inc(too_many)
            if not oldest.spans:
                if self._grown:
                    self._grown.pop(0)
                else:
                    self._growing.popitem(last=False)

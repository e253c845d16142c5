"""合并: many sightings of the same thing are one alert. The order in which they arrive does not matter. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from contracts.alerts import AlertSettings, AlertType
from contracts.shared import Point
from services.alerts.domain import MOST_MEDIA, UPDATES_APART

_KEEPING_UP = timedelta(seconds=5)
# so long a service may need until the first of a backlog arrives
_AT_START = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One alarm of one report, its device, channel and time settled. `active` False is a stop.

    `subject` is the keyed hash of a plate. A `lasting` one stands until a stop: no quiet time ends it; where one is
    told again only every `repeated_s`, no shorter one does. `told_at` is what a clock said that is too wrong to be
    believed; `suppressed`: its report is counted and not kept.
    """

    report: str
    source: str
    device: str
    channel: str
    type: AlertType
    raw_type: str | None
    severity: int
    rule: str | None
    target: Literal["human", "vehicle"] | None
    active: bool
    at: datetime
    received_at: datetime
    time_quality: tuple[str, ...] = ()
    place_quality: tuple[str, ...] = ()
    point: Point | None = None
    media: tuple[str, ...] = ()
    trace_id: str | None = None
    subject: str | None = None
    lasting: bool = False
    repeated_s: int | None = None
    told_at: datetime | None = None
    suppressed: bool = False

    @property
    def fingerprint(self) -> str:
        """指纹: device, channel, type (with its raw name where unknown), rule, target, subject."""
        raw = self.raw_type if self.type is AlertType.UNKNOWN else None
        subject = (self.subject,) if self.subject else ()
        parts = (self.device, self.channel, self.type.value, raw, self.rule, self.target, *subject)
        return sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Tally:
    """What the sightings of one fingerprint say together. `count` 0: only stops; `head` is the earliest received."""

    head: Sighting
    count: int
    severity: int
    first_at: datetime
    last_at: datetime
    received_at: datetime
    stopped_at: datetime | None
    point: Point | None
    time_quality: tuple[str, ...]
    place_quality: tuple[str, ...]
    media: tuple[str, ...]
    suppressed: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """The running alert as the store has it. `flapping`: no stop ends it."""

    id: str
    version: int
    count: int
    last_at: datetime
    announced_at: datetime
    flapping: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What is remembered of a fingerprint: when alerts were raised, the last of them, and a stop while none ran."""

    raised_at: Sequence[datetime] = ()
    alert: str | None = None
    stopped_at: datetime | None = None
    stop_received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """What a tally does to a running alert."""

    ended_at: datetime | None
    stop_ignored: bool
    announced: bool


def grouped(sightings: Iterable[Sighting]) -> dict[str, list[Sighting]]:
    """By fingerprint."""
    groups: dict[str, list[Sighting]] = {}
    for sighting in sightings:
        groups.setdefault(sighting.fingerprint, []).append(sighting)
    return groups


def tally(sightings: Sequence[Sighting]) -> Tally:
    """Put the sightings of one fingerprint (at least one) together."""
    ordered = sorted(sightings, key=lambda sighting: (sighting.received_at, sighting.report))
    active = [sighting for sighting in ordered if sighting.active]
    stops = [sighting.at for sighting in ordered if not sighting.active]
    counted = active or ordered
    return Tally(
        head=counted[0],
        count=len(active),
        severity=min(sighting.severity for sighting in counted),
        first_at=min(sighting.at for sighting in counted),
        last_at=max(sighting.at for sighting in counted),
        received_at=counted[-1].received_at,
        stopped_at=max(stops, default=None),
        point=next((sighting.point for sighting in counted if sighting.point), None),
        time_quality=_distinct(code for sighting in counted for code in sighting.time_quality),
        place_quality=_distinct(code for sighting in counted for code in sighting.place_quality),
        media=_distinct(reference for sighting in counted for reference in sighting.media)[:MOST_MEDIA],
        suppressed=sum(sighting.suppressed for sighting in active),
    )


def fold(standing: Standing, found: Tally, now: datetime) -> Fold:
    """A stop older than the last sighting is ignored, another ends the alert; updates are told 30 s apart."""
    last_at = max(standing.last_at, found.last_at) if found.count else standing.last_at
    stopped_at = None if standing.flapping else found.stopped_at
    ended_at = stopped_at if stopped_at is not None and stopped_at >= last_at else None
    return Fold(
        ended_at=ended_at,
        stop_ignored=stopped_at is not None and ended_at is None,
        announced=ended_at is None and found.count > 0 and now - standing.announced_at >= UPDATES_APART,
    )


def flaps(past: Past, found: Tally, settings: AlertSettings) -> bool:
    """抖动: whether so many alerts were raised of the fingerprint lately that this one is held until it is quiet.

    What stands until its stop is not: nothing else would end it.
    """
    at, window = found.head.received_at, timedelta(seconds=settings.flapping_window_s)
    lately = sum(abs(at - raised) < window for raised in past.raised_at)
    return not found.head.lasting and lately >= settings.flapping_raised


def stopped_at(past: Past, found: Tally, quiet: timedelta) -> datetime | None:
    """The stop that ends what rises: its own, or one that came before its start and not long ago."""
    stops = [found.stopped_at]
    if past.stop_received_at and found.head.received_at - past.stop_received_at <= quiet:
        stops.append(past.stopped_at)
    return max((stop for stop in stops if stop is not None and stop >= found.last_at), default=None)


def belongs(found: Tally, ended_at: datetime | None, quiet: timedelta) -> bool:
    """Whether these are late sightings of an alert that has ended, no sign that it begins again."""
    late = ended_at is not None and found.last_at <= ended_at and found.head.received_at - ended_at <= quiet
    return late and not found.head.lasting


class Progress:
    """How far the reports are read. Behind a backlog silence is not yet known to be silence."""

    def __init__(self, started_at: datetime) -> None:
        self._batch_at, self._received_at = started_at, started_at - _AT_START

    def mark(self, now: datetime, received_at: datetime) -> None:
        """A batch was read whose newest report came at `received_at`."""
        self._batch_at, self._received_at = now, received_at

    def read_up_to(self, now: datetime) -> datetime:
        """Every report received before this has been read."""
        behind = self._batch_at - self._received_at > _KEEPING_UP and now - self._batch_at < _AT_START
        return min(now, self._received_at) if behind else now


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))

"""What happened to an alert, as bars on one axis of time that begins with it. Pure.

The axis is logarithmic: an alarm lasts seconds, its case days, and both are to be seen.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log1p
from typing import Any

from services.console.alert_words import ALERT_ACTIONS, AWAITED
from services.console.incident_words import LEVELS
from services.console.wording import STAGES, said, span, word

WIDTH = 1000
# what is shorter than this after the beginning is drawn as on a linear axis
_LINEAR = timedelta(seconds=10)
_ELAPSED = [timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(days=1), timedelta(days=7)]
_MINUTE_S = 60
_STEPS = ("acknowledge", "judge", "close", "reopen")

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Stretch:
    """One bar. `x`, `width` and `due` (when it had to be over) are thousandths of the axis; not `over`: it goes on."""

    label: str
    kind: str
    began_at: datetime
    lasted: str
    over: bool
    x: float
    width: float
    due: float | None = None


@dataclass(frozen=True)
class Course:
    """Bars in their order, and where the axis says how long ago it began."""

    stretches: list[Stretch]
    ticks: list[tuple[float, str]]


@dataclass(frozen=True)
class _Part:
    label: str
    kind: str
    began_at: datetime
    ended_at: datetime | None
    due_at: datetime | None = None


def course(alert: Told, case: Told | None, incident: Told | None, now: datetime, language: str) -> Course:
    """Of an alert as the gateway tells it, with the case and the incident that it is in."""
    parts = [
        _alarm(alert, language),
        *_handling(alert, language),
        *(_clocks(case, language) if case else ()),
        *(_notices(incident, language) if incident else ()),
    ]
    began = min(part.began_at for part in parts)
    last = max(now, *(at for part in parts for at in (part.began_at, part.ended_at, part.due_at) if at))
    whole = log1p((last - began) / _LINEAR) or 1.0

    def place(at: datetime) -> float:
        return WIDTH * log1p(max(at - began, timedelta()) / _LINEAR) / whole

    ticks = [(place(began + elapsed), span(language, elapsed)) for elapsed in _ELAPSED if began + elapsed < last]
    return Course([_drawn(part, place, now, language) for part in parts], ticks)


def _drawn(part: _Part, place: Callable[[datetime], float], now: datetime, language: str) -> Stretch:
    end = max(part.ended_at or now, part.began_at)
    x, due = place(part.began_at), place(part.due_at) if part.due_at else None
    lasted = _lasted(end - part.began_at, language)
    return Stretch(part.label, part.kind, part.began_at, lasted, part.ended_at is not None, x, place(end) - x, due)


def _lasted(length: timedelta, language: str) -> str:
    seconds = round(length.total_seconds())
    return span(language, length) if seconds >= _MINUTE_S else f"{seconds} {word(language, '秒', 's')}"


def _alarm(alert: Told, language: str) -> _Part:
    running = alert["ended_at"] is None
    label = word(language, "报警持续", "the alarm lasts") if running else word(language, "报警", "the alarm")
    return _Part(label, "bus", _at(alert["first_at"]), _at(alert["ended_at"]) if alert["ended_at"] else None)


def _handling(alert: Told, language: str) -> Iterator[_Part]:
    """From step to step, and what it waits for now."""
    since = _at(alert["received_at"])
    for step in alert["timeline"]:
        if step["action"] in _STEPS:
            at = _at(step["at"])
            yield _Part(f"{said(ALERT_ACTIONS, language, step['action'])} {step['actor']}", "work", since, at)
            since = at
    if alert["state"] in AWAITED:
        yield _Part(said(AWAITED, language, alert["state"]), "request", since, None)


def _clocks(case: Told, language: str) -> Iterator[_Part]:
    for clock in case["clocks"]:
        yield _Part(
            f"{word(language, '工单', 'case')} · {said(STAGES, language, clock['stage'])}",
            "bad" if clock["overdue"] else "store",
            _at(clock["started_at"]),
            _at(clock["stopped_at"]) if clock["stopped_at"] else None,
            _at(clock["due_at"]) if clock["due_at"] else None,
        )


def _notices(incident: Told, language: str) -> Iterator[_Part]:
    """How long each level was the one to answer."""
    notices: Sequence[Told] = incident["notices"]
    ends = [notice["at"] for notice in notices[1:]] + [incident["answered_at"] or incident["closed_at"]]
    for notice, end in zip(notices, ends, strict=True):
        yield _Part(
            f"{word(language, '通知', 'told:')} {said(LEVELS, language, notice['level'])}",
            "request",
            _at(notice["at"]),
            _at(end) if end else None,
            _at(notice["due_at"]) if notice["due_at"] else None,
        )


def _at(told: str) -> datetime:
    return datetime.fromisoformat(told)

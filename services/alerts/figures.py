"""告警数字: counting what waits and what the day brought. Pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from contracts.alerts import AlertFigures, AlertState, AlertType
from services.alerts.domain import DEFAULT_TIMEZONE

CITY = ZoneInfo(DEFAULT_TIMEZONE)


class Waiting(NamedTuple):
    """An alert that is not closed."""

    state: AlertState
    type: AlertType
    severity: int
    grid: str | None
    has_case: bool


def midnight(now: datetime) -> datetime:
    """When the city's day began."""
    return now.astimezone(CITY).replace(hour=0, minute=0, second=0, microsecond=0)


def counted(waiting: Iterable[Waiting], raised: Iterable[datetime], now: datetime) -> AlertFigures:
    """The figures of what waits, and of the moments at which alerts were raised since midnight."""
    found = list(waiting)
    located = [one for one in found if one.grid]
    began = midnight(now)
    hours = Counter((at - began) // timedelta(hours=1) for at in raised)
    return AlertFigures(
        counted_at=now,
        open=len(found),
        unlocated=len(found) - len(located),
        open_by_grid=Counter(one.grid for one in located if one.grid),
        in_cases_by_grid=Counter(one.grid for one in located if one.grid and one.has_case),
        states=Counter(one.state for one in found),
        severities=Counter(one.severity for one in found),
        types=Counter(one.type for one in found),
        raised_today=hours.total(),
        hours=[hours[hour] for hour in range(24)],
    )

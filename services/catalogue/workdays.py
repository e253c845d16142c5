"""Limits in working days, by the State Council's yearly notice as the chinesecalendar package publishes it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import chinese_calendar

from services.catalogue.identifiers import SHANGHAI

PUBLISHED_YEARS = frozenset(day.year for day in chinese_calendar.holidays)


class Deadline(NamedTuple):
    """The last moment of the last day (UTC), or the name of what is missing to say it."""

    due_at: datetime | None
    fault: str | None


def deadline(accepted_at: datetime, working_days: int) -> Deadline:
    """The end of the n-th working day after the day of acceptance, which does not count itself.

    A year whose holidays are not published is a named fault, never wall clock in silence.
    """
    day, left = accepted_at.astimezone(SHANGHAI).date(), working_days
    while left:
        day += timedelta(days=1)
        if day.year not in PUBLISHED_YEARS:
            return Deadline(None, fault_of(day.year))
        left -= int(chinese_calendar.is_workday(day))
    return Deadline(_end_of(day), None)


def fault_of(year: int) -> str:
    """The name under which an application carries a missing calendar."""
    return f"calendar_missing_{year}"


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), SHANGHAI).astimezone(UTC)

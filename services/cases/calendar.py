"""工作日历: working time, so that a limit in hours means hours in which somebody works.

The days are those of the State Council's yearly notice (holidays and 调休 make-up days) as the chinesecalendar package
publishes them. A year without a notice is a named error, never wall clock in silence.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

import chinese_calendar

# China has kept one zone without summer time since 1991; the calendar begins in 2004
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
WORKING_HOURS = ((time(9), time(12)), (time(13), time(17)))
PUBLISHED_YEARS = frozenset(day.year for day in chinese_calendar.holidays)


class CalendarMissing(Exception):
    """The holidays of `year` have not been published, or not been installed yet."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no working calendar for {year}")
        self.year = year

    @property
    def fault(self) -> str:
        """The name under which a clock carries it."""
        return f"calendar_missing_{self.year}"


def is_working_day(day: date) -> bool:
    """Whether offices work that day. Raises CalendarMissing."""
    if day.year not in PUBLISHED_YEARS:
        raise CalendarMissing(day.year)
    return bool(chinese_calendar.is_workday(day))


@dataclass(frozen=True)
class WorkingCalendar:
    """Working spans of the working days, in the city's zone. Takes and gives aware times; gives UTC."""

    hours: tuple[tuple[time, time], ...] = WORKING_HOURS
    works: Callable[[date], bool] = is_working_day
    zone: timezone = SHANGHAI

    def advance(self, start: datetime, work: timedelta) -> datetime:
        """The first moment at which `work` has been done since `start`. Raises CalendarMissing."""
        if work <= timedelta(0):
            return start.astimezone(UTC)
        for begins, ends in self._spans(start):
            if work <= ends - begins:
                return (begins + work).astimezone(UTC)
            work -= ends - begins
        raise AssertionError("spans never end")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time from `start` to `end`. Raises CalendarMissing."""
        done = timedelta(0)
        for begins, ends in self._spans(start, end):
            done += max(min(ends, end) - begins, timedelta(0))
        return done

    def _spans(self, start: datetime, end: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
        """What is left of each span from `start` to the end of the day of `end`."""
        local = start.astimezone(self.zone)
        day, last = local.date(), end.astimezone(self.zone).date() if end else date.max
        while day <= last:
            if self.works(day):
                for opens, closes in self.hours:
                    begins = max(local, datetime.combine(day, opens, self.zone))
                    ends = datetime.combine(day, closes, self.zone)
                    if begins < ends:
                        yield begins, ends
            day += timedelta(days=1)


CITY_CALENDAR = WorkingCalendar()

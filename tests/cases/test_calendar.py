"""Working time against the real calendar of 2026: its holidays, make-up days and spans."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.calendar import (
    CITY_CALENDAR,
    PUBLISHED_YEARS,
    SHANGHAI,
    CalendarMissing,
    WorkingCalendar,
    is_working_day,
)

LAST = max(PUBLISHED_YEARS)


def at(text: str) -> datetime:
    """A moment in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-02T09:00", 2, "2026-03-02T11:00"),
        ("2026-03-02T11:00", 2, "2026-03-02T14:00"),  # over the noon break
        ("2026-03-02T09:00", 3, "2026-03-02T12:00"),  # ends with the morning, not after the break
        ("2026-03-02T16:30", 1, "2026-03-03T09:30"),  # over the night
        ("2026-03-02T22:00", 1, "2026-03-03T10:00"),  # starts when nobody works
        ("2026-03-06T16:00", 2, "2026-03-09T10:00"),  # over a weekend
        ("2026-02-13T16:00", 2, "2026-02-14T10:00"),  # Saturday 14 February is a make-up day
        ("2026-02-14T16:00", 2, "2026-02-24T10:00"),  # Spring Festival, nine days off
        ("2026-09-30T16:00", 8, "2026-10-08T17:00"),  # National Day
        ("2026-10-09T16:00", 2, "2026-10-10T10:00"),  # Saturday 10 October is a make-up day
        ("2026-03-02T09:00", 40, "2026-03-09T15:00"),  # five days of seven hours and five
    ],
)
def test_a_limit_runs_in_working_time(start: str, hours: int, due: str) -> None:
    assert CITY_CALENDAR.advance(at(start), timedelta(hours=hours)) == at(due)


def test_moments_are_utc() -> None:
    due = CITY_CALENDAR.advance(datetime(2026, 3, 2, 1, tzinfo=UTC), timedelta(hours=1))
    assert due.tzinfo is UTC
    assert due.hour == 2


def test_a_year_that_is_not_published_is_a_named_error() -> None:
    late = datetime(LAST, 12, 31, 16, tzinfo=SHANGHAI)
    with pytest.raises(CalendarMissing) as missing:
        CITY_CALENDAR.advance(late, timedelta(hours=10))
    assert missing.value.year == LAST + 1
    assert missing.value.fault == f"calendar_missing_{LAST + 1}"
    assert CITY_CALENDAR.between(late, late + timedelta(hours=5)) <= timedelta(hours=1)


def test_the_hours_are_a_setting() -> None:
    nights = WorkingCalendar(hours=((time(20), time(23)),))
    assert nights.advance(at("2026-03-02T09:00"), timedelta(hours=4)) == at("2026-03-03T21:00")


# 200 hours of work take six weeks, and the year after may have no calendar yet
moments = st.integers(0, 60 * 24 * 300).map(lambda minutes: at("2026-01-01T00:00") + timedelta(minutes=minutes))
works = st.integers(min_value=1, max_value=60 * 100).map(lambda minutes: timedelta(minutes=minutes))


@given(moments, works)
def test_what_was_advanced_lies_between(start: datetime, work: timedelta) -> None:
    due = CITY_CALENDAR.advance(start, work)
    assert CITY_CALENDAR.between(start, due) == work
    local = due.astimezone(SHANGHAI)
    assert is_working_day(local.date())
    assert time(9) < local.time() <= time(12) or time(13) < local.time() <= time(17)


@given(moments, works, works)
def test_parts_add_up(start: datetime, first: timedelta, second: timedelta) -> None:
    there = CITY_CALENDAR.advance(start, first)
    assert CITY_CALENDAR.advance(there, second) == CITY_CALENDAR.advance(start, first + second)


@given(moments)
def test_nothing_lies_between_a_moment_and_an_earlier_one(start: datetime) -> None:
    assert CITY_CALENDAR.between(start, start - timedelta(days=3)) == timedelta(0)

"""Limits in working days against the real calendar: holidays, make-up days, a year that is not published."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalogue.identifiers import SHANGHAI
from services.catalogue.workdays import PUBLISHED_YEARS, deadline, fault_of

LAST = max(PUBLISHED_YEARS)


@pytest.mark.parametrize(
    ("accepted", "days", "due"),
    [
        ("2026-03-02T09:00", 0, "2026-03-02"),
        ("2026-03-02T23:59", 1, "2026-03-03"),
        ("2026-03-06T10:00", 1, "2026-03-09"),  # over a weekend
        ("2026-02-13T10:00", 1, "2026-02-14"),  # Saturday 14 February is a make-up day
        ("2026-02-14T10:00", 1, "2026-02-24"),  # Spring Festival, nine days off
        ("2026-09-30T10:00", 2, "2026-10-09"),  # National Day
        ("2026-03-07T10:00", 5, "2026-03-13"),  # accepted on a Saturday
    ],
)
def test_the_day_of_acceptance_does_not_count(accepted: str, days: int, due: str) -> None:
    at = datetime.fromisoformat(accepted).replace(tzinfo=SHANGHAI)
    found = deadline(at, days)
    assert found.fault is None
    assert found.due_at == datetime.fromisoformat(f"{due}T23:59:59").replace(tzinfo=SHANGHAI)
    assert found.due_at.tzinfo is UTC


def test_the_day_is_that_of_shanghai() -> None:
    evening = datetime(2026, 3, 2, 17, tzinfo=UTC)  # 3 March, one o'clock in the morning
    assert deadline(evening, 1).due_at == datetime(2026, 3, 4, 15, 59, 59, tzinfo=UTC)


def test_a_year_that_is_not_published_is_a_named_fault() -> None:
    late = datetime(LAST, 12, 31, 10, tzinfo=SHANGHAI)
    assert deadline(late, 3) == (None, f"calendar_missing_{LAST + 1}") == (None, fault_of(LAST + 1))


@settings(deadline=None)
@given(st.dates(date(2024, 1, 1), date(LAST, 6, 1)), st.times(), st.integers(0, 60), st.integers(0, 40))
def test_limits_add_up(day: date, hour: time, first: int, second: int) -> None:
    at = datetime.combine(day, hour, SHANGHAI)
    half = deadline(at, first).due_at
    whole = deadline(at, first + second).due_at
    assert half is not None
    assert whole is not None
    assert deadline(half, second).due_at == whole
    assert whole - at >= timedelta(days=first + second - 1)

"""Clocks of stages: notices once each, pauses, extensions, a calendar that is missing and comes."""

from datetime import date, datetime, timedelta

from services.cases import clocks
from services.cases.calendar import CITY_CALENDAR, PUBLISHED_YEARS, SHANGHAI, WorkingCalendar

MONDAY = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
LAST = max(PUBLISHED_YEARS)
LATE = datetime(LAST, 12, 31, 16, tzinfo=SHANGHAI)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def always(_day: date) -> bool:
    return True


def test_it_is_due_soon_when_four_fifths_have_run() -> None:
    clock = clocks.start("sign", 5, MONDAY, CITY_CALENDAR)
    assert clock.soon_at == MONDAY + hours(5)  # 4 working hours and the noon break
    assert clock.due_at == MONDAY + hours(6)


def test_each_notice_is_given_once_and_in_order() -> None:
    clock = clocks.start("sign", 1, MONDAY, CITY_CALENDAR)
    assert clock.soon_at is not None
    assert clocks.next_look([clock], MONDAY) == clock.soon_at
    assert clock.to_tell() == (clock.soon_at, "due_soon")
    clock = clocks.told(clock, "due_soon")
    assert clock.to_tell() == (clock.due_at, "overdue")
    clock = clocks.told(clock, "overdue")
    assert clock.to_tell() is None
    assert clocks.next_look([clock], MONDAY) is None


def test_a_clock_that_ran_out_unseen_still_tells_after_it_was_stopped() -> None:
    late = clocks.stop(clocks.start("sign", 1, MONDAY, CITY_CALENDAR), MONDAY + hours(3))
    assert late.to_tell() == (late.soon_at, "due_soon")
    in_time = clocks.stop(clocks.start("sign", 1, MONDAY, CITY_CALENDAR), MONDAY + hours(0.5))
    assert in_time.to_tell() is None


def test_a_pause_costs_nothing() -> None:
    clock = clocks.start("handling", 7, MONDAY, CITY_CALENDAR)
    paused = clocks.pause(clock, MONDAY + hours(2))
    assert clocks.next_look([paused], MONDAY) is None
    resumed = clocks.resume(paused, MONDAY + hours(24), CITY_CALENDAR)
    assert resumed.due_at == MONDAY + hours(24 + 6)  # five working hours and a noon break later
    assert resumed.started_at == MONDAY


def test_a_pause_does_not_save_what_is_overdue() -> None:
    clock = clocks.start("handling", 1, MONDAY, CITY_CALENDAR)
    resumed = clocks.resume(clocks.pause(clock, MONDAY + hours(2)), MONDAY + hours(24), CITY_CALENDAR)
    assert resumed.due_at == clock.due_at
    assert resumed.running


def test_an_extension_moves_both_moments() -> None:
    clock = clocks.extend(clocks.start("handling", 1, MONDAY, CITY_CALENDAR), 4, CITY_CALENDAR)
    assert (clock.hours, clock.due_at, clock.soon_at) == (5, MONDAY + hours(6), MONDAY + hours(5))


def test_going_on_is_as_if_it_had_never_stopped() -> None:
    clock = clocks.start("handling", 1, MONDAY, CITY_CALENDAR)
    assert clocks.go_on(clocks.stop(clock, MONDAY + hours(0.5))) == clock


def test_without_a_calendar_it_carries_the_fault_and_is_tried_again() -> None:
    clock = clocks.start("handling", 20, LATE, CITY_CALENDAR)
    assert clock.due_at is None
    assert clock.fault == f"calendar_missing_{LAST + 1}"
    assert clock.to_tell() is None
    assert clocks.next_look([clock], LATE) == LATE + clocks.MEND_EVERY
    mended = clocks.timed(clock, WorkingCalendar(works=always))
    assert mended.fault is None
    assert mended.due_at == datetime(LAST + 1, 1, 3, 15, tzinfo=SHANGHAI)  # 1 + 7 + 7 + 5 hours of four days

"""限时: the clocks of a case's stages. They run in working time, stand still while suspended, are never reset.

Each tells twice, once each: `due_soon` when 80 % of its limit has run and `overdue` when all of it has, also when it is
looked at late or after it was stopped. A clock that cannot be computed keeps its fault and is tried again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from contracts.cases import Stage
from services.cases.calendar import CalendarMissing, WorkingCalendar

SOON = 0.8
MEND_EVERY = timedelta(days=1)

Notice = Literal["due_soon", "overdue"]


@dataclass(frozen=True)
class StageClock:
    """`hours` is the whole limit, `left` what remained of it at `counted_from`; both in working time."""

    stage: Stage
    hours: int
    started_at: datetime
    counted_from: datetime
    left: timedelta
    due_at: datetime | None = None
    soon_at: datetime | None = None
    paused_at: datetime | None = None
    stopped_at: datetime | None = None
    fault: str | None = None
    due_soon: bool = False
    overdue: bool = False

    @property
    def running(self) -> bool:
        """Neither stopped nor paused."""
        return self.stopped_at is None and self.paused_at is None

    def to_tell(self) -> tuple[datetime, Notice] | None:
        """The next notice and its moment, unless the clock stood still before that."""
        end = self.paused_at or self.stopped_at
        notices: tuple[tuple[datetime | None, Notice, bool], ...] = (
            (self.soon_at, "due_soon", self.due_soon),
            (self.due_at, "overdue", self.overdue),
        )
        for moment, notice, given in notices:
            if moment is not None and not given and (end is None or moment < end):
                return moment, notice
        return None


def start(stage: Stage, hours: int, now: datetime, calendar: WorkingCalendar) -> StageClock:
    """A clock that starts to run."""
    return timed(StageClock(stage, hours, now, counted_from=now, left=timedelta(hours=hours)), calendar)


def timed(clock: StageClock, calendar: WorkingCalendar) -> StageClock:
    """With its two moments, or with the fault that hides them: a case is never lost over a calendar."""
    reserve = timedelta(hours=clock.hours * (1 - SOON))
    try:
        soon = calendar.advance(clock.counted_from, clock.left - reserve)
        due = calendar.advance(clock.counted_from, clock.left)
    except CalendarMissing as missing:
        return replace(clock, due_at=None, soon_at=None, fault=missing.fault)
    return replace(clock, due_at=due, soon_at=soon, fault=None)


def stop(clock: StageClock, now: datetime) -> StageClock:
    """Its stage is over."""
    return replace(clock, stopped_at=now) if clock.stopped_at is None else clock


def go_on(clock: StageClock) -> StageClock:
    """Its stage was not over after all: as if it had never been stopped."""
    return replace(clock, stopped_at=None)


def pause(clock: StageClock, now: datetime) -> StageClock:
    """It stands still from now."""
    return replace(clock, paused_at=now) if clock.running else clock


def resume(clock: StageClock, now: datetime, calendar: WorkingCalendar) -> StageClock:
    """It runs again with what was left when it was paused."""
    if clock.paused_at is None:
        return clock
    if clock.due_at is not None and clock.due_at <= clock.paused_at:
        return replace(clock, paused_at=None)
    try:
        run = calendar.between(clock.counted_from, clock.paused_at)
    except CalendarMissing:
        run = timedelta(0)
    return timed(replace(clock, paused_at=None, counted_from=now, left=clock.left - run), calendar)


def extend(clock: StageClock, hours: int, calendar: WorkingCalendar) -> StageClock:
    """Its limit is `hours` longer. Raises CalendarMissing."""
    longer = timed(replace(clock, hours=clock.hours + hours, left=clock.left + timedelta(hours=hours)), calendar)
    if longer.fault:
        calendar.advance(longer.counted_from, longer.left)
    return longer


def told(clock: StageClock, notice: Notice) -> StageClock:
    """With this notice given."""
    return replace(clock, due_soon=True) if notice == "due_soon" else replace(clock, overdue=True)


def next_look(clocks: Iterable[StageClock], now: datetime) -> datetime | None:
    """When somebody must look at these clocks again; None when nothing can happen to them."""
    moments = [notice[0] for clock in clocks if (notice := clock.to_tell())]
    moments += [now + MEND_EVERY for clock in clocks if clock.fault and clock.running]
    return min(moments, default=None)

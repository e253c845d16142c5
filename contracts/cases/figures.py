"""考核: cases in numbers, each with the cases behind it."""

from datetime import date
from enum import IntEnum, StrEnum

from pydantic import AwareDatetime

from contracts.cases.models import CaseState
from contracts.shared import Model


class Days(IntEnum):
    """How far back figures look, today included."""

    DAY = 1
    WEEK = 7
    MONTH = 30
    QUARTER = 90
    YEAR = 365


class CaseFigure(StrEnum):
    """What a number counts. `open` and `overdue` are of now, all others of the days that were asked for."""

    OPEN = "open"
    OVERDUE = "overdue"
    REPORTED = "reported"
    CLOSED = "closed"
    OVERDUE_CLOSED = "overdue_closed"
    RESPONDED = "responded"
    NOT_RESPONDED = "not_responded"
    RESPONSE_UNKNOWN = "response_unknown"
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    SOLUTION_UNKNOWN = "solution_unknown"
    SATISFIED = "satisfied"
    NOT_SATISFIED = "not_satisfied"
    SATISFACTION_UNKNOWN = "satisfaction_unknown"


class Rate(Model):
    """率: `numerator` of the `denominator` closed cases whose call-back says it; `excluded` 剔除 says nothing of it."""

    numerator: int
    denominator: int
    excluded: int


class Rates(Model):
    """三率 of the cases closed in the period.

    `solution` counts as solved what the first call-back found solved: neither sent back to be done again nor reopened.
    """

    response: Rate
    solution: Rate
    satisfaction: Rate


class DayFigures(Model):
    """One day of the city: cases reported, and cases closed."""

    day: date
    reported: int
    closed: int


class Handled(Model):
    """Cases of the period: `overdue_closed` are those of the closed ones of which a clock ran out.

    `mean_hours` is the mean time from report to close, by the clock on the wall; null where none was closed.
    """

    reported: int
    closed: int
    overdue_closed: int
    mean_hours: float | None


class OrgFigures(Handled):
    """One organisation, by the code of its territory; `org` is null for what is with none (not dispatched yet)."""

    org: str | None
    open: int
    overdue: int
    rates: Rates


class CategoryFigures(Handled):
    """One category 事件分类."""

    category: str
    name: str


class CaseFigures(Handled):
    """工单数字 of `days` days, today included, from midnight of the city at `since`.

    `open` are the cases that have not ended, by grid and by state too; `overdue` those of them whose clock has run out
    and not been stopped. `daily` is oldest first. `orgs` come with the most open first, `categories`, at most 20, with
    the most reported. Counting costs the store much: it is done again after a while, see `counted_at`.
    """

    counted_at: AwareDatetime
    days: Days
    since: AwareDatetime
    open: int
    overdue: int
    open_by_grid: dict[str, int]
    overdue_by_grid: dict[str, int]
    states: dict[CaseState, int]
    today: DayFigures
    daily: list[DayFigures]
    rates: Rates
    orgs: list[OrgFigures]
    categories: list[CategoryFigures]

"""考核: what each case counts as, and the counting. Pure; the numbers and the lists behind them are one rule."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from contracts.cases import (
    ENDED,
    CaseFigure,
    CaseFigures,
    CaseState,
    CategoryFigures,
    DayFigures,
    Days,
    ListFigureCases,
    OrgFigures,
    Rate,
    Rates,
)
from services.cases.calendar import SHANGHAI

F, S = CaseFigure, CaseState
NO_ORG = "none"
MOST_CATEGORIES = 20

# what a call-back says: yes, no, nothing
RESPONSE = {True: F.RESPONDED, False: F.NOT_RESPONDED, None: F.RESPONSE_UNKNOWN}
SOLUTION = {True: F.SOLVED, False: F.NOT_SOLVED, None: F.SOLUTION_UNKNOWN}
SATISFACTION = {True: F.SATISFIED, False: F.NOT_SATISFIED, None: F.SATISFACTION_UNKNOWN}


class Counted(NamedTuple):
    """A case as far as figures look at it. `late`: a clock that has not been stopped has run out; `was_late`: any has.

    `redone`: the first call-back found it unsolved, or it was reopened.
    """

    case_no: str
    position: int
    state: CaseState
    category: str
    grid: str | None
    org: str | None
    reported_at: datetime
    closed_at: datetime | None = None
    late: bool = False
    was_late: bool = False
    redone: bool = False
    responded: bool | None = None
    solved: bool | None = None
    satisfied: bool | None = None


def day_of(at: datetime) -> date:
    """The city's day of a moment."""
    return at.astimezone(SHANGHAI).date()


def begin(days: Days, now: datetime) -> datetime:
    """The midnight of the city at which the last `days` days began, today included."""
    return datetime.combine(day_of(now) - timedelta(days=days - 1), time(), SHANGHAI)


def counts_as(case: Counted, since: datetime) -> list[CaseFigure]:
    """All that this case is counted as."""
    found = []
    if case.state not in ENDED:
        found += [F.OPEN, F.OVERDUE] if case.late else [F.OPEN]
    if case.reported_at >= since:
        found.append(F.REPORTED)
    if case.closed_at is not None and case.closed_at >= since:
        found += [F.CLOSED, F.OVERDUE_CLOSED] if case.was_late else [F.CLOSED]
        solved = case.solved and not case.redone
        found += [RESPONSE[case.responded], SOLUTION[solved], SATISFACTION[case.satisfied]]
    return found


def behind(cases: Iterable[Counted], query: ListFigureCases, since: datetime) -> list[Counted]:
    """Those of the cases that the number which the query names has counted."""
    return [
        case
        for case in cases
        if query.org in (None, case.org or NO_ORG)
        and query.grid in (None, case.grid)
        and query.category in (None, case.category)
        and query.figure in counts_as(case, since)
    ]


def count(cases: Iterable[Counted], names: Mapping[str, str], days: Days, now: datetime) -> CaseFigures:
    """The figures of the last `days` days; `names` are those of the categories."""
    since = begin(days, now)
    whole, orgs, categories = _Tally(), defaultdict[str | None, _Tally](_Tally), defaultdict[str, _Tally](_Tally)
    states, open_in, overdue_in = Counter[CaseState](), Counter[str](), Counter[str]()
    reported_on, closed_on = Counter[date](), Counter[date]()
    for case in cases:
        figures = counts_as(case, since)
        if not figures:
            continue
        for tally in (whole, orgs[case.org], categories[case.category]):
            tally.add(case, figures)
        if F.OPEN in figures:
            states[case.state] += 1
            open_in[case.grid or ""] += 1
            overdue_in[case.grid or ""] += F.OVERDUE in figures
        if F.REPORTED in figures:
            reported_on[day_of(case.reported_at)] += 1
        if F.CLOSED in figures and case.closed_at:
            closed_on[day_of(case.closed_at)] += 1
    daily = [
        DayFigures(day=day, reported=reported_on[day], closed=closed_on[day])
        for day in (day_of(since) + timedelta(days=number) for number in range(days))
    ]
    return CaseFigures(
        counted_at=now,
        days=days,
        since=since,
        open=whole.counts[F.OPEN],
        overdue=whole.counts[F.OVERDUE],
        **whole.handled(),
        open_by_grid={grid: number for grid, number in open_in.items() if grid},
        overdue_by_grid={grid: number for grid, number in overdue_in.items() if grid and number},
        states=states,
        today=daily[-1],
        daily=daily,
        rates=whole.rates(),
        orgs=[_org(code, tally) for code, tally in sorted(orgs.items(), key=_most_open)],
        categories=[
            CategoryFigures(category=code, name=names.get(code, code), **tally.handled())
            for code, tally in sorted(categories.items(), key=_most_reported)[:MOST_CATEGORIES]
        ],
    )


@dataclass
class _Tally:
    """Counts of one group of cases, and the hours from report to close of those closed."""

    counts: Counter[CaseFigure] = field(default_factory=Counter)
    hours: float = 0.0

    def add(self, case: Counted, figures: list[CaseFigure]) -> None:
        self.counts.update(figures)
        if F.CLOSED in figures and case.closed_at:
            self.hours += (case.closed_at - case.reported_at) / timedelta(hours=1)

    def handled(self) -> dict[str, Any]:
        closed = self.counts[F.CLOSED]
        return {
            "reported": self.counts[F.REPORTED],
            "closed": closed,
            "overdue_closed": self.counts[F.OVERDUE_CLOSED],
            "mean_hours": round(self.hours / closed, 2) if closed else None,
        }

    def rates(self) -> Rates:
        return Rates(
            response=self._rate(RESPONSE), solution=self._rate(SOLUTION), satisfaction=self._rate(SATISFACTION)
        )

    def _rate(self, said: Mapping[bool | None, CaseFigure]) -> Rate:
        yes, no, nothing = (self.counts[said[answer]] for answer in (True, False, None))
        return Rate(numerator=yes, denominator=yes + no, excluded=nothing)


def _org(code: str | None, tally: _Tally) -> OrgFigures:
    counts = tally.counts
    return OrgFigures(org=code, open=counts[F.OPEN], overdue=counts[F.OVERDUE], **tally.handled(), rates=tally.rates())


def _most_open(group: tuple[str | None, _Tally]) -> tuple[int, str]:
    return -group[1].counts[F.OPEN], group[0] or ""


def _most_reported(group: tuple[str, _Tally]) -> tuple[int, int, str]:
    return -group[1].counts[F.REPORTED], -group[1].counts[F.CLOSED], group[0]

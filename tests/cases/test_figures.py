"""The numbers of 考核, and that each has its cases behind it: by the rule, in the store, through the bus."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.database import Database

from contracts.cases import (
    Case,
    CaseFigure,
    CaseState,
    Days,
    GetCaseFigures,
    ListFigureCases,
    ReportCase,
)
from contracts.faults import Invalid
from contracts.shared import Caller, Page, Scope
from services.cases import figures
from services.cases.categories import SHIPPED
from services.cases.figures import Counted
from services.cases.intake import Identity, Known, from_command
from services.cases.machine import act
from services.cases.store import CaseStore
from services.cases.store.documents import StoredCase
from services.chassis import context
from services.chassis.asking import Bus
from tests.cases.conftest import Desk
from tests.cases.scene import CHECKER, COMMUNITY, DESK, GRID, PATH, command

F, S = CaseFigure, CaseState
NOON = datetime(2026, 3, 13, 4, tzinfo=UTC)
READER = Caller(client="r", scopes=frozenset({Scope.CASES_READ}))
TABLE = {category.code: category for category in SHIPPED}
RATES = {
    "response": (F.RESPONDED, F.NOT_RESPONDED, F.RESPONSE_UNKNOWN),
    "solution": (F.SOLVED, F.NOT_SOLVED, F.SOLUTION_UNKNOWN),
    "satisfaction": (F.SATISFIED, F.NOT_SATISFIED, F.SATISFACTION_UNKNOWN),
}

said = st.sampled_from([True, False, None])
cases = st.builds(
    Counted,
    case_no=st.uuids().map(str),
    position=st.integers(1),
    state=st.sampled_from(CaseState),
    category=st.sampled_from(["a", "b"]),
    grid=st.sampled_from(["g1", "g2", None]),
    org=st.sampled_from(["o1", "o2", None]),
    reported_at=st.integers(0, 400).map(lambda days: NOON - timedelta(days=days)),
    late=st.booleans(),
    was_late=st.booleans(),
    redone=st.booleans(),
    responded=said,
    solved=said,
    satisfied=said,
).map(lambda case: case._replace(closed_at=case.reported_at + timedelta(hours=5) if case.state is S.CLOSED else None))


def case(state: CaseState = S.CLOSED, **fields: object) -> Counted:
    known: dict[str, Any] = {"category": "a", "grid": "g1", "org": "o1", "reported_at": NOON, **fields}
    return Counted(uuid4().hex, 1, state, **known)


def listed(figure: CaseFigure, **fields: object) -> ListFigureCases:
    return ListFigureCases.model_validate({"caller": READER, "figure": figure, **fields})


def test_the_period_begins_at_a_midnight_of_the_city() -> None:
    # half past midnight in the city is still yesterday in UTC
    past = datetime(2026, 3, 12, 16, 30, tzinfo=UTC)
    assert figures.begin(Days.DAY, past) == datetime(2026, 3, 12, 16, tzinfo=UTC)
    assert figures.begin(Days.WEEK, past) == datetime(2026, 3, 6, 16, tzinfo=UTC)


def test_what_the_call_back_said_makes_the_rates() -> None:
    closed = {"closed_at": NOON, "solved": True}
    found = figures.count(
        [
            case(**closed, responded=True, satisfied=False),
            case(**closed, responded=True, redone=True),
            case(**closed, satisfied=True, org=None),
            case(S.HANDLING, responded=False, solved=False),
            case(closed_at=NOON - timedelta(days=1), reported_at=NOON - timedelta(days=2), solved=True),
        ],
        {},
        Days.DAY,
        NOON,
    )
    rates = found.rates
    assert (rates.response.numerator, rates.response.denominator, rates.response.excluded) == (2, 2, 1)
    assert (rates.solution.numerator, rates.solution.denominator, rates.solution.excluded) == (2, 3, 0)
    assert (rates.satisfaction.numerator, rates.satisfaction.denominator, rates.satisfaction.excluded) == (1, 2, 1)
    assert {org.org: org.rates.solution.denominator for org in found.orgs} == {"o1": 2, None: 1}


def test_time_from_report_to_close_is_by_the_clock_on_the_wall() -> None:
    friday, monday = datetime(2026, 3, 6, 4, tzinfo=UTC), datetime(2026, 3, 9, 4, tzinfo=UTC)
    found = figures.count([case(reported_at=friday, closed_at=monday)], {"a": "甲"}, Days.MONTH, NOON)
    assert (found.mean_hours, found.categories[0].mean_hours, found.categories[0].name) == (72, 72, "甲")
    assert [(one.day, one.reported, one.closed) for one in found.daily if one.reported or one.closed] == [
        (date(2026, 3, 6), 1, 0),
        (date(2026, 3, 9), 0, 1),
    ]


@given(st.lists(cases, max_size=30), st.sampled_from(Days))
def test_every_number_is_as_many_as_the_cases_behind_it(counted: list[Counted], days: Days) -> None:
    found = figures.count(counted, {}, days, NOON)

    def behind(figure: CaseFigure, **fields: object) -> int:
        return len(figures.behind(counted, listed(figure, days=days, **fields), found.since))

    for row, of in [(found, {}), *((org, {"org": org.org or figures.NO_ORG}) for org in found.orgs)]:
        for figure in (F.OPEN, F.OVERDUE, F.REPORTED, F.CLOSED, F.OVERDUE_CLOSED):
            assert getattr(row, figure) == behind(figure, **of)
        for name, (yes, no, nothing) in RATES.items():
            rate = getattr(row.rates, name)
            assert rate.numerator == behind(yes, **of)
            assert rate.denominator == behind(yes, **of) + behind(no, **of)
            assert rate.excluded == behind(nothing, **of)
            assert rate.denominator + rate.excluded == row.closed
    assert sum(org.open for org in found.orgs) == found.open == sum(found.states.values())
    assert sum(org.closed for org in found.orgs) == found.closed == sum(day.closed for day in found.daily)
    assert sum(one.reported for one in found.categories) == found.reported == sum(day.reported for day in found.daily)
    assert {grid: behind(F.OPEN, grid=grid) for grid in found.open_by_grid} == found.open_by_grid
    assert {grid: behind(F.OVERDUE, grid=grid) for grid in found.overdue_by_grid} == found.overdue_by_grid
    assert (len(found.daily), found.daily[-1]) == (days, found.today)
    assert found.daily[-1].day == date(2026, 3, 13)


def opened(store: CaseStore, at: datetime, monkeypatch: pytest.MonkeyPatch) -> StoredCase:
    monkeypatch.setattr(context, "now", lambda: at)
    asked = ReportCase.model_validate(
        {"caller": DESK, "category": "livelihood.water", "description": "停水", "place": {"address": "大同街"}}
    )
    return store.open(from_command(asked, Known(TABLE[asked.category], None), at, Identity(uuid4().hex)))


def walk(store: CaseStore, standing: StoredCase, *steps: str, **fields: object) -> StoredCase:
    told: dict[str, Any] = {"org": COMMUNITY, "assignee": "W1", "result": "已修", **fields}
    for step in steps:
        asked = command(step, CHECKER if step == "pass" else DESK, **told)
        standing = store.write(standing, act(standing.record, asked, store.setting(standing.record, asked)))
    return standing


def test_the_store_counts_what_is_open_and_what_the_period_brought_and_closed(
    database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, grids_of: CaseStore
) -> None:
    store, to_close = grids_of, ("file", "dispatch", "sign", "resolve", "pass", "call_back")
    old = opened(store, NOON - timedelta(days=300), monkeypatch)
    forgotten = opened(store, NOON - timedelta(days=299), monkeypatch)
    opened(store, NOON - timedelta(days=298), monkeypatch)
    walk(store, forgotten, "withdraw")
    fresh = [opened(store, NOON, monkeypatch) for _ in range(3)]
    walk(store, old, *to_close, feedback={"solved": True, "satisfied": True})
    walk(store, fresh[0], *to_close, feedback={"solved": True, "responded": True})
    again = walk(store, walk(store, fresh[1], *to_close, feedback={"solved": True}), "reopen")
    assert again.record.closed_at is None
    assert store.get(again.record.case_no).record == again.record

    found = store.figures.get(Days.WEEK)
    assert (found.open, found.reported, found.closed) == (3, 3, 2)
    assert found.states == {S.REPORTED: 2, S.FILED: 1}
    assert {row.org: (row.open, row.closed) for row in found.orgs} == {None: (3, 0), COMMUNITY: (0, 2)}
    assert (found.rates.satisfaction.denominator, found.rates.satisfaction.excluded) == (1, 1)
    assert [row.name for row in found.categories] == ["供水"]
    monkeypatch.setattr(context, "now", lambda: NOON + timedelta(days=20))
    assert store.figures.get(Days.DAY).closed == 0
    assert (store.figures.get(Days.YEAR).reported, store.figures.get(Days.YEAR).closed) == (6, 2)


def test_the_cases_behind_a_number_come_newest_first_and_whole_over_pages(
    monkeypatch: pytest.MonkeyPatch, grids_of: CaseStore
) -> None:
    made = [opened(grids_of, NOON, monkeypatch).record.case_no for _ in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = grids_of.figures.page(listed(F.OPEN, org=figures.NO_ORG, limit=3, cursor=cursor))
        seen += [case.case_no for case in page.items]
        if not (cursor := page.next):
            break
    assert seen == made[::-1]
    assert grids_of.figures.page(listed(F.OPEN, org=COMMUNITY)).items == []
    with pytest.raises(Invalid):
        grids_of.figures.page(listed(F.OPEN, cursor="nonsense"))


@pytest.fixture
def grids_of(database: Database[dict[str, Any]]) -> CaseStore:
    """A store that knows a grid, so that the way down to its community is known."""
    store = CaseStore(database)
    database["grid_copies"].insert_one({"_id": GRID, "path": PATH, "state": "active", "live": False})
    return store


def test_through_the_bus_a_number_leads_to_its_cases(desk: Desk) -> None:
    report = ReportCase.model_validate(
        {
            "caller": DESK.model_copy(update={"scopes": frozenset({Scope.CASES_REPORT})}),
            "category": "dispute.family",
            "description": "纠纷",
            "place": {"address": "大同街"},
        }
    )

    async def story(bus: Bus) -> tuple[Case, int, Page[Case]]:
        made = await bus.ask(report)
        found = await bus.ask(GetCaseFigures(caller=READER, days=Days.DAY))
        behind = await bus.ask(listed(F.REPORTED, days=Days.DAY, category="dispute.family"))
        return made, found.today.reported, behind

    made, reported, behind = desk.ask(story)
    assert made.case_no in {case.case_no for case in behind.items}
    assert len(behind.items) <= reported

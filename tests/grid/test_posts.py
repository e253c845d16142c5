"""Postings on the real store: what is told, what the clock does, what lists and figures say."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from contracts.faults import Conflict, Fault, NotFound
from contracts.grid import (
    ActivateGrids,
    ActOnAssignment,
    Assign,
    AssignmentAction,
    ListAssignments,
    ListVacancies,
    Role,
    Vacancy,
    WhoIsResponsible,
)
from contracts.shared import Point
from services.chassis import context
from services.grid import posting, vacancies
from services.grid.answering import figures, locate, locate_then, who_is_responsible
from services.grid.changing import activate
from services.grid.store import GridStore
from tests.grid.sources import (
    FIRST,
    OPERATOR,
    chiefs,
    code,
    daoyi_rows,
    grid_rows,
    load,
    middle,
    numbers,
    person,
    rows,
)

SIX = [code(number) for number in range(1, 7)]
ONE = SIX[0]
START = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Clock:
    """The time that the service reads."""

    def __init__(self) -> None:
        self.now = START

    def pass_by(self, hours: float) -> None:
        self.now += timedelta(hours=hours)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    driven = Clock()
    monkeypatch.setattr(context, "now", lambda: driven.now)
    return driven


@pytest.fixture
def registry(database: Database[dict[str, Any]], clock: Clock) -> GridStore:
    """Six live grids with a chief each and no worker."""
    store = GridStore(database)
    load(store, "divisions", daoyi_rows())
    load(store, "grids", grid_rows())
    load(store, "staff", rows(person("S1"), person("W1", "worker"), person("W2", "worker")))
    load(store, "assignments", chiefs(SIX))
    assert activate(store, ActivateGrids(caller=OPERATOR, codes=SIX)).activated == len(SIX)
    return store


def give(store: GridStore, staff_no: str, role: Role = Role.WORKER, target: str = ONE, **more: Any) -> int:
    return posting.assign(store, Assign(caller=OPERATOR, staff_no=staff_no, target=target, role=role, **more)).version


def act(store: GridStore, staff_no: str, action: str, role: Role = Role.WORKER, **more: Any) -> str:
    step = AssignmentAction(action)
    command = ActOnAssignment(caller=OPERATOR, staff_no=staff_no, target=ONE, role=role, action=step, **more)
    return posting.act(store, command).state


def listed(store: GridStore, at: datetime | None = None) -> list[tuple[str, str]]:
    page = posting.listed(store, ListAssignments(caller=OPERATOR, target=ONE, at=at))
    return [(one.staff_no, one.state) for one in page.items]


def lacking(store: GridStore, **told: Any) -> list[Vacancy]:
    return vacancies.listed(store, ListVacancies(caller=OPERATOR, **told)).items


def answer(store: GridStore, at: datetime | None = None, role: Role | None = None) -> list[tuple[str, str, str | None]]:
    found = who_is_responsible(store, WhoIsResponsible(caller=OPERATOR, grid=ONE, role=role, at=at)).items
    return [(one.staff_no, one.rule, one.stands_in_for) for one in found]


def told(store: GridStore) -> list[tuple[str, dict[str, Any]]]:
    """Events of the grid's roster in their order, as its document holds them."""
    outbox = store.rosters.collection.find_one({"_id": ONE}, {"outbox": 1})
    assert outbox
    return [(one["type"], json.loads(one["body"])["data"]) for one in outbox["outbox"]]


def kinds(store: GridStore, since: int) -> list[str]:
    return [kind.split(".")[1] for kind, _ in told(store)[since:]]


def test_a_worker_on_leave_with_no_backup_is_a_vacancy_and_the_rule_that_fired_is_named(
    registry: GridStore, clock: Clock
) -> None:
    give(registry, "W1", primary=True)
    assert [(one.target, one.role) for one in lacking(registry)] == [(grid, "worker") for grid in SIX[1:]]
    assert (answer(registry), figures(registry).vacancies) == ([("W1", "worker", None)], 5)
    clock.pass_by(1)
    with pytest.raises(Fault) as refused:
        act(registry, "W1", "start_leave")
    assert refused.value.code == "backup_required"
    assert act(registry, "W1", "start_leave", vacant=True) == "on_leave"
    assert lacking(registry)[0] == Vacancy(target=ONE, role=Role.WORKER, reason="on_leave", staff_no="W1")
    assert (answer(registry), figures(registry).vacancies) == ([("S1", "chief", None)], 6)
    assert answer(registry, START) == [("W1", "worker", None)]
    clock.pass_by(1)
    assert act(registry, "W1", "end_leave") == "current"
    assert act(registry, "W1", "start_leave", backup="W2", until=clock.now + timedelta(days=3)) == "on_leave"
    assert answer(registry) == [("W2", "worker_backup", "W1")]
    assert len(lacking(registry)) == 5
    longitude, latitude = middle(0, 0)
    (found,) = locate(registry, [Point(longitude=longitude, latitude=latitude)], "wgs84")
    assert [(one.staff_no, one.rule) for one in found.responsible] == [("W2", "worker_backup")]
    earlier = locate_then(registry, Point(longitude=longitude, latitude=latitude), "wgs84", START)
    assert [one.staff_no for one in earlier.responsible] == ["W1"]


def test_what_a_step_tells_is_in_the_rosters_own_document(registry: GridStore, clock: Clock) -> None:
    begun = len(told(registry))
    give(registry, "W1", primary=True)
    act(registry, "W1", "start_leave", backup="W2", until=START + timedelta(days=2))
    assert kinds(registry, begun) == ["staffed", "staffed", "staff_on_leave"]
    (_, staffed), (_, leave) = told(registry)[-2:]
    assert leave == {
        "target": ONE,
        "staff_no": "W1",
        "role": "worker",
        "backup": "W2",
        "until": "2026-03-04T01:00:00Z",
        "version": 3,
    }
    copied = [(one["staff_no"], one["state"], one.get("backup_for"), one["leaves"]) for one in staffed["postings"]]
    assert copied == [("S1", "current", None, []), ("W1", "on_leave", None, []), ("W2", "current", "W1", [])]
    act(registry, "W2", "end")
    act(registry, "W1", "end")
    assert kinds(registry, begun + 3) == ["staffed", "unstaffed", "staffed"]
    assert told(registry)[-2][1] == {"target": ONE, "roles": ["worker"], "version": 4}
    assert [one["staff_no"] for one in told(registry)[-1][1]["postings"]] == ["S1"]


def test_the_clock_begins_and_ends_once(registry: GridStore, clock: Clock) -> None:
    give(registry, "W1", ends_at=START + timedelta(hours=2))
    give(registry, "W2", starts_at=START + timedelta(hours=3), ends_at=START + timedelta(hours=4))
    assert listed(registry) == [("S1", "current"), ("W1", "current"), ("W2", "planned")]
    begun = len(told(registry))
    posting.turn_with_the_clock(registry)
    assert len(told(registry)) == begun
    clock.pass_by(2)
    assert (answer(registry), registry.rosters.with_role(Role.WORKER)) == ([("S1", "chief", None)], {ONE})
    for _ in range(2):
        posting.turn_with_the_clock(registry)
    assert kinds(registry, begun) == ["staffed", "unstaffed"]
    assert registry.rosters.with_role(Role.WORKER) == set()
    clock.pass_by(1)
    posting.turn_with_the_clock(registry)
    assert listed(registry) == [("S1", "current"), ("W2", "current"), ("W1", "ended")]
    clock.pass_by(24)  # nobody looked for a day
    posting.turn_with_the_clock(registry)
    assert listed(registry) == [("S1", "current"), ("W2", "ended"), ("W1", "ended")]
    assert listed(registry, START + timedelta(hours=3)) == [("S1", "current"), ("W2", "current"), ("W1", "ended")]
    assert kinds(registry, begun + 2) == ["staffed", "staffed", "unstaffed"]
    assert "next_at" not in (registry.rosters.get(ONE) or {})


def test_a_retried_step_answers_as_the_first_time(registry: GridStore) -> None:
    give(registry, "W1")
    for action, more, state in (
        ("start_leave", {"backup": "W2"}, "on_leave"),
        ("end_leave", {}, "current"),
        ("end", {}, "ended"),
    ):
        with context.applying(f"retried {action}", None):
            assert [act(registry, "W1", action, **more) for _ in range(2)] == [state, state]
    with context.applying("given", None):
        assert give(registry, "W1") == give(registry, "W1") == 6
    act(registry, "W1", "end")
    with context.applying("given", None):
        assert give(registry, "W1") == 7
    assert listed(registry)[0] == ("S1", "current")
    assert ("W1", "current") not in listed(registry)


def test_refusals(registry: GridStore) -> None:
    give(registry, "W1")
    with pytest.raises(Conflict) as overlap:
        give(registry, "W2", Role.CHIEF, primary=True)
    assert (overlap.value.code, overlap.value.facts["holder"]) == ("assignment_overlap", "S1")
    for code_, more in (("staff_unknown", {"backup": "X9"}), ("backup_invalid", {"backup": "W1"})):
        with pytest.raises(Fault) as fault:
            act(registry, "W1", "start_leave", **more)
        assert fault.value.code == code_
    with pytest.raises(NotFound):
        act(registry, "W2", "end")
    with pytest.raises(Conflict):
        act(registry, "W1", "end", expected_version=1)


def test_a_list_has_names_versions_and_what_may_be_done(registry: GridStore) -> None:
    give(registry, "W1")
    act(registry, "W1", "start_leave", backup="W2")
    page = posting.listed(registry, ListAssignments(caller=OPERATOR, target=ONE))
    assert [(one.staff_no, one.name, one.version, one.target) for one in page.items] == [
        (staff_no, "王某", 3, ONE) for staff_no in ("S1", "W2", "W1")
    ]
    assert [[action.value for action in one.allowed_actions] for one in page.items] == [
        ["start_leave", "end"],
        ["end"],
        ["end_leave", "end"],
    ]


def test_vacancies_come_in_pages_over_many_grids(registry: GridStore, monkeypatch: pytest.MonkeyPatch) -> None:
    act(registry, "S1", "end", Role.CHIEF)
    give(registry, "W1", target=SIX[2])
    everything = lacking(registry)
    assert [(one.target, one.role.value) for one in everything] == [
        (ONE, "chief"),
        *((grid, "worker") for grid in SIX if grid != SIX[2]),
    ]
    assert [one.target for one in lacking(registry, parent=FIRST)] == [one.target for one in everything]
    assert lacking(registry, parent="44") == []
    monkeypatch.setattr(vacancies, "LOOKED_AT", 2)
    for limit in (1, 2, 5):
        items, cursor = [], None
        while True:
            page = vacancies.listed(registry, ListVacancies(caller=OPERATOR, limit=limit, cursor=cursor))
            items, cursor = items + page.items, page.next
            if cursor is None:
                break
        assert items == everything


def test_a_draft_that_loses_its_chief_tells_of_no_vacancy(registry: GridStore) -> None:
    load(registry, "grids", rows({"code": code(9), "name": "第9网格"}))
    load(registry, "assignments", chiefs([code(9)]))
    command = ActOnAssignment(
        caller=OPERATOR, staff_no="S1", target=code(9), role=Role.CHIEF, action=AssignmentAction.END
    )
    posting.act(registry, command)
    found = registry.rosters.get(code(9)) or {}
    assert [one["type"] for one in found["outbox"]] == ["grid.staffed.v1"] * 2


def test_assignments_are_imported_with_their_times(registry: GridStore, clock: Clock) -> None:
    given = rows(
        {"staff_no": "W2", "target": ONE, "role": "worker", "primary": "true", "starts_at": "2026-04-01"},
        {"staff_no": "W1", "target": ONE, "role": "worker", "primary": True, "ends_at": "2026-03-31T16:00:00Z"},
        {"staff_no": "W1", "target": SIX[1], "role": "worker", "starts_at": "2025-01-01 08:30"},
        {"staff_no": "W1", "target": SIX[2], "role": "worker", "ends_at": "2025-01-01"},
        {"staff_no": "W1", "target": SIX[3], "role": "worker", "starts_at": "春天"},
        {"staff_no": "W1", "target": SIX[4], "role": "worker", "starts_at": "0001-01-01"},
    )
    dry = load(registry, "assignments", given, dry_run=True)
    report = load(registry, "assignments", given)
    assert numbers(dry) == numbers(report) == (3, 0, 0, 3)
    assert [fault.code for fault in report.rejected] == ["period_invalid", "row_invalid", "row_invalid"]
    assert numbers(load(registry, "assignments", given)) == (0, 0, 3, 3)
    assert listed(registry) == [("S1", "current"), ("W1", "current"), ("W2", "planned")]
    clock.now = datetime(2026, 3, 31, 16, tzinfo=UTC)
    posting.turn_with_the_clock(registry)
    assert listed(registry) == [("S1", "current"), ("W2", "current"), ("W1", "ended")]
    standing = registry.rosters.standing([SIX[1]])[SIX[1]].roster.postings
    assert standing[1].starts_at == datetime(2025, 1, 1, 0, 30, tzinfo=UTC)
    assert numbers(load(registry, "assignments", given[:1])) == (0, 0, 1, 0)


def test_what_was_posted_before_times_were_kept_has_stood_for_ever(registry: GridStore, clock: Clock) -> None:
    old = {"postings.0.starts_at": ""}
    registry.rosters.collection.update_one({"_id": ONE}, {"$unset": {**old, "past": ""}})
    assert answer(registry, datetime(1999, 1, 1, tzinfo=UTC)) == [("S1", "chief", None)]
    clock.pass_by(1)
    act(registry, "S1", "end", Role.CHIEF)
    assert answer(registry, datetime(1999, 1, 1, tzinfo=UTC)) == [("S1", "chief", None)]
    assert answer(registry) == []

"""Rules of a roster: one primary at a time, leaves and who stands in, the ladder of who answers, now and then."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.faults import Conflict, Fault, Invalid, NotFound, Refused
from contracts.grid import ActOnAssignment, AssignmentAction, Posting, Role
from contracts.shared import Caller
from services.chassis import context
from services.grid.rosters import (
    Roster,
    acted,
    advanced,
    allowed_actions,
    as_of,
    assigned,
    lost,
    next_at,
    responsible,
    roles_held,
    vacancies,
)
from services.grid.rosters.timing import KEPT

GRID, COMMUNITY = "230902001001001", "230902001001"
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
CALLER = Caller(client="tester")


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


def post(staff_no: str, role: Role = Role.WORKER, *, primary: bool = False, **more: object) -> Posting:
    return Posting.model_validate({"staff_no": staff_no, "role": role, "primary": primary, **more})


def staffed(*postings: Posting, now: datetime = START) -> Roster:
    roster = Roster()
    for one in postings:
        roster = assigned(GRID, roster, one, now) or roster
    return roster


def act(roster: Roster, staff_no: str, action: str, now: datetime, role: Role = Role.WORKER, **more: object) -> Roster:
    told = {"caller": CALLER, "staff_no": staff_no, "target": GRID, "role": role, "action": action, **more}
    return acted(roster, ActOnAssignment.model_validate(told), now)


def code_of(fault: pytest.ExceptionInfo[Fault]) -> str:
    return fault.value.code


def states(roster: Roster) -> list[tuple[str, str]]:
    return [(one.staff_no, one.state) for one in (*roster.postings, *roster.past)]


def test_the_same_posting_again_changes_nothing() -> None:
    roster = staffed(post("S1", Role.CHIEF, primary=True))
    assert roster.postings == [post("S1", Role.CHIEF, primary=True, starts_at=START)]
    assert assigned(GRID, roster, post("S1", Role.CHIEF, primary=True), hours(1)) is None
    assert assigned(GRID, roster, post("S1", Role.CHIEF, primary=True, starts_at=hours(-9)), hours(1)) is None


def test_another_primary_is_another_posting() -> None:
    roster = staffed(post("S1", Role.CHIEF, primary=True))
    after = assigned(GRID, roster, post("S1", Role.CHIEF), hours(1))
    assert after is not None
    assert after.postings == [post("S1", Role.CHIEF, starts_at=hours(1))]
    assert after.past == [post("S1", Role.CHIEF, primary=True, starts_at=START, ends_at=hours(1), state="ended")]


def test_a_second_primary_is_refused_by_name_of_the_first() -> None:
    roster = staffed(post("S1", Role.CHIEF, primary=True))
    with pytest.raises(Conflict) as conflict:
        assigned(GRID, roster, post("S2", Role.CHIEF, primary=True), hours(1))
    assert conflict.value.code == "assignment_overlap"
    assert conflict.value.facts == {"target": GRID, "role": "chief", "holder": "S1"}
    assert assigned(GRID, roster, post("S2", Role.WORKER, primary=True), hours(1)) is not None


def test_primaries_may_follow_one_another_and_not_overlap_whatever_is_planned() -> None:
    roster = staffed(
        post("S1", Role.CHIEF, primary=True, ends_at=hours(10)),
        post("S2", Role.CHIEF, primary=True, starts_at=hours(10)),
    )
    assert states(roster) == [("S1", "current"), ("S2", "planned")]
    for start, end in ((hours(9), hours(12)), (hours(20), None)):
        with pytest.raises(Conflict):
            assigned(GRID, roster, post("S3", Role.CHIEF, primary=True, starts_at=start, ends_at=end), hours(1))
    with pytest.raises(Conflict):  # longer than until the next begins
        assigned(GRID, roster, post("S1", Role.CHIEF, primary=True, ends_at=hours(11)), hours(1))
    assert next_at(roster) == hours(10)
    turned = advanced(roster, hours(10))
    assert states(turned) == [("S2", "current"), ("S1", "ended")]
    assert advanced(turned, hours(10)) == turned
    assert next_at(turned) is None
    with pytest.raises(Conflict):  # nor in the past
        assigned(GRID, turned, post("S3", Role.CHIEF, primary=True, starts_at=hours(2)), hours(11))


def test_a_posting_that_never_lasted_stands_in_nobodys_way() -> None:
    roster = act(staffed(post("S1", primary=True)), "S1", "end", START)
    assert assigned(GRID, roster, post("S2", primary=True, starts_at=hours(-1)), hours(1)) is not None


def test_periods_that_cannot_be_are_refused() -> None:
    for start, end in ((None, hours(1)), (hours(5), hours(5)), (hours(6), hours(5))):
        with pytest.raises(Invalid) as invalid:
            assigned(GRID, Roster(), post("W1", starts_at=start, ends_at=end), hours(1))
        assert code_of(invalid) == "period_invalid"


def test_a_planned_posting_is_changed_begun_or_cancelled() -> None:
    roster = staffed(post("W1", starts_at=hours(5)))
    assert assigned(GRID, roster, post("W1", starts_at=hours(5)), hours(1)) is None
    later = assigned(GRID, roster, post("W1", starts_at=hours(6), primary=True), hours(1))
    assert later is not None
    assert (later.postings[0].starts_at, later.postings[0].state, later.past) == (hours(6), "planned", [])
    now = assigned(GRID, roster, post("W1"), hours(1))
    assert now is not None
    assert (now.postings[0].starts_at, now.postings[0].state) == (hours(1), "current")
    gone = act(roster, "W1", "cancel", hours(2))
    assert (states(gone), as_of(gone, hours(7))) == ([("W1", "cancelled")], [])
    assert states(advanced(gone, hours(7))) == [("W1", "cancelled")]


@pytest.mark.parametrize(
    ("roster", "legal"),
    [
        (staffed(post("W1", starts_at=hours(5))), ["cancel"]),
        (staffed(post("W1")), ["start_leave", "end"]),
        (act(staffed(post("W1")), "W1", "start_leave", hours(1), vacant=True), ["end_leave", "end"]),
        (act(staffed(post("W1")), "W1", "end", hours(1)), []),
        (act(staffed(post("W1", starts_at=hours(5))), "W1", "cancel", hours(1)), []),
    ],
)
def test_an_illegal_step_answers_with_the_legal_ones(roster: Roster, legal: list[str]) -> None:
    assert [action.value for action in allowed_actions([*roster.postings, *roster.past][0])] == legal
    for action in AssignmentAction:
        if action.value in legal:
            assert act(roster, "W1", action, hours(2), vacant=True) != roster
            continue
        with pytest.raises(Refused) as refused:
            act(roster, "W1", action, hours(2), vacant=True)
        assert (code_of(refused), refused.value.facts["allowed_actions"]) == ("illegal_step", legal)


def test_a_leave_needs_a_backup_who_is_there() -> None:
    roster = staffed(post("W1"), post("W2"))
    away = act(roster, "W2", "start_leave", hours(1), vacant=True)
    for told, code in (
        ({}, "backup_required"),
        ({"backup": "W1"}, "backup_invalid"),
        ({"backup": "W2"}, "backup_on_leave"),
        ({"vacant": True, "until": hours(1)}, "until_invalid"),
    ):
        with pytest.raises(Fault) as fault:
            act(away, "W1", "start_leave", hours(2), **told)
        assert code_of(fault) == code
    with pytest.raises(NotFound) as unknown:
        act(roster, "W9", "end", hours(2))
    assert code_of(unknown) == "posting_unknown"


def test_who_stands_in_has_a_posting_as_long_as_the_leave() -> None:
    roster = staffed(post("W1", primary=True, ends_at=hours(90)), post("W2"))
    away = act(roster, "W1", "start_leave", hours(1), backup="W2", until=hours(5))
    assert [(one.staff_no, one.state, one.backup_for, one.primary) for one in away.postings] == [
        ("W1", "on_leave", None, True),
        ("W2", "current", None, False),
        ("W2", "current", "W1", False),
    ]
    assert away.postings[2].ends_at == hours(90)
    back = act(away, "W1", "end_leave", hours(6))  # later than planned
    assert states(back) == [("W1", "current"), ("W2", "current"), ("W2", "ended")]
    leave = back.postings[0].leaves[0]
    assert (leave.starts_at, leave.until, leave.ended_at, leave.backup) == (hours(1), hours(5), hours(6), "W2")
    assert roles_held(away.postings) == [Role.WORKER]


def test_the_stand_in_of_one_who_leaves_follows() -> None:
    roster = act(staffed(post("W1"), post("W2"), post("W3")), "W1", "start_leave", hours(1), backup="W2")
    passed = act(roster, "W2", "start_leave", hours(2), backup="W3")
    assert [(one.staff_no, one.backup_for) for one in passed.postings if one.state == "current"] == [
        ("W3", None),
        ("W3", "W1"),
        ("W3", "W2"),
    ]
    assert passed.postings[0].leaves[0].backup == "W3"
    replaced = act(roster, "W2", "end", hours(2))  # their own posting: they go on standing in
    assert ("W2", "W1") in [(one.staff_no, one.backup_for) for one in replaced.postings]
    gone = act(replaced, "W2", "end", hours(3), backup="W3")
    assert gone.postings[0].leaves[0].backup == "W3"
    vacant = act(gone, "W3", "end", hours(4))
    vacant = act(vacant, "W3", "end", hours(4))
    assert (vacant.postings[0].leaves[0].backup, roles_held(vacant.postings)) == (None, [])


def test_who_ends_while_on_leave_ends_it_and_who_stood_in() -> None:
    roster = staffed(post("W1", ends_at=hours(9)))
    away = act(roster, "W1", "start_leave", hours(1), backup="W2")
    assert states(act(away, "W1", "end", hours(3))) == [("W1", "ended"), ("W2", "ended")]
    turned = advanced(away, hours(20))
    assert [(one.staff_no, one.ends_at) for one in turned.past] == [("W1", hours(9)), ("W2", hours(9))]
    assert turned.past[0].leaves[0].ended_at == hours(9)
    assert lost(away.postings, turned.postings) == [Role.WORKER]
    with pytest.raises(Refused):
        assigned(GRID, away, post("W1", primary=True), hours(2))
    assert assigned(GRID, away, post("W1"), hours(2)) is None


def test_old_history_makes_room() -> None:
    roster = Roster()
    for number in range(KEPT + 5):
        roster = assigned(GRID, roster, post(f"W{number}"), hours(number)) or roster
        roster = act(roster, f"W{number}", "end", hours(number + 0.5))
    assert (len(roster.past), roster.past[0].staff_no) == (KEPT, "W5")


def test_vacancies_name_who_is_away() -> None:
    roster = staffed(post("W1", primary=True), post("W0"))
    assert [(one.role, one.reason) for one in vacancies(GRID, (), START)] == [("chief", "nobody"), ("worker", "nobody")]
    one_away = act(roster, "W1", "start_leave", hours(1), vacant=True)
    assert [one.role for one in vacancies(GRID, one_away.postings, hours(1))] == ["chief"]
    both_away = act(one_away, "W0", "start_leave", hours(2), vacant=True)
    (_, worker) = vacancies(GRID, both_away.postings, hours(2))
    assert (worker.role, worker.reason, worker.staff_no) == ("worker", "on_leave", "W1")


def named(role: Role | None = None, at: datetime = START, **rosters: list[Posting]) -> list[tuple[str, str, str]]:
    held = {GRID: rosters.get("grid", []), COMMUNITY: rosters.get("community", [])}
    found = responsible([(GRID, None), (COMMUNITY, "community")], held, role, at)
    return [(one.staff_no, one.at, one.rule) for one in found]


def test_worker_chief_supervisor_community() -> None:
    worker, chief = post("W1"), post("C1", Role.CHIEF, primary=True)
    supervisor, upper = post("V1", Role.SUPERVISOR), post("U1", Role.CHIEF)
    everyone = [supervisor, chief, worker, post("W0", primary=True), post("B1", Role.BUILDING_HEAD)]
    assert named(grid=everyone) == [("W0", GRID, "worker"), ("W1", GRID, "worker")]
    assert named(grid=[supervisor, chief]) == [("C1", GRID, "chief")]
    assert named(grid=[supervisor]) == [("V1", GRID, "supervisor")]
    assert named(community=[upper]) == [("U1", COMMUNITY, "community")]
    assert named() == []
    left = post("W1", ends_at=START)
    assert named(grid=[left, chief]) == [("C1", GRID, "chief")]
    assert named(Role.CHIEF, grid=everyone) == [("C1", GRID, "chief")]
    assert named(Role.CHIEF, grid=[worker, supervisor]) == [("V1", GRID, "supervisor")]
    assert named(Role.BUILDING_HEAD, grid=everyone) == [("B1", GRID, "building_head")]
    assert named(Role.CHIEF, grid=[worker], community=[upper]) == [("U1", COMMUNITY, "community")]


def test_a_stand_in_answers_for_the_absent_and_without_one_the_ladder_is_climbed() -> None:
    roster = staffed(post("W1", primary=True), post("A2"), post("C1", Role.CHIEF, primary=True))
    replaced = act(roster, "W1", "start_leave", hours(1), backup="W3")
    found = responsible([(GRID, None)], {GRID: replaced.postings}, at=hours(2))
    assert [(one.staff_no, one.rule, one.stands_in_for) for one in found] == [
        ("W3", "worker_backup", "W1"),
        ("A2", "worker", None),
    ]
    own = act(roster, "W1", "start_leave", hours(1), backup="A2")
    found = responsible([(GRID, None)], {GRID: own.postings}, at=hours(2))
    assert [(one.staff_no, one.rule, one.stands_in_for) for one in found] == [("A2", "worker_backup", "W1")]
    away = act(act(roster, "A2", "end", hours(1)), "W1", "start_leave", hours(1), vacant=True)
    assert named(grid=[*away.postings], at=hours(2)) == [("C1", GRID, "chief")]
    assert named(grid=[*away.postings, *away.past], at=hours(0.5)) == [("W1", GRID, "worker"), ("A2", GRID, "worker")]
    upper = act(staffed(post("U1", Role.CHIEF)), "U1", "start_leave", hours(1), Role.CHIEF, backup="U2")
    assert named(community=[*upper.postings], at=hours(2)) == [("U2", COMMUNITY, "community_backup")]


def test_without_a_time_it_is_the_present() -> None:
    now = context.now()
    roster = [post("W1", ends_at=now), post("W2", starts_at=now + timedelta(hours=1)), post("W3", starts_at=now)]
    assert [one.staff_no for one in responsible([(GRID, None)], {GRID: roster})] == ["W3"]


def test_a_roster_as_it_was() -> None:
    roster = act(staffed(post("W1"), post("W2", starts_at=hours(4))), "W1", "start_leave", hours(1), backup="W3")
    roster = act(act(roster, "W1", "end_leave", hours(2)), "W1", "end", hours(3))

    def told(at: datetime) -> list[tuple[str, str]]:
        return sorted((one.staff_no, one.state) for one in as_of(roster, at))

    assert told(hours(-1)) == []
    assert told(START) == [("W1", "current")]
    assert told(hours(1)) == [("W1", "on_leave"), ("W3", "current")]
    assert told(hours(2)) == [("W1", "current"), ("W3", "ended")]
    assert told(hours(5)) == [("W1", "ended"), ("W2", "current"), ("W3", "ended")]
    (then,) = as_of(roster, START)
    assert (then.ends_at, then.leaves) == (None, [])
    away = next(one for one in as_of(roster, hours(1)) if one.staff_no == "W1")
    assert away.leaves[0].ended_at is None

"""One primary a role, and the ladder of who answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.faults import Conflict
from contracts.grid import Posting, Role
from services.grid.rosters import assigned, responsible, roles_held

GRID, COMMUNITY = "230902001001001", "230902001001"


def post(staff_no: str, role: Role = Role.WORKER, *, primary: bool = False) -> Posting:
    return Posting(staff_no=staff_no, role=role, primary=primary)


def test_the_same_posting_again_changes_nothing() -> None:
    roster = assigned(GRID, [], post("S1", Role.CHIEF, primary=True))
    assert roster is not None
    assert assigned(GRID, roster, post("S1", Role.CHIEF, primary=True)) is None
    assert assigned(GRID, roster, post("S1", Role.CHIEF)) == [post("S1", Role.CHIEF)]


def test_a_second_primary_is_refused_by_name_of_the_first() -> None:
    roster = [post("S1", Role.CHIEF, primary=True)]
    with pytest.raises(Conflict) as conflict:
        assigned(GRID, roster, post("S2", Role.CHIEF, primary=True))
    assert conflict.value.code == "assignment_overlap"
    assert conflict.value.facts == {"target": GRID, "role": "chief", "holder": "S1"}
    assert assigned(GRID, roster, post("S2", Role.WORKER, primary=True)) is not None


postings = st.builds(
    Posting,
    staff_no=st.sampled_from(["S1", "S2", "S3"]),
    role=st.sampled_from([Role.CHIEF, Role.WORKER]),
    post=st.sampled_from(["A", "B"]),
    primary=st.booleans(),
)


@given(st.lists(postings, max_size=15))
def test_no_sequence_of_postings_makes_two_primaries(wanted: list[Posting]) -> None:
    roster: list[Posting] = []
    for one in wanted:
        try:
            roster = assigned(GRID, roster, one) or roster
        except Conflict:
            continue
    for role in Role:
        assert sum(one.primary for one in roster if one.role is role) <= 1
    assert len({(one.staff_no, one.role, one.post) for one in roster}) == len(roster)
    assert set(roles_held(roster)) == {one.role for one in roster}


def named(role: Role | None = None, **rosters: list[Posting]) -> list[tuple[str, str, str]]:
    held = {GRID: rosters.get("grid", []), COMMUNITY: rosters.get("community", [])}
    found = responsible([(GRID, None), (COMMUNITY, "community")], held, role)
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
    left = worker.model_copy(update={"state": "ended"})
    assert named(grid=[left, chief]) == [("C1", GRID, "chief")]
    assert named(Role.CHIEF, grid=everyone) == [("C1", GRID, "chief")]
    assert named(Role.CHIEF, grid=[worker, supervisor]) == [("V1", GRID, "supervisor")]
    assert named(Role.BUILDING_HEAD, grid=everyone) == [("B1", GRID, "building_head")]
    assert named(Role.CHIEF, grid=[worker], community=[upper]) == [("U1", COMMUNITY, "community")]

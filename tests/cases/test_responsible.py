"""Who answers for a place, by which rule."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.grid import Posting, Role
from services.cases.responsible import responsible, rosters_needed

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
GRID, COMMUNITY, STREET = "230902001001001", "230902001001", "230902001000"
PATH = ["23", "2309", "230902", "230902001", COMMUNITY]
TARGETS = rosters_needed(GRID, PATH)


def posting(staff_no: str, role: Role, **fields: object) -> Posting:
    return Posting.model_validate({"staff_no": staff_no, "role": role, **fields})


def test_rosters_are_asked_from_the_grid_up_to_the_street() -> None:
    assert TARGETS == [GRID, COMMUNITY, STREET]
    assert rosters_needed(None, PATH[:4]) == [STREET]


@pytest.mark.parametrize(
    ("rosters", "expected"),
    [
        ({GRID: [posting("c", Role.CHIEF), posting("w", Role.WORKER)]}, ("w", "grid_worker")),
        ({GRID: [posting("s", Role.SUPERVISOR), posting("c", Role.CHIEF)]}, ("c", "grid_chief")),
        ({GRID: [posting("s", Role.SUPERVISOR)], COMMUNITY: [posting("w", Role.WORKER)]}, ("s", "grid_supervisor")),
        ({GRID: [posting("v", Role.VOLUNTEER)], COMMUNITY: [posting("c", Role.CHIEF)]}, ("c", "community_chief")),
        ({STREET: [posting("x", Role.SUPERVISOR)]}, ("x", "street_supervisor")),
        ({}, (None, "none")),
        (
            {GRID: [posting("a", Role.WORKER), posting("z", Role.WORKER, primary=True)]},
            ("z", "grid_worker"),
        ),
        (
            {GRID: [posting("a", Role.WORKER, state="on_leave"), posting("b", Role.WORKER, backup_for="a")]},
            ("b", "grid_worker"),
        ),
        (
            {
                GRID: [
                    posting("a", Role.WORKER),
                    posting("b", Role.WORKER, primary=True, state="on_leave"),
                    posting("c", Role.WORKER, backup_for="b"),
                ]
            },
            ("c", "grid_worker"),
        ),
        (
            {GRID: [posting("a", Role.WORKER, state="on_leave"), posting("b", Role.CHIEF, state="on_leave")]},
            (None, "none"),
        ),
        (
            {GRID: [posting("a", Role.WORKER, ends_at=NOW), posting("b", Role.CHIEF, starts_at=NOW)]},
            ("b", "grid_chief"),
        ),
        ({GRID: [posting("a", Role.WORKER, starts_at=NOW + timedelta(days=1))]}, (None, "none")),
    ],
)
def test_the_first_who_stands_there_answers(
    rosters: dict[str, list[Posting]], expected: tuple[str | None, str]
) -> None:
    assert responsible(TARGETS, rosters, NOW) == expected

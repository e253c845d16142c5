"""What a plan must say, what it lays out, and who stands on the rosters that follow: no store, no bus."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.faults import Conflict, Fault, Invalid, Refused
from contracts.grid import Grid, GridState, PlanChange, PlanState, Posting, Role
from contracts.shared import Geometry
from services.grid.domain import path_of
from services.grid.geometry import survey
from services.grid.planning.laying import Laid, lay_out, shared_out, shares
from services.grid.planning.rules import check, inherited, ready, step
from tests.grid.sources import CORNER, FIRST, OPERATOR, STEP, cell, code

WEST, SOUTH = CORNER
MIDDLE = [(WEST + STEP / 2, SOUTH - STEP), (WEST + STEP / 2, SOUTH + 2 * STEP)]


def grid(number: int, column: int = 0, households: int | None = 350, **fields: Any) -> Grid:
    return Grid(
        **{
            "code": code(number),
            "name": f"第{number}网格",
            "community": FIRST,
            "path": path_of(FIRST),
            "state": GridState.ACTIVE,
            "geometry": cell(column, 0),
            "households": households,
            "population": 900,
            **fields,
        }
    )


def asked(kind: str, sources: list[int], grids: list[dict[str, Any]] | None = None, **more: Any) -> PlanChange:
    return PlanChange.model_validate(
        {
            "caller": OPERATOR,
            "kind": kind,
            "sources": [code(one) for one in sources],
            "grids": grids or [],
            **more,
        }
    )


def to_be(*numbers: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"code": code(one), "name": f"第{one}网格", **fields} for one in numbers]


def line(*places: tuple[float, float]) -> list[dict[str, float]]:
    return [{"longitude": x, "latitude": y} for x, y in places]


CUT = line(*MIDDLE)
DRAWN = {"geometry": cell(0, 0)}
WRONG: list[tuple[PlanChange, set[str]]] = [
    (asked("split", [1, 2], to_be(8, 9), cut=CUT), {"/sources"}),
    (asked("split", [1], to_be(8), cut=CUT), {"/grids", "/cut"}),
    (asked("split", [1], to_be(8, 9)), {"/grids/0/geometry", "/grids/1/geometry"}),
    (asked("split", [1], to_be(8, 9, **DRAWN), cut=CUT), {"/cut"}),
    (asked("split", [1], to_be(8, 8), cut=CUT), {"/grids"}),
    (asked("split", [1], [{"code": code(8)}, {"code": code(9), "name": "九"}], cut=CUT), {"/grids/0/name"}),
    (asked("split", [1], to_be(8, 9, households=10**30), cut=CUT), {"/grids/0/households", "/grids/1/households"}),
    (asked("merge", [1], to_be(9)), {"/sources"}),
    (asked("merge", [1, 1], to_be(9)), {"/sources"}),
    (asked("merge", [1, 2], to_be(8, 9)), {"/grids"}),
    (asked("adjust", [1, 2], to_be(1, 3, **DRAWN)), {"/grids"}),
    (asked("adjust", [1, 2], to_be(1, 2)), {"/grids"}),
    (asked("adjust", [1], to_be(1, **DRAWN), successors=[code(2)]), {"/successors"}),
    (asked("retire", [1], to_be(9)), {"/grids"}),
    (asked("retire", [1, 2], successors=[code(2)]), {"/successors"}),
    (asked("retire", [1], successors=[code(2)], cut=CUT), {"/cut"}),
]


@pytest.mark.parametrize(("command", "pointers"), WRONG)
def test_what_a_plan_must_say(command: PlanChange, pointers: set[str]) -> None:
    with pytest.raises(Invalid) as fault:
        check(command)
    assert {one.pointer for one in fault.value.errors} == pointers


def test_only_an_active_grid_that_no_plan_has() -> None:
    ready(grid(1))
    ready(grid(1, state=GridState.CHANGING, plan="p"), "p")
    refused: list[tuple[Grid, str | None, type[Fault], str]] = [
        (grid(1, state=GridState.CHANGING, plan="p"), None, Conflict, "grid_planned"),
        (grid(1, state=GridState.CHANGING, plan="p"), "q", Conflict, "grid_planned"),
        (grid(1), "p", Refused, "grid_not_active"),
        (grid(1, state=GridState.SUSPENDED), None, Refused, "grid_not_active"),
        (grid(1, state=GridState.DRAFT), None, Refused, "grid_not_active"),
        (grid(1, state=GridState.RETIRED), None, Refused, "grid_ended"),
    ]
    for source, plan, kind, fault in refused:
        with pytest.raises(kind) as raised:
            ready(source, plan)
        assert raised.value.code == fault
    for state in (PlanState.COMMITTED, PlanState.CANCELLED):
        with pytest.raises(Refused) as illegal:
            step("p", state, "commit")
        assert illegal.value.facts["allowed_actions"] == []


def laid(command: PlanChange, *sources: Grid) -> list[Laid]:
    check(command)
    return shared_out(command.kind, lay_out(command, sources), sources)


def test_a_cut_from_west_to_east_and_from_south_to_north() -> None:
    west, east = laid(asked("split", [1], to_be(9, 8), cut=CUT), grid(1))
    assert (west.code, east.code) == (code(9), code(8))
    assert west.ground.bounds[2] == east.ground.bounds[0] == pytest.approx(WEST + STEP / 2)
    across = line((WEST - 1, SOUTH + STEP / 4), (WEST + 1, SOUTH + STEP / 4))
    south, north = laid(asked("split", [1], to_be(9, 8), cut=across), grid(1, households=401))
    assert south.ground.bounds[3] == north.ground.bounds[1]
    assert (south.households, north.households) == (100, 301)
    assert (south.population or 0) + (north.population or 0) == 900


@pytest.mark.parametrize(
    "cut",
    [
        [(WEST + STEP / 2, SOUTH), (WEST + STEP / 2, SOUTH + STEP / 2)],
        [(WEST - 1, SOUTH), (WEST - 1, SOUTH + STEP)],
        [(WEST, SOUTH), (WEST, SOUTH)],
        [*MIDDLE, (WEST + STEP / 4, SOUTH + STEP), (WEST + STEP / 4, SOUTH - STEP)],
        [(180.0, 90.0), (-180.0, -90.0)],
    ],
)
def test_a_cut_that_does_not_divide_in_two(cut: list[tuple[float, float]]) -> None:
    with pytest.raises(Invalid) as fault:
        laid(asked("split", [1], to_be(8, 9), cut=line(*cut)), grid(1))
    assert [one.pointer for one in fault.value.errors] == ["/cut"]


def test_a_bad_geometry_is_named_where_it_stands() -> None:
    bad = {"type": "Polygon", "coordinates": [[[123.4, 41.9], [123.5, 41.9], [123.4, 41.9]]]}
    with pytest.raises(Invalid) as fault:
        laid(asked("split", [1], [*to_be(8, **DRAWN), *to_be(9, geometry=bad)]), grid(1))
    assert [one.pointer for one in fault.value.errors] == ["/grids/1/geometry/coordinates/0"]


def test_households_told_win_and_the_rest_is_shared() -> None:
    first, *others = to_be(7, 8, 9)
    third = STEP / 3
    drawn = [
        {**one, "geometry": box(WEST + at * third, WEST + (at + 1) * third)} for at, one in enumerate([first, *others])
    ]
    free = laid(asked("split", [1], drawn), grid(1, households=100))
    assert sorted(one.households or 0 for one in free) == [33, 33, 34]
    told = laid(asked("split", [1], [{**drawn[0], "households": 60}, *drawn[1:]]), grid(1, households=100))
    assert [one.households for one in told] == [60, 20, 20]
    unknown = laid(asked("split", [1], drawn), grid(1, households=None))
    assert [one.households for one in unknown] == [None] * 3
    [merged] = laid(asked("merge", [1, 2], to_be(9)), grid(1), grid(2, 1, households=120))
    assert (merged.households, merged.population) == (470, 1800)
    assert merged.ground.area_m2 == pytest.approx(2 * survey(cell(0, 0)).area_m2, rel=1e-5)
    # what is beyond the new border goes over
    border = WEST + STEP * 1.25
    moved = [
        {"code": code(1), "geometry": box(WEST, border)},
        {"code": code(2), "geometry": box(border, WEST + 2 * STEP)},
    ]
    wide, narrow = laid(asked("adjust", [1, 2], moved), grid(1), grid(2, 1, households=400))
    assert (wide.households, narrow.households, wide.name) == (450, 300, "第1网格")


def box(west: float, east: float) -> dict[str, Any]:
    south, north = SOUTH, round(SOUTH + STEP, 9)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@given(st.integers(0, 10_000_000), st.lists(st.floats(0, 1e9), min_size=1, max_size=50))
def test_shares_keep_the_sum(total: int, sizes: list[float]) -> None:
    parts = shares(total, sizes)
    whole = sum(sizes)
    assert sum(parts) == total
    assert all(part >= 0 for part in parts)
    if whole:
        assert all(abs(part - total * size / whole) < 1 + 1e-6 for part, size in zip(parts, sizes, strict=True))


offsets = st.floats(0.02, 0.98)


@given(offsets, offsets, st.integers(0, 3000))
def test_cut_in_two_and_put_together_again(above: float, below: float, households: int) -> None:
    """Whatever the cut: ground and households are what they were."""
    source = grid(1, households=households)
    cut = line((WEST + below * STEP, SOUTH - STEP / 100), (WEST + above * STEP, SOUTH + STEP * 1.01))
    parts = laid(asked("split", [1], to_be(8, 9), cut=cut), source)
    assert sum(one.households or 0 for one in parts) == households
    grids = [
        grid(8 + at, geometry=Geometry(**one.ground.geometry), households=one.households, population=one.population)
        for at, one in enumerate(parts)
    ]
    [merged] = laid(asked("merge", [8, 9], to_be(10)), *grids)
    assert (merged.households, merged.population) == (households, 900)
    assert merged.ground.area_m2 == pytest.approx(survey(cell(0, 0)).area_m2, rel=1e-6)


def post(staff_no: str, role: Role = Role.WORKER, *, primary: bool = False, **fields: Any) -> Posting:
    return Posting(staff_no=staff_no, role=role, primary=primary, **fields)


def test_rosters_that_follow() -> None:
    first = [post("C1", Role.CHIEF, primary=True), post("W1"), post("W9", state="ended")]
    second = [post("C2", Role.CHIEF, primary=True), post("W1", primary=True), post("W2", primary=True)]
    assert [(one.staff_no, one.primary) for one in inherited([first, second])] == [
        ("C1", True),
        ("C2", False),
        ("W1", False),
        ("W2", True),
    ]
    assert inherited([]) == []

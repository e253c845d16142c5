"""大网格: a large grid lies under small ones, answers where none of them does, and is never in their way."""

from typing import Any

import pytest
from pymongo.database import Database

from contracts.faults import Conflict, Fault, Invalid, Refused
from contracts.grid import ActivateGrids, ActOnGrid, GridAction, GridPublished, SaveGrid
from contracts.shared import Geometry, Point
from services.chassis.grid_copies import GridCopies
from services.chassis.messages import Received
from services.grid.answering import figures, locate
from services.grid.changing import act, activate, held, save
from services.grid.store import GridStore
from tests.grid.sources import OPERATOR, STEP, cell, chiefs, code, daoyi_rows, grid_rows, load, middle, person, rows

SMALL = [code(number) for number in range(1, 4)]
BIG, BESIDE = code(90), code(91)


def strip(column: int, cells: int) -> dict[str, Any]:
    return cell(column, 0, grown=(cells - 1) * STEP)


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    """Three small drafts in a row, and a large one over the first two and as much again to their east."""
    store = GridStore(database)
    load(store, "divisions", daoyi_rows())
    load(store, "grids", [*grid_rows(3, 1), *rows({"code": BIG, "name": "大", "large": True, "geometry": strip(0, 4)})])
    load(store, "staff", rows(person("S1")))
    load(store, "assignments", chiefs([*SMALL, BIG]))
    return store


def go(store: GridStore, *codes: str) -> list[tuple[str, str]]:
    done = activate(store, ActivateGrids(caller=OPERATOR, codes=list(codes)))
    return [(one.code, one.fault) for one in done.rejected]


def at(store: GridStore, column: int) -> tuple[str | None, str | None]:
    longitude, latitude = middle(column, 0)
    found = locate(store, [Point(longitude=longitude, latitude=latitude)], "wgs84")[0]
    return found.grid, found.nearest


def change(store: GridStore, one: str, **told: Any) -> None:
    save(store, SaveGrid(caller=OPERATOR, code=one, **told))


def refusal(kind: type[Fault], store: GridStore, one: str, **told: Any) -> Fault:
    with pytest.raises(kind) as fault:
        change(store, one, **told)
    return fault.value


def test_small_first_then_large(registry: GridStore) -> None:
    assert go(registry, BIG, *SMALL[:2]) == []
    assert [at(registry, column)[0] for column in range(5)] == [SMALL[0], SMALL[1], BIG, BIG, None]
    assert at(registry, 4)[1] == BIG
    act(registry, ActOnGrid(caller=OPERATOR, code=SMALL[0], action=GridAction.SUSPEND))
    assert at(registry, 0)[0] == BIG
    act(registry, ActOnGrid(caller=OPERATOR, code=BIG, action=GridAction.SUSPEND))
    assert (at(registry, 0), at(registry, 3)) == ((None, SMALL[1]), (None, SMALL[1]))
    act(registry, ActOnGrid(caller=OPERATOR, code=BIG, action=GridAction.RESUME))
    assert at(registry, 3)[0] == BIG


def test_overlap_is_judged_among_large_ones_and_among_small_ones(registry: GridStore) -> None:
    load(registry, "grids", rows({"code": BESIDE, "name": "大二", "large": True, "geometry": strip(3, 2)}))
    load(registry, "assignments", chiefs([BESIDE]))
    assert go(registry, BIG, BESIDE, *SMALL) == [(BESIDE, "grid_overlap")]
    taken = Geometry.model_validate(strip(1, 2))
    assert refusal(Conflict, registry, SMALL[1], geometry=taken).facts["other"] == SMALL[2]


def test_a_live_grid_stays_large_or_small(registry: GridStore) -> None:
    go(registry, BIG, SMALL[0])
    for one, large in ((BIG, False), (SMALL[0], True)):
        assert refusal(Refused, registry, one, large=large).code == "grid_live"
        assert load(registry, "grids", rows({"code": one, "large": large})).rejected[0].code == "grid_live"
    change(registry, SMALL[1], large=True)
    assert held(registry, SMALL[1]).grid.large
    change(registry, SMALL[1], large=False)


def test_what_a_grid_fills_is_a_known_large_one(registry: GridStore) -> None:
    for one, told in (
        (SMALL[0], {"overlay_of": code(77)}),
        (SMALL[0], {"overlay_of": SMALL[1]}),
        (BIG, {"overlay_of": BIG}),
        (SMALL[0], {"overlay_of": BIG, "large": True}),
        (code(50), {"overlay_of": code(77), "name": "新", "create": True}),
    ):
        fault = refusal(Invalid, registry, one, **told)
        assert (fault.code, fault.errors[0].pointer) == ("overlay_invalid", "/overlay_of")
    change(registry, SMALL[0], overlay_of=BIG)
    assert held(registry, SMALL[0]).grid.overlay_of == BIG


def test_a_file_may_hold_both_in_any_order(registry: GridStore) -> None:
    given = rows(
        {"code": code(51), "name": "小", "overlay_of": code(92), "geometry": cell(9, 9)},
        {"code": code(52), "name": "小二", "overlay_of": code(93)},
        {"code": code(92), "name": "大", "large": "true", "geometry": cell(9, 9, grown=STEP)},
    )
    report = load(registry, "grids", given)
    assert [(fault.key, fault.code) for fault in report.rejected] == [(code(52), "overlay_invalid")]
    assert (report.created, held(registry, code(51)).grid.overlay_of) == (2, code(92))
    assert load(registry, "grids", given).unchanged == 2


def test_both_live_the_small_one_lies_in_the_large_one(registry: GridStore) -> None:
    change(registry, SMALL[0], overlay_of=BIG)
    change(registry, BIG, geometry=Geometry.model_validate(strip(1, 3)))
    # alone either may be live
    assert go(registry, SMALL[0]) == []
    assert go(registry, BIG) == [(BIG, "grid_outside_large")]
    change(registry, BIG, geometry=Geometry.model_validate(strip(0, 4)))
    assert go(registry, BIG) == []
    away = Geometry.model_validate(cell(8, 8))
    assert refusal(Refused, registry, SMALL[0], geometry=away).facts["large"] == BIG
    narrow = Geometry.model_validate(strip(1, 3))
    assert refusal(Refused, registry, BIG, geometry=narrow).code == "grid_outside_large"
    change(registry, SMALL[1], geometry=away)
    assert go(registry, SMALL[1]) == []
    assert refusal(Refused, registry, SMALL[1], overlay_of=BIG).code == "grid_outside_large"
    outside = rows({"code": SMALL[1], "overlay_of": BIG})
    assert [fault.code for fault in load(registry, "grids", outside).rejected] == ["grid_outside_large"]


def test_of_both_at_once_the_small_one_gives_way(registry: GridStore) -> None:
    change(registry, SMALL[2], overlay_of=BIG, geometry=Geometry.model_validate(cell(8, 8)))
    assert go(registry, BIG, *SMALL) == [(SMALL[2], "grid_outside_large")]


def test_figures_say_of_small_ones_what_the_rules_ask(registry: GridStore) -> None:
    go(registry, BIG, *SMALL)
    said = figures(registry)
    assert (said.grids["active"], said.large_grids) == (4, 1)
    assert said.without_worker == SMALL
    assert said.without_party_branch == 3


def test_a_copy_of_the_ground_has_one_grid_a_place(registry: GridStore, database: Database[dict[str, Any]]) -> None:
    go(registry, BIG, SMALL[0])
    copies = GridCopies(database)
    published = []
    for one in (BIG, SMALL[0]):
        grid = held(registry, one).grid
        told = GridPublished.model_validate(grid.model_dump())
        published.append(Received(id=one, data=told, sequence=grid.version))
    copies.absorb(published)
    copies.rebuild()
    places = [Point(longitude=middle(column, 0)[0], latitude=middle(column, 0)[1]) for column in (0, 3)]
    assert [spot.grid for spot in copies.terrain.spots(places)] == [SMALL[0], None]

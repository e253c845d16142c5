"""Gaps of communities: measured, listed, and told when they grow."""

import json
from typing import Any

import pytest
from pymongo.database import Database

from contracts.grid import ActivateGrids, ActOnGrid, GridAction
from services.grid.answering import figures
from services.grid.changing import act, activate
from services.grid.coverage import Gap, measured
from services.grid.geometry import survey
from services.grid.store import GridStore
from services.grid.store.gaps import Gaps
from tests.grid.sources import FIRST, OPERATOR, STEP, cell, chiefs, code, daoyi_rows, grid_rows, load, person, rows

OTHER = "210113004025"
THREE = [code(number) for number in range(1, 4)]
# a community of three cells in a row
ROW = cell(0, 0, grown=2 * STEP)
CELL_M2 = survey(cell(0, 0)).area_m2


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    """One community with a boundary and three drafts that fill it, one without either."""
    store = GridStore(database)
    load(store, "divisions", daoyi_rows())
    load(store, "boundaries", rows({"code": FIRST, "geometry": ROW}))
    load(store, "grids", grid_rows(3, 1))
    load(store, "staff", rows(person("S1")))
    load(store, "assignments", chiefs(THREE))
    return store


def go(store: GridStore, *codes: str) -> None:
    assert activate(store, ActivateGrids(caller=OPERATOR, codes=list(codes))).rejected == []


def does(store: GridStore, one: str, action: GridAction) -> None:
    act(store, ActOnGrid(caller=OPERATOR, code=one, action=action))


def look(store: GridStore) -> None:
    store.gap_watch.look(store.coverages.of(store.ground.refresh()))


def told(database: Database[dict[str, Any]]) -> list[tuple[str, float, int]]:
    documents = database["gaps"].find().sort("_id", 1)
    events = [json.loads(entry["body"]) for document in documents for entry in document["outbox"]]
    return [(one["subject"], round(one["data"]["gap_m2"] / CELL_M2, 3), one["data"]["version"]) for one in events]


def test_the_figures_list_what_is_bare(registry: GridStore) -> None:
    (whole,) = figures(registry).coverage
    assert (whole.community, whole.name, whole.covered_m2) == (FIRST, "俪景社区", 0)
    go(registry, *THREE[:2])
    (third,) = figures(registry).coverage
    assert third.gap_m2 == pytest.approx(CELL_M2, rel=1e-4)
    assert third.covered_m2 == pytest.approx(2 * CELL_M2, rel=1e-4)
    assert third.area_m2 == pytest.approx(third.gap_m2 + third.covered_m2)
    go(registry, THREE[2])
    assert figures(registry).coverage == []


def test_the_largest_first_and_large_grids_cover_nothing(registry: GridStore) -> None:
    load(registry, "boundaries", rows({"code": OTHER, "geometry": cell(0, 5)}))
    large = {"code": code(90), "name": "大", "large": True, "geometry": ROW}
    load(registry, "grids", rows(large))
    load(registry, "assignments", chiefs([code(90)]))
    go(registry, code(90))
    assert [one.community for one in figures(registry).coverage] == [FIRST, OTHER]


def test_only_what_changed_is_measured_anew(registry: GridStore) -> None:
    load(registry, "boundaries", rows({"code": OTHER, "geometry": cell(0, 5)}))
    before = measured(registry.ground.refresh(), {})
    go(registry, THREE[0])
    after = measured(registry.ground.refresh(), before)
    assert after[OTHER] is before[OTHER]
    assert after[FIRST] is not before[FIRST]
    assert registry.coverages.of(registry.ground.snapshot)[FIRST] == after[FIRST].coverage


def test_a_gap_is_told_when_it_grows_and_once(registry: GridStore, database: Database[dict[str, Any]]) -> None:
    go(registry, *THREE)
    look(registry)
    assert told(database) == []
    does(registry, THREE[0], GridAction.SUSPEND)
    look(registry)
    look(registry)
    # another process, and one that starts anew, find it told
    look(GridStore(database))
    assert told(database) == [(FIRST, 1.0, 1)]
    does(registry, THREE[1], GridAction.SUSPEND)
    look(registry)
    assert told(database)[1:] == [(FIRST, 2.0, 2)]
    does(registry, THREE[1], GridAction.RESUME)
    look(registry)
    assert len(told(database)) == 2
    does(registry, THREE[1], GridAction.SUSPEND)
    look(registry)
    assert told(database)[2:] == [(FIRST, 2.0, 4)]


def test_of_two_copies_one_tells(database: Database[dict[str, Any]]) -> None:
    gaps = Gaps(database)
    first = Gap(FIRST, 3.0, 3.0, grown=True)
    assert (gaps.tell([first]), gaps.tell([first])) == (set(), {FIRST})
    second = Gap(FIRST, 3.0, 4.0, 1, grown=True)
    assert (gaps.tell([second]), gaps.tell([second])) == (set(), {FIRST})
    assert [version for _, _, version in told(database)] == [1, 2]

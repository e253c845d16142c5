"""A dry run gives the numbers and leaves the store as it was, whatever is imported."""

from typing import Any

import pytest
from pymongo.database import Database

from contracts.grid import ImportAliases, ImportUnits
from contracts.shared import ImportReport, Row
from services.grid.importing import carry_out
from services.grid.store import GridStore
from tests.grid.sources import (
    DAOYI,
    FIRST,
    OPERATOR,
    cell,
    chiefs,
    code,
    daoyi_rows,
    grid_rows,
    load,
    numbers,
    person,
    rows,
)

UNIT = {
    "hierarchy": "police",
    "hierarchy_name": "公安",
    "code": "P01",
    "level": "station",
    "name": "派出所",
    "geometry": cell(0, 0),
}
# what is new, what is known and otherwise, what is wrong
KINDS: dict[str, list[Row]] = {
    "divisions": rows({"code": "22", "name": "吉林省"}, {"code": "21", "name": "辽宁"}, {"code": "2"}),
    "boundaries": rows({"code": FIRST, "geometry": cell(0, 0)}, {"code": DAOYI, "geometry": {}}),
    "grids": rows({"code": code(9), "name": "新"}, {"code": code(1), "name": "改名"}, {"code": code(10)}),
    "staff": rows(person("S2"), person("S1", "worker"), person("S3", "nobody")),
    "assignments": chiefs([code(1), code(2), code(99)]),
    "aliases": rows({"code": DAOYI, "alias": "210113098"}, {"code": DAOYI, "alias": FIRST}),
    "units": rows(UNIT, {**UNIT, "code": "P02", "level": "beat", "parent": "P01"}, {**UNIT, "hierarchy": "admin"}),
}


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    store = GridStore(database)
    load(store, "divisions", daoyi_rows())
    load(store, "grids", grid_rows())
    load(store, "staff", rows(person("S1")))
    return store


def imported(store: GridStore, kind: str, *, dry_run: bool) -> ImportReport:
    if kind == "aliases":
        return carry_out(store, ImportAliases(caller=OPERATOR, rows=KINDS[kind], dry_run=dry_run))
    if kind == "units":
        return carry_out(store, ImportUnits(caller=OPERATOR, rows=KINDS[kind], dry_run=dry_run))
    return load(store, kind, KINDS[kind], dry_run=dry_run)


def whole(database: Database[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {name: list(database[name].find().sort("_id", 1)) for name in sorted(database.list_collection_names())}


@pytest.mark.parametrize("kind", KINDS)
def test_a_dry_run_writes_nothing(registry: GridStore, database: Database[dict[str, Any]], kind: str) -> None:
    before = whole(database)
    dry = imported(registry, kind, dry_run=True)
    assert whole(database) == before
    done = imported(registry, kind, dry_run=False)
    assert numbers(done) == numbers(dry)
    assert (done.created > 0, len(done.rejected)) == (True, 1)
    assert whole(database) != before

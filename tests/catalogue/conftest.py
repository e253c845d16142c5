"""The real item list of one city, and callers with the rights of each side."""

import csv
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from contracts.shared import Caller, Row, Scope
from services.catalogue.rows import read_rows
from services.catalogue.search import Entry
from services.catalogue.spelling import spell
from services.catalogue.store import CatalogueStore

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "data" / "catalogue" / "items_guangan_40.csv"
WHOLE_LIST = ROOT / "deploy" / "local" / "data" / "items_guangan.csv"


def read(path: Path) -> list[Row]:
    """The rows of a file with the line at which each stands."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [Row(line=line, values=dict(values)) for line, values in enumerate(csv.DictReader(file), 2)]


@pytest.fixture(scope="session")
def sample() -> list[Row]:
    """40 real items."""
    return read(SAMPLE)


@pytest.fixture(scope="session")
def whole_list() -> list[Row]:
    """All 651 items of the district."""
    return read(WHOLE_LIST)


@pytest.fixture(scope="session")
def entries(whole_list: list[Row]) -> list[Entry]:
    """The 651 items as search knows them."""
    rows, rejected = read_rows(whole_list)
    assert rejected == []
    given: list[dict[str, Any]] = [row.given for row in rows]
    spelled = spell([item["name"] for item in given])
    return [
        Entry(row.code, item["name"], item["type"], item["department"], [item["main_item"] or ""], *spelling)
        for row, item, spelling in zip(rows, given, spelled, strict=True)
    ]


@pytest.fixture
def catalogue(database: Database[dict[str, Any]]) -> CatalogueStore:
    """A catalogue that nobody has used."""
    return CatalogueStore(database)


@pytest.fixture(scope="session")
def office() -> Caller:
    """Handles items and applications; may not see particulars."""
    scopes = frozenset({Scope.CATALOGUE_READ, Scope.CATALOGUE_HANDLE})
    return Caller(client="office", actor="李科长", scopes=scopes)


@pytest.fixture(scope="session")
def citizen() -> Caller:
    """The client of a portal, for one person."""
    return Caller(client="portal", scopes=frozenset({Scope.CATALOGUE_READ, Scope.CATALOGUE_APPLY}))

"""Pages of features: by code, cut before they grow too large, from the index or the store."""

from typing import Any

import numpy as np
import pytest
from pymongo.database import Database

from contracts.faults import Invalid, NotFound
from contracts.grid import ActivateGrids, GetFeature, ListFeatures
from services.grid import features
from services.grid.changing import activate
from services.grid.store import GridStore
from tests.grid.sources import CORNER, FIRST, OPERATOR, chiefs, code, daoyi_rows, load, person, rows

ROUND = [code(number) for number in range(1, 131)]


def disc(at: int, vertices: int) -> dict[str, Any]:
    """A polygon of that many vertices, one of a row."""
    turns = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    places = [[CORNER[0] + at * 0.01 + 0.004 * float(np.cos(a)), CORNER[1] + 0.004 * float(np.sin(a))] for a in turns]
    return {"type": "Polygon", "coordinates": [[*places, places[0]]]}


@pytest.fixture
def registry(database: Database[dict[str, Any]]) -> GridStore:
    store = GridStore(database)
    load(store, "divisions", daoyi_rows())
    load(store, "staff", rows(person("S1")))
    return store


def lay(store: GridStore, vertices: int) -> None:
    drawn = ({"code": one, "name": one, "geometry": disc(at, vertices)} for at, one in enumerate(ROUND))
    load(store, "grids", rows(*drawn))
    load(store, "assignments", chiefs(ROUND))
    assert activate(store, ActivateGrids(caller=OPERATOR, codes=ROUND)).activated == len(ROUND)


def pages(store: GridStore, **asked: Any) -> list[list[str]]:
    found, cursor = [], None
    while True:
        page = features.page(store, ListFeatures(caller=OPERATOR, collection="grids", cursor=cursor, **asked))
        found.append([feature.id for feature in page.items])
        cursor = page.next
        if cursor is None:
            return found


def test_a_page_ends_by_number_or_by_weight(registry: GridStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "MOST_POSITIONS", 6_000)
    lay(registry, 70)
    assert [len(page) for page in pages(registry, limit=60)] == [60, 60, 10]
    heavy = pages(registry, limit=1000)
    assert [len(page) for page in heavy] == [85, 45]
    assert [one for page in heavy for one in page] == ROUND
    west, south = CORNER[0] + 0.5, CORNER[1]
    assert pages(registry, limit=7, bbox=(west, south, west + 0.095, south)) == [ROUND[50:57], ROUND[57:60]]


def test_what_a_stale_index_still_knows_is_left_out(registry: GridStore) -> None:
    lay(registry, 8)
    registry.grids.collection.update_one({"_id": ROUND[1]}, {"$set": {"state": "retired"}})
    assert pages(registry, limit=2)[:2] == [[ROUND[0]], ROUND[2:4]]
    with pytest.raises(NotFound):
        features.one(registry, GetFeature(caller=OPERATOR, collection="grids", id=ROUND[1]))


def test_a_community_is_no_grid_and_a_street_no_community(registry: GridStore) -> None:
    found = features.one(registry, GetFeature(caller=OPERATOR, collection="communities", id=FIRST))
    assert (found.geometry, found.properties["name"]) == (None, "俪景社区")
    for unknown in (FIRST[:9] + "000", ROUND[0]):
        with pytest.raises(NotFound):
            features.one(registry, GetFeature(caller=OPERATOR, collection="communities", id=unknown))
    assert features.extents(registry).boxes == {}


def test_a_box_that_is_none(registry: GridStore) -> None:
    with pytest.raises(Invalid) as fault:
        features.page(registry, ListFeatures(caller=OPERATOR, collection="grids", bbox=(1, 5, 2, 4)))
    assert fault.value.errors[0].pointer == "/bbox"

"""The table of bad input of geometry and datum, line by line, through the door."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deploy.local.home import Home
from tests.gateway.conftest import Gateway
from tests.gateway.ground import served, told
from tests.grid.sources import code, daoyi_rows

RING = "/geometry/coordinates/0"
SQUARE = [[123.40, 41.93], [123.41, 41.93], [123.41, 41.94], [123.40, 41.94], [123.40, 41.93]]
CIRCLE = [[123.4 + at * 1e-6, 41.93] for at in range(5000)]


@pytest.fixture(scope="module")
def client(home: Home, broker: str, store: str, gateway: Gateway) -> Iterator[httpx.Client]:
    """The administrator; the divisions are known, and one good grid."""
    with served(home, broker, store, gateway) as admin:
        told(admin, "divisions", daoyi_rows())
        assert create(admin, [SQUARE]).status_code == 201
        yield admin


def create(client: httpx.Client, rings: list[Any], number: int = 1) -> httpx.Response:
    polygon = {"type": "Polygon", "coordinates": rings}
    return client.post("/v1/grids", json={"code": code(number), "name": "一", "geometry": polygon})


@pytest.mark.parametrize(
    ("rings", "pointer"),
    [
        pytest.param([SQUARE[:-1]], f"{RING}/3", id="unclosed"),
        pytest.param([[SQUARE[0], SQUARE[1], SQUARE[0]]], RING, id="three positions"),
        pytest.param([[SQUARE[at] for at in (0, 2, 1, 3, 0)]], f"{RING}/0", id="bow tie"),
        pytest.param([[*SQUARE[:2], [181, 41.9], SQUARE[0]]], f"{RING}/2", id="longitude out of range"),
        pytest.param([[*SQUARE[:2], [123.4, -91], SQUARE[0]]], f"{RING}/2", id="latitude out of range"),
        pytest.param([[place[::-1] for place in SQUARE]], f"{RING}/0", id="swapped"),
        pytest.param([SQUARE, [[123.5], *SQUARE[1:]]], "/geometry/coordinates/1/0", id="half a position in a hole"),
        pytest.param([[*CIRCLE, SQUARE[2], CIRCLE[0]]], f"{RING}/5000", id="5,002 vertices"),
        pytest.param([[SQUARE[0]] * 4], RING, id="one place only"),
        pytest.param([], "/geometry/coordinates", id="no rings"),
    ],
)
def test_geometry_is_refused_by_ring_and_position(client: httpx.Client, rings: list[Any], pointer: str) -> None:
    answer = create(client, rings, 2)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "geometry_invalid"), answer.text
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert client.get(f"/v1/grids/{code(2)}").status_code == 404


def test_the_size_of_the_body(client: httpx.Client) -> None:
    answer = create(client, [[[123.4 + at * 1e-7, 41.93] for at in range(60_000)]], 2)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("datum", ["beijing54", "", "WGS 84", "x" * 300])
def test_an_unknown_datum(client: httpx.Client, datum: str) -> None:
    answers = [
        client.get("/v1/locate", params={"lon": 123.4, "lat": 41.9, "datum": datum}),
        client.post("/v1/locate", json={"points": [{"longitude": 123.4, "latitude": 41.9}], "datum": datum}),
        client.post("/v1/imports/grids", params={"datum": datum}, json=[{"code": code(3), "name": "三"}]),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (422, "datum_unknown"), answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/datum"]


def test_a_file_says_its_datum(client: httpx.Client) -> None:
    grid = {"code": code(4), "name": "四", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
    report = client.post("/v1/imports/grids", params={"datum": "gcj02"}, json=[grid]).json()
    assert (report["created"], report["rejected"]) == (1, [])
    stored = client.get(f"/v1/grids/{code(4)}").json()["geometry"]["coordinates"][0]
    shift = min(place[0] for place in stored) - SQUARE[0][0]
    assert 0.003 < abs(shift) < 0.01

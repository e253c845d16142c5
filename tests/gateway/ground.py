"""A grid service behind the gateway of the tests, and ground that it is told over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from contracts.shared import Row
from deploy.local.home import Home
from deploy.local.processes import stop_all
from tests.conftest import Processes
from tests.gateway.conftest import Gateway
from tests.grid.sources import cell, chiefs, code, daoyi_rows, grid_rows, middle, person, rows

BOUNDED = "210113004025"
LIVE = [code(number) for number in range(1, 26)]
SUSPENDED, DRAFT, LARGE = LIVE[4], code(26), code(90)
HOUSES: dict[str, dict[str, Any]] = {
    f"{LIVE[0]}00001": {"compound": "桃南花园", "longitude": middle(0, 0)[0], "latitude": middle(0, 0)[1]},
    f"{LIVE[1]}00001": {"floors": 6, "longitude": middle(1, 0)[0], "latitude": middle(1, 0)[1]},
    f"{LIVE[2]}00001": {"floors": 2},
}
# a large grid in two parts, with a hole, beside the 25 and over the first of them
TWO_PARTS = {
    "type": "MultiPolygon",
    "coordinates": [
        cell(0, 0)["coordinates"],
        [
            [[123.5, 41.9], [123.6, 41.9], [123.6, 42.0], [123.5, 42.0], [123.5, 41.9]],
            [[123.52, 41.92], [123.52, 41.94], [123.54, 41.94], [123.54, 41.92], [123.52, 41.92]],
        ],
    ],
}


@contextmanager
def served(home: Home, broker: str, store: str, gateway: Gateway) -> Iterator[httpx.Client]:
    """The administrator before a grid service of its own, which ends with the block."""
    starter = Processes(home, broker, store)
    try:
        starter.start("grid")
        with gateway.client() as admin:
            yield admin
    finally:
        stop_all(starter.started)


def told(client: httpx.Client, kind: str, given: list[Row]) -> None:
    """Import rows, each of which must be taken."""
    answer = client.post(f"/v1/imports/{kind}", json=[row.values for row in given], timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.json()["rejected"] == [], answer.text


def lay(client: httpx.Client) -> None:
    """23 communities, one with a boundary; 25 live grids of which one is suspended, a large one, and a draft."""
    large: dict[str, Any] = {"code": LARGE, "name": "大网格", "large": True, "geometry": TWO_PARTS}
    told(client, "divisions", daoyi_rows())
    told(client, "boundaries", rows({"code": BOUNDED, "geometry": cell(10, 10)}))
    told(client, "grids", [*grid_rows(5, 5), *rows({"code": DRAFT, "name": "草案", "geometry": cell(20, 20)}, large)])
    told(client, "staff", rows(person("S1")))
    told(client, "assignments", chiefs([*LIVE, LARGE]))
    done = client.post("/v1/grids:activate", json={"codes": [*LIVE, LARGE]}, timeout=60).json()
    assert (done["activated"], done["rejected"]) == (26, []), done
    told(client, "buildings", rows(*({"code": one, **HOUSES[one]} for one in HOUSES)))
    assert client.post(f"/v1/grids/{SUSPENDED}:suspend").status_code == 200

"""Metrics of the gateway: on a port of their own, by route and never by path, also while the store is away."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import store as documents
from deploy.local.home import Home, free_port
from deploy.local.processes import stop_all
from services.chassis import metrics
from services.gateway.intake import PATH
from services.gateway.routes import AREAS
from tests.faults.proxy import Proxy
from tests.gateway.conftest import Gateway, start_gateway

COUNT = "yiwang_http_request_duration_seconds_count"


@pytest.fixture(scope="module")
def way() -> Iterator[list[Proxy]]:
    """The gateway's way to its store, once it has one."""
    found: list[Proxy] = []
    yield found
    for proxy in found:
        proxy.stop()


@pytest.fixture(scope="module")
def measured(
    home: Home, broker: str, store: str, way: list[Proxy], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    way.append(Proxy(home.port("store")).start())
    url = f"mongodb://127.0.0.1:{way[0].port}/?{documents.OPTIONS}"
    env = {"METRICS_PORT": str(free_port()), "SPOOL_LIMIT": "7"}
    started = start_gateway(home, broker, url, tmp_path_factory.mktemp("measured"), "measured", **env)
    yield started
    stop_all([started.process])


def scrape(gateway: Gateway) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Labels and values by name."""
    url = f"http://127.0.0.1:{gateway.process.plan.env['METRICS_PORT']}/metrics"
    answer = httpx.get(url, trust_env=False, timeout=3)
    assert (answer.status_code, answer.headers["content-type"]) == (200, metrics.CONTENT_TYPE)
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_requests_are_counted_by_route_and_status_and_tell_of_nobody(measured: Gateway) -> None:
    secret = f"s{uuid4().hex}"
    with measured.client() as admin, measured.client("device") as device, measured.client(None) as stranger:
        assert device.post(f"/v1/intake/hikvision/{secret}", content=b"<x/>").status_code == 202
        assert admin.get(f"/v1/alerts/{secret}?device={secret}").status_code == 503
        assert stranger.get(f"/v1/alerts/{secret}").status_code == 401
        assert admin.get(f"/{secret}").status_code == 404
        assert admin.request("PROPFIND", "/v1/alerts").status_code == 405
        assert admin.get("/healthz").status_code == 200
    found = scrape(measured)
    assert secret not in repr(found)
    counted = {(one["method"], one["route"], one["status"]): count for one, count in found[COUNT]}
    assert counted == {
        ("POST", PATH, "202"): 1,
        ("GET", "/v1/alerts/{id}", "503"): 1,
        ("GET", "/v1/alerts/{id}", "401"): 1,
        ("GET", "unmatched", "404"): 1,
        ("other", "/v1/alerts", "405"): 1,
    }
    routes = {PATH, "unmatched", *(route.path for area in AREAS for route in area.routes)}
    assert {route for _, route, _ in counted} <= routes


def test_nobody_reads_them_at_the_public_port(measured: Gateway) -> None:
    with measured.client() as admin:
        assert admin.get("/metrics").json()["code"] == "path_unknown"
    url = f"http://127.0.0.1:{measured.process.plan.env['METRICS_PORT']}/v1/clients"
    assert httpx.get(url, trust_env=False).status_code == 404


def test_bus_store_and_spool_are_shown_also_while_the_store_is_away(measured: Gateway, way: list[Proxy]) -> None:
    def shown(*names: str) -> list[float]:
        found = scrape(measured)
        return [found[f"yiwang_{name}"][0][1] for name in names]

    assert shown("bus_connected", "store_up", "spool_reports", "spool_limit_reports") == [1, 1, 0, 7]
    assert shown("spool_bytes", "spool_limit_bytes") == [0, 1024**3]
    for away in (way[0].hold, way[0].refuse):
        away()
        assert shown("bus_connected", "store_up") == [1, 0]
    way[0].flow()

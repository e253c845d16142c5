"""Metrics of the console: at the machines' port alone, spans counted, also while the store is away."""

import sys
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import store as documents
from deploy.local.home import Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from services.chassis import metrics
from tests.faults.proxy import Proxy

ROOM = 10


@pytest.fixture
def way(home: Home, store: str) -> Iterator[Proxy]:
    """The console's way to its store."""
    with Proxy(home.port("store")) as found:
        yield found


@pytest.fixture
def console(home: Home, way: Proxy) -> Iterator[Process]:
    told = {
        "PROFILE": "test",
        "MONGODB_URL": f"mongodb://127.0.0.1:{way.port}/?{documents.OPTIONS}",
        "DATABASE": f"t{uuid4().hex}",
        "CONSOLE_PORT": str(free_port()),
        "TRACES_PORT": str(free_port()),
        "TRACE_QUEUE": str(ROOM),
    }
    argv = [sys.executable, "-m", "services", "console"]
    process = Process(Plan("measured-console", "", argv, f"http:{told['CONSOLE_PORT']}", told), home)
    start_all([process])
    yield process
    stop_all([process])


def scrape(console: Process) -> dict[str, float]:
    answer = httpx.get(f"http://127.0.0.1:{console.plan.env['TRACES_PORT']}/metrics", trust_env=False, timeout=3)
    assert (answer.status_code, answer.headers["content-type"]) == (200, metrics.CONTENT_TYPE)
    samples = [one for family in text_string_to_metric_families(answer.text) for one in family.samples]
    assert not any(one.labels for one in samples)
    return {one.name: one.value for one in samples if one.name.startswith("yiwang_")}


def send(console: Process, spans: int) -> None:
    exported = ExportTraceServiceRequest()
    within = exported.resource_spans.add().scope_spans.add()
    for _ in range(spans):
        within.spans.add(trace_id=uuid4().bytes, span_id=uuid4().bytes[:8], name="private")
    httpx.post(
        f"http://127.0.0.1:{console.plan.env['TRACES_PORT']}/v1/traces",
        content=exported.SerializeToString(),
        headers={"Content-Type": "application/x-protobuf"},
        trust_env=False,
    ).raise_for_status()


def test_spans_are_counted_also_while_the_store_is_away(console: Process, way: Proxy) -> None:
    send(console, ROOM + 5)
    found = scrape(console)
    # what waits is written a second later
    assert 0 <= found.pop("yiwang_spans_waiting") <= ROOM
    assert found == {"yiwang_store_up": 1, "yiwang_spans_total": ROOM + 5, "yiwang_spans_dropped_total": 5}
    for away in (way.hold, way.refuse):
        away()
        found = scrape(console)
        assert (found["yiwang_store_up"], found["yiwang_spans_total"]) == (0, ROOM + 5)
    way.flow()


def test_people_find_none_at_their_port(console: Process) -> None:
    assert httpx.get(f"http://127.0.0.1:{console.plan.env['CONSOLE_PORT']}/metrics", trust_env=False).status_code == 404

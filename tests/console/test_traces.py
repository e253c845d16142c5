"""The embedded trace store as a process: real OTLP from the real exporter in, Jaeger's query v3 out."""

import gzip
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import StatusCode
from pymongo import MongoClient
from pymongo.database import Database

from deploy.local.home import Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from services.chassis.cursors import encode

PROTOBUF = {"Content-Type": "application/x-protobuf"}


@dataclass
class Console:
    url: str
    pages: str
    process: Process
    database: Database[dict[str, Any]]

    def trace(self, trace: str, seconds: float = 10) -> dict[str, Any]:
        found: list[httpx.Response] = []

        def there() -> bool:
            found[:] = [httpx.get(f"{self.url}/api/v3/traces/{trace}", trust_env=False)]
            return found[0].status_code == 200

        until(there, seconds)
        told: dict[str, Any] = found[0].json()
        return told


def until(done: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, store: str) -> Iterator[Console]:
    port, traces, name = str(free_port()), str(free_port()), f"t{uuid4().hex}"
    told = {
        "PROFILE": "test",
        "MONGODB_URL": store,
        "DATABASE": name,
        "CONSOLE_PORT": port,
        "TRACES_PORT": traces,
        "TRACE_DAYS": "3",
    }
    argv = [sys.executable, "-m", "services", "console"]
    process = Process(Plan("console", "", argv, f"http:{port}", told), Home(tmp_path_factory.mktemp("console")))
    start_all([process])
    with MongoClient[dict[str, Any]](store, tz_aware=True) as client:
        yield Console(f"http://127.0.0.1:{traces}", f"http://127.0.0.1:{port}", process, client[name])
    stop_all([process])


def spans_of(trace: dict[str, Any]) -> dict[str, dict[str, Any]]:
    scopes = [scope for resource in trace["result"]["resourceSpans"] for scope in resource["scopeSpans"]]
    return {span["name"]: span for scope in scopes for span in scope["spans"]}


def request(trace: str, *names: str) -> bytes:
    exported = ExportTraceServiceRequest()
    resource = exported.resource_spans.add()
    for name in names:
        span = resource.scope_spans.add().spans.add(trace_id=bytes.fromhex(trace), name=name)
        span.span_id = uuid4().bytes[:8]
    return exported.SerializeToString()


def post(console: Console, body: bytes, **headers: str) -> int:
    return httpx.post(
        f"{console.url}/v1/traces", content=body, headers={**PROTOBUF, **headers}, trust_env=False
    ).status_code


def test_two_services_of_one_trace(console: Console) -> None:
    providers = []
    for service in ("gateway", "alerts"):
        provider = TracerProvider(resource=Resource({"service.name": service}))
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{console.url}/v1/traces")))
        providers.append(provider)
    door, alerts = (provider.get_tracer("yiwang") for provider in providers)
    with (
        door.start_as_current_span("POST /v1/intake") as parent,
        alerts.start_as_current_span("process", attributes={"count": 3}) as child,
    ):
        child.set_status(StatusCode.ERROR)
    trace = f"{parent.get_span_context().trace_id:032x}"
    until(lambda: len(spans_of(console.trace(trace))) == 2)
    found = console.trace(trace)
    services = {
        attribute["value"]["stringValue"]
        for resource in found["result"]["resourceSpans"]
        for attribute in resource["resource"]["attributes"]
        if attribute["key"] == "service.name"
    }
    assert services == {"gateway", "alerts"}
    spans = spans_of(found)
    assert spans["process"]["parentSpanId"] == spans["POST /v1/intake"]["spanId"]
    assert spans["process"]["traceId"] == trace
    assert spans["process"]["status"]["code"] == 2
    assert {"key": "count", "value": {"intValue": "3"}} in spans["process"]["attributes"]
    assert int(spans["process"]["endTimeUnixNano"]) >= int(spans["process"]["startTimeUnixNano"])


def test_a_span_that_is_sent_again_is_one_span(console: Console) -> None:
    trace = uuid4().hex
    body = request(trace, "once")
    assert post(console, body) == post(console, gzip.compress(body), **{"Content-Encoding": "gzip"}) == 200
    assert len(console.trace(trace)["result"]["resourceSpans"]) == 1
    other = uuid4().hex
    assert post(console, request(other, "later")) == 200
    console.trace(other)
    assert len(spans_of(console.trace(trace))) == 1


def test_traces_are_for_machines_and_pages_for_people(console: Console) -> None:
    """Whoever reaches the pages reaches no trace without a session; who reaches the traces finds no page."""
    for path in ("/api/traces", "/api/traces:map", f"/api/v3/traces/{uuid4().hex}"):
        assert httpx.get(console.pages + path, trust_env=False).status_code == 404
    assert httpx.post(f"{console.pages}/v1/traces", headers={"Sec-Fetch-Site": "same-origin"}, trust_env=False).is_error
    assert httpx.get(f"{console.url}/sign-in", trust_env=False).status_code == 404
    assert httpx.get(f"{console.pages}/sign-in", trust_env=False).status_code == 200
    for url in (console.pages, console.url):
        assert httpx.get(f"{url}/readyz", trust_env=False).status_code == 200


def test_an_order_without_end_is_refused(console: Console) -> None:
    ours = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    large = httpx.post(f"{console.pages}/sign-in", content=b"key=" + b"x" * 300_000, headers=ours, trust_env=False)
    endless = httpx.post(f"{console.pages}/sign-in", content=iter([b"key=x"]), headers=ours, trust_env=False)
    assert (large.status_code, endless.status_code) == (413, 413)


def test_bad_input(console: Console) -> None:
    assert post(console, b"\xff\xff\xff") == 400
    assert post(console, b"x", **{"Content-Encoding": "gzip"}) == 400
    assert post(console, b"x", **{"Content-Encoding": "br"}) == 415
    assert post(console, b"{}", **{"Content-Type": "application/json"}) == 415
    assert post(console, b"x" * (5 * 1024 * 1024)) == 413
    assert post(console, gzip.compress(b"\0" * (64 * 1024 * 1024)), **{"Content-Encoding": "gzip"}) == 413
    hostile = ExportTraceServiceRequest()
    span = hostile.resource_spans.add().scope_spans.add().spans.add(trace_id=b"short", span_id=b"x")
    span.start_time_unix_nano = 2**64 - 1
    assert post(console, hostile.SerializeToString()) == 200
    for trace, status in ((uuid4().hex, 404), ("xyz", 400), ("A" * 32, 400)):
        assert httpx.get(f"{console.url}/api/v3/traces/{trace}", trust_env=False).status_code == status
    largest = uuid4().hex
    far = ExportTraceServiceRequest.FromString(request(largest, "far"))
    far.resource_spans[0].scope_spans[0].spans[0].start_time_unix_nano = 2**64 - 1
    assert post(console, far.SerializeToString()) == 200
    assert spans_of(console.trace(largest))["far"]["startTimeUnixNano"] == str(2**64 - 1)


def test_few_indexes_and_little_memory(console: Console) -> None:
    assert set(console.database["traces"].index_information()) == {"_id_", "newest", "trace", "subjects"}
    for _ in range(20):
        assert post(console, request(uuid4().hex, *(f"s{number}" for number in range(200)))) == 200
    until(lambda: sum(found["spans"] for found in console.database["traces"].find({}, {"spans": 1})) >= 4000, 20)
    assert console.process.child is not None
    seen = psutil.Process(console.process.child.pid)
    assert seen.memory_info().rss < 120 * 1024 * 1024
    assert [c.laddr.ip for c in seen.net_connections() if c.status == "LISTEN"] == ["127.0.0.1"] * 2


def told(trace: str, *spans: dict[str, Any], service: str = "gateway") -> bytes:
    """Spans of one service: name, id, parent, ms, failed, and attributes."""
    exported = ExportTraceServiceRequest()
    resource = exported.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = service
    for one in spans:
        span = resource.scope_spans.add().spans.add(trace_id=bytes.fromhex(trace), name=one["name"])
        span.span_id, span.parent_span_id = one.get("id", uuid4().bytes[:8]), one.get("parent", b"")
        span.start_time_unix_nano = time.time_ns()
        span.end_time_unix_nano = span.start_time_unix_nano + one.get("ms", 1) * 1_000_000
        if one.get("failed"):
            span.status.code = 2
        for key, value in one.get("attributes", {}).items():
            span.attributes.add(key=key).value.string_value = value
    return exported.SerializeToString()


def listed(console: Console, **query: str) -> list[dict[str, Any]]:
    found = httpx.get(f"{console.url}/api/traces", params=query, trust_env=False)
    assert found.status_code == 200
    return list(found.json()["items"])


def test_a_trace_is_found_by_whatever_is_known_of_it(console: Console) -> None:
    slow, broken, number = uuid4().hex, uuid4().hex, f"G2026-{uuid4().hex}"
    door = {"name": f"POST /v1/{number}", "id": b"12345678", "ms": 900}
    assert post(console, told(slow, door)) == 200
    inner = {"name": "process", "parent": b"12345678", "attributes": {"yiwang.subject": number, "messaging.x": number}}
    assert post(console, told(slow, inner, service="alerts")) == 200
    assert post(console, told(broken, {"name": f"GET {number}", "failed": True})) == 200
    until(lambda: {slow, broken} <= {found["trace_id"] for found in listed(console)})
    (found,) = listed(console, subject=number)
    assert (found["trace_id"], found["spans"], found["failed"]) == (slow, 2, 0)
    assert (found["service"], found["operation"], found["subjects"]) == ("gateway", door["name"], [number])
    assert found["services"] == ["gateway", "alerts"]
    assert 900 <= found["duration_ms"] < 1000
    for query in ({"operation": door["name"]}, {"attribute": f"messaging.x={number}"}, {"min_ms": "899.5"}):
        assert slow in {found["trace_id"] for found in listed(console, **query)}
        assert broken not in {found["trace_id"] for found in listed(console, **query)}
    assert {found["trace_id"] for found in listed(console, failed="true", operation=f"GET {number}")} == {broken}
    assert slow not in {found["trace_id"] for found in listed(console, min_ms="2000")}
    assert {found["trace_id"] for found in listed(console, service="alerts", operation=door["name"])} == {slow}


def test_a_trace_that_goes_on_later_is_one_line(console: Console) -> None:
    trace = uuid4().hex
    assert post(console, told(trace, {"name": "first", "id": b"abcdefgh"})) == 200
    until(lambda: bool(console.database["traces"].count_documents({"trace": trace})))
    assert post(console, told(trace, {"name": "later", "parent": b"abcdefgh"}, service="cases")) == 200
    until(lambda: console.database["traces"].count_documents({"trace": trace}) == 2)
    (found,) = [found for found in listed(console) if found["trace_id"] == trace]
    assert (found["spans"], found["operation"], found["services"]) == (2, "first", ["cases", "gateway"][::-1])
    assert set(spans_of(console.trace(trace))) == {"first", "later"}


def test_pages_hold_every_trace_once(console: Console) -> None:
    name = uuid4().hex
    traces = [uuid4().hex for _ in range(25)]
    for trace in traces:
        assert post(console, told(trace, {"name": name})) == 200
    until(lambda: len(listed(console, operation=name, limit="200")) == 25)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = httpx.get(
            f"{console.url}/api/traces", params={"operation": name, "limit": "10", **cursor}, trust_env=False
        ).json()
        seen += [found["trace_id"] for found in page["items"]]
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}
    assert sorted(seen) == sorted(traces)


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "x"},
        {"cursor": encode("no time")},
        {"limit": "0"},
        {"min_ms": "nan"},
        {"attribute": "no-equals"},
        {"limit": "201"},
    ],
)
def test_a_query_that_is_none(console: Console, query: dict[str, str]) -> None:
    assert httpx.get(f"{console.url}/api/traces", params=query, trust_env=False).status_code == 400


def test_the_map_is_drawn_from_what_came(console: Console) -> None:
    trace, one, other = uuid4().hex, f"a{uuid4().hex}", f"b{uuid4().hex}"
    assert post(console, told(trace, {"name": "ask", "id": b"abcdefgh"}, service=one)) == 200
    assert post(console, told(trace, {"name": "answer", "parent": b"abcdefgh", "ms": 5}, service=other)) == 200

    def drawn() -> list[dict[str, Any]]:
        links = httpx.get(f"{console.url}/api/traces:map", trust_env=False).json()["links"]
        return [link for link in links if link["caller"] == one]

    until(lambda: bool(drawn()))
    assert drawn() == [
        {"caller": one, "callee": other, "via": "request", "count": 1, "failed": 0, "mean_ms": 5.0},
    ]

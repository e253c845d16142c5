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
from services.console.traces import Traces, Undecodable

PROTOBUF = {"Content-Type": "application/x-protobuf"}


@dataclass
class Console:
    url: str
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
    port, name = str(free_port()), f"t{uuid4().hex}"
    told = {"PROFILE": "test", "MONGODB_URL": store, "DATABASE": name, "CONSOLE_PORT": port, "TRACE_DAYS": "3"}
    argv = [sys.executable, "-m", "services", "console"]
    process = Process(Plan("console", "", argv, f"http:{port}", told), Home(tmp_path_factory.mktemp("console")))
    start_all([process])
    with MongoClient[dict[str, Any]](store, tz_aware=True) as client:
        yield Console(f"http://127.0.0.1:{port}", process, client[name])
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
    assert console.database["spans"].count_documents({"_id": {"$gte": trace, "$lt": f"{trace}g"}}) == 1


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
    indexes = console.database["spans"].index_information()
    expiry = [index["expireAfterSeconds"] for index in indexes.values() if "expireAfterSeconds" in index]
    assert (len(indexes), expiry) == (2, [3 * 86_400])
    for _ in range(20):
        assert post(console, request(uuid4().hex, *(f"s{number}" for number in range(200)))) == 200
    until(lambda: console.database["spans"].count_documents({}) >= 4000, 20)
    assert console.process.child is not None
    seen = psutil.Process(console.process.child.pid)
    assert seen.memory_info().rss < 120 * 1024 * 1024
    assert [c.laddr.ip for c in seen.net_connections() if c.status == "LISTEN"] == ["127.0.0.1"]


def test_the_oldest_give_way_and_are_counted(mongo: MongoClient[dict[str, Any]]) -> None:
    traces = Traces(mongo["unused"], days=1, queue=5)  # type: ignore[arg-type]
    trace = uuid4().hex
    assert traces.take(request(trace, "a", "b", "c")) == 3
    assert traces.dropped == 0
    traces.take(request(trace, "d", "e", "f", "g"))
    assert traces.dropped == 2
    assert [document["name"] for document in traces._queue] == ["c", "d", "e", "f", "g"]
    batch = [traces._queue.popleft() for _ in range(2)]
    traces.take(request(trace, "h"))
    traces._give_back(batch)
    assert traces.dropped == 3
    assert [document["name"] for document in traces._queue] == ["d", "e", "f", "g", "h"]
    with pytest.raises(Undecodable):
        traces.take(b"\xff")

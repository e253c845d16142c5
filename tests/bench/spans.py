"""Part `spans`: how many spans a second the embedded trace store writes, and what a list, a search and the map cost."""

import sys
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rich.console import Console

from deploy.local.processes import Plan
from tests.bench.findings import Effort, Findings, table_of
from tests.bench.stage import Stage, port, until

PROMISED = 2_000
A_BODY, A_TRACE = 500, 10
SERVICES = ("gateway", "alerts", "cases", "grid")
HEADERS = {"Content-Type": "application/x-protobuf"}
# below the room of the queue: nothing is dropped, so that what is sent is what is stored
MOST_WAITING = 10_000
COLUMNS = ("", "spans/s", "CPU-s/1,000", "console", "store", "newest 50 ms", "by case ms", "failed ms", "map ms")


def run(stage: Stage, effort: Effort, console: Console) -> Findings:
    """One console, sent as much as it writes."""
    at = port()
    told = {
        "PROFILE": "test",
        "MONGODB_URL": stage.mongodb_url,
        "DATABASE": "bench_spans",
        "CONSOLE_PORT": port(),
        "TRACES_PORT": at,
    }
    plan = Plan("console", "", [sys.executable, "-m", "services", "console"], f"http:{at}", told)
    stage.amqp_url  # noqa: B018 (the meter watches the broker as well)
    with stage.running([plan]) as [process], httpx.Client(base_url=f"http://127.0.0.1:{at}", trust_env=False) as http:
        meter, begun, sent = stage.meter(app=[process]), time.monotonic(), 0
        while time.monotonic() - begun < effort.window_s:
            if _ready(http)["waiting"] < MOST_WAITING:
                http.post("/v1/traces", content=_body(sent), headers=HEADERS).raise_for_status()
                sent += A_BODY
            else:
                time.sleep(0.05)
        until(lambda: _ready(http)["waiting"] == 0, "all spans are written")
        passed, spent, dropped = time.monotonic() - begun, meter.spent(), _ready(http)["dropped"]
        rate = (sent - dropped) / passed
        console.print(f"  {sent:,} spans, {rate:,.0f}/s, {dropped} dropped")
        asked = {
            "newest": _timed(http, "/api/traces"),
            "subject": _timed(http, "/api/traces", subject="case-17"),
            "failed": _timed(http, "/api/traces", failed="true"),
            "map": _timed(http, "/api/traces:map"),
        }
    cpu = {group: 1000 * seconds / sent for group, seconds in spent.seconds.items()}
    found = Findings(figures={"spans_per_s": rate, "dropped": dropped, "cpu": cpu, "asked_ms": asked})
    figures = [f"{rate:,.0f}", f"{cpu['app'] + cpu['store']:.3f}", f"{cpu['app']:.3f}", f"{cpu['store']:.3f}"]
    times = [f"{found:,.0f}" for found in asked.values()]
    found.tables.append(table_of("链路库 Trace store", COLUMNS, [[f"{sent:,} spans", *figures, *times]]))
    found.at_least("spans/s stored", rate, PROMISED)
    return found


def _body(serial: int) -> bytes:
    exported = ExportTraceServiceRequest()
    scopes = []
    for name in SERVICES:
        resource = exported.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = name
        scopes.append(resource.scope_spans.add())
    now = time.time_ns()
    for first in range(0, A_BODY, A_TRACE):
        trace, above = uuid4().bytes, b""
        for place in range(A_TRACE):
            span = scopes[place % len(scopes)].spans.add(trace_id=trace, name=f"step {place}", parent_span_id=above)
            above = span.span_id = uuid4().bytes[:8]
            span.start_time_unix_nano, span.end_time_unix_nano = now + place, now + 1_000_000
            span.attributes.add(key="messaging.system").value.string_value = "rabbitmq"
            span.attributes.add(key="yiwang.subject").value.string_value = f"case-{serial + first}"
        if first == 0:
            span.status.code = 2
    return exported.SerializeToString()


def _ready(http: httpx.Client) -> dict[str, Any]:
    told: dict[str, Any] = http.get("/readyz").json()
    return told


def _timed(http: httpx.Client, path: str, **query: str) -> float:
    def once(ask: Callable[[], httpx.Response]) -> float:
        begun = time.monotonic()
        ask().raise_for_status()
        return 1000 * (time.monotonic() - begun)

    return min(once(lambda: http.get(path, params=query, timeout=60)) for _ in range(3))

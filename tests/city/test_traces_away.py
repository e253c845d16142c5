"""The trace store is killed, or stands still with its port open: no work waits for it, and every stop is quick."""

import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deploy.local import cameras
from deploy.local.demo import ground
from deploy.local.home import free_port
from deploy.local.processes import Plan, Process, start_all
from services.cli.payloads import Payload
from tests.faults.town import STOP_WITHIN_S, Town, eventually
from tests.laid import DISTRICT

WORKERS = ("alerts", "cases", "gateway")
BEFORE, AFTER = 5, 30
INTRUSION = cameras.Series("fielddetection", BEFORE + 2 * AFTER, 1, dispatching=True)


class Traced:
    """A town whose processes send spans to a console that a test may hurt."""

    def __init__(self, path: Path) -> None:
        pages, traces = str(free_port()), str(free_port())
        told = {"CONSOLE_PORT": pages, "TRACES_PORT": traces, "PROFILE": "test", "DATABASE": "traces"}
        address = f"http://127.0.0.1:{traces}"
        self.town = Town(path, OTLP_ENDPOINT=f"{address}/v1/traces", TRACES_URL=address)
        argv = [sys.executable, "-m", "services", "console"]
        plan = Plan("console", "", argv, f"http:{pages}", {**told, "MONGODB_URL": self.town.mongodb})
        self.console = Process(plan, self.town.home)

    def ask(self, method: str, path: str, who: str = "operator", **told: object) -> httpx.Response:
        """One request to the gateway, under a trace that is recorded."""
        headers = {
            "Authorization": f"Bearer {self.town.keys[who]}",
            "Content-Type": "application/xml",
            "traceparent": f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-01",
        }
        return httpx.request(method, self.town.door + path, headers=headers, trust_env=False, timeout=30, **told)  # type: ignore[arg-type]

    def report(self, payload: Payload) -> None:
        """A camera's alarm, promised to be kept."""
        assert self.ask("POST", payload.path, "device", content=payload.body).status_code == 202

    def cases(self) -> list[str]:
        """The alerts that have a case, once for each case."""
        return [one["alert"] for one in self.town.database("cases")["cases"].find({}, {"alert": 1})]

    def unsent(self) -> dict[str, int]:
        """How many spans of each process nobody has taken."""
        bus = self.ask("GET", "/v1/bus").json()
        services = {one["service"]: one["process"]["spans_unsent"] for one in bus["services"]}
        return {"gateway": bus["process"]["spans_unsent"], **services}


@pytest.fixture
def traced(tmp_path: Path) -> Iterator[Traced]:
    """Broker, store, console, and the processes that an alarm passes."""
    found = Traced(tmp_path)
    with found.town:
        start_all([found.console])
        try:
            found.town.start_all(WORKERS)
            yield found
        finally:
            found.console.send(signal.SIGKILL)


def test_work_goes_on_without_a_trace_store(traced: Traced) -> None:
    chosen = ground.invent(DISTRICT).cameras[: BEFORE + 2 * AFTER]
    payloads = list(cameras.alarms(chosen, [INTRUSION], datetime.now(UTC)))

    def report(until: int) -> None:
        for payload in payloads[len(traced.cases()) : until]:
            traced.report(payload)
        opened = eventually(lambda: (found := traced.cases()) and len(found) == until and found, what="cases")
        assert len(set(opened)) == until

    report(BEFORE)
    eventually(lambda: not any(traced.unsent()[name] for name in WORKERS[:2]), what="all spans taken")

    traced.console.send(signal.SIGKILL)
    report(BEFORE + AFTER)
    # each report, each alert and each case has a span of its own at least
    eventually(lambda: all(traced.unsent()[name] >= AFTER for name in WORKERS), what="spans counted")

    start_all([traced.console])
    traced.console.send(signal.SIGSTOP)
    report(BEFORE + 2 * AFTER)
    eventually(lambda: all(traced.unsent()[name] >= 2 * AFTER for name in WORKERS), what="spans counted")
    assert traced.town.database("alerts")["dead_letters"].count_documents({}) == 0
    assert traced.town.database("cases")["dead_letters"].count_documents({}) == 0

    for name in WORKERS:
        [process] = traced.town.running(name)
        code, seconds = traced.town.stop(process)
        assert (code, seconds < STOP_WITHIN_S) == (0, True), (name, code, seconds)

"""The cases service as a process on the session's broker and store, asked as the gateway asks it."""

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from contracts.base import Event
from deploy.local.home import Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from services.chassis.asking import Bus
from services.chassis.links import Publisher
from services.chassis.messages import envelope, outgoing

T = TypeVar("T")


@dataclass
class Desk:
    """Running copies of the service over one database, and all that left them as spans."""

    home: Home
    amqp: str
    mongodb: str
    database: Database[dict[str, Any]]
    spans: bytearray = field(default_factory=bytearray)
    traces: str = ""
    started: list[Process] = field(default_factory=list)

    def start(self) -> Process:
        """One more copy."""
        port = str(free_port())
        told = {
            "PROFILE": "test",
            "RETRY_TIERS": "0.2,0.5,1",
            "AMQP_URL": self.amqp,
            "MONGODB_URL": self.mongodb,
            "DATABASE": self.database.name,
            "HEALTH_PORT": port,
            "OTLP_ENDPOINT": self.traces,
        }
        plan = Plan("cases", "", [sys.executable, "-m", "services", "cases"], f"http:{port}", told)
        process = Process(plan, self.home)
        self.started.append(process)
        start_all([process])
        return process

    def ask(self, work: Callable[[Bus], Awaitable[T]]) -> T:
        """Whatever is asked inside `work`."""

        async def run() -> T:
            async with Bus(self.amqp, "tester") as bus:
                return await work(bus)

        return asyncio.run(run())

    def tell(self, *events: tuple[Event, str, int]) -> None:
        """Publish (event, subject, sequence) as their owner does."""
        publisher = Publisher(self.amqp, "tester")
        trace = f"00-{'5a' * 16}-{'1' * 16}-01"
        refused = publisher.publish(
            [
                outgoing(uuid4().hex, event.wire, envelope(event, subject, sequence).model_dump_json(), trace)
                for event, subject, sequence in events
            ]
        )
        publisher.close()
        assert not any(refused)


def eventually(check: Callable[[], T], within: float = 15.0) -> T:
    """The first truthy answer."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("never came true")


@pytest.fixture(scope="module")
def desk(home: Home, broker: str, store: str) -> Iterator[Desk]:
    """The case desk with one copy running."""
    kept = bytearray()

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.extend(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    with MongoClient[dict[str, Any]](store, tz_aware=True) as client:
        traces = f"http://127.0.0.1:{collector.server_port}/v1/traces"
        running = Desk(home, broker, store, client[f"t{uuid4().hex}"], kept, traces)
        running.start()
        yield running
        stop_all(running.started)
    collector.shutdown()

"""The probe service, as a process, against the session's broker and store."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from contracts.shared import Caller, Scope
from deploy.local.home import ROOT, Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from services.chassis.asking import Bus
from services.chassis.topology import declare

T = TypeVar("T")
PAUSES = (0.2, 0.5, 1.0)
HERE = str(Path(__file__).parent)
CALLER = Caller(client="tester", scopes=frozenset({Scope.ADMIN}))


def eventually(check: Callable[[], Any], within: float = 15.0) -> Any:
    """The first truthy answer."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("never came true")


@dataclass
class Probe:
    """A probe city: start and kill its process, ask it, look into its database."""

    home: Home
    url: str
    store_url: str
    database: Database[dict[str, Any]]
    started: list[Process] = field(default_factory=list)

    def start(self, **env: str) -> Process:
        port = str(free_port())
        told = {
            "PROFILE": "test",
            "RETRY_TIERS": ",".join(map(str, PAUSES)),
            "PYTHONPATH": f"{HERE}:{ROOT}",
            "AMQP_URL": self.url,
            "MONGODB_URL": self.store_url,
            "DATABASE": self.database.name,
            "HEALTH_PORT": port,
            **env,
        }
        process = Process(Plan("probe", "", [sys.executable, "-m", "probing"], f"http:{port}", told), self.home)
        self.started.append(process)
        start_all([process])
        return process

    def ask(self, work: Callable[[Bus], Awaitable[T]]) -> T:
        async def run() -> T:
            async with Bus(self.url, "tester") as bus:
                return await work(bus)

        return asyncio.run(run())


@pytest.fixture(scope="session")
def probe_contracts() -> Any:
    sys.path.insert(0, HERE)
    from probing import probe

    return probe


@pytest.fixture(scope="session")
def topology(broker: str, probe_contracts: Any) -> str:
    contracts = probe_contracts
    heard = [("probe", event) for event in (contracts.ThingMade, contracts.ThingCounted, contracts.ThingPosted)]
    declare(broker, heard, ["probe"], PAUSES)
    return broker


@pytest.fixture
def probe(home: Home, topology: str, store: str, database: Any) -> Iterator[Probe]:
    """Nothing runs yet; for tests that start and kill."""
    found = Probe(home, topology, store, database)
    yield found
    stop_all(found.started)


@pytest.fixture(scope="module")
def running(home: Home, topology: str, store: str, mongo: MongoClient[dict[str, Any]]) -> Iterator[Probe]:
    """One process for all tests that harm nobody; each uses ids of its own."""
    found = Probe(home, topology, store, mongo[f"t{uuid4().hex}"])
    found.start()
    yield found
    stop_all(found.started)

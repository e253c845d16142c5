"""The real broker, the real store and the real city, each started once and only when a test asks for it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from deploy.local.home import CITY, ROOT, Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from deploy.local.supervisor import STATE
from tests.laid import catalogued, laid, tell
from tests.resting import rest_clock

__all__ = ["catalogued", "laid", "rest_clock", "tell"]

# Retries within a test's patience. The broker keeps the pauses in its queues, so that every process must agree on them.
TEST_ENVIRONMENT = {"PROFILE": "test", "RETRY_TIERS": "0.2,0.5,1", "PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True)
class City:
    """A running embedded city: base address of its gateway, administrators' URLs, bearer keys by client."""

    home: Home
    gateway: str
    console: str
    amqp: str
    mongodb: str
    keys: dict[str, str]
    departments: dict[str, str]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home directory of the session's broker and store."""
    return Home(tmp_path_factory.mktemp("yiwang"))


@pytest.fixture(scope="session")
def broker(home: Home) -> Iterator[str]:
    """A private RabbitMQ node with the whole topology declared: the administrator's URL."""
    from deploy.local import broker as node

    url = node.url(home, node.ADMIN)
    declare = [sys.executable, "-m", "services", "declare"]
    job = Plan("declare", "", declare, "exit", {**TEST_ENVIRONMENT, "AMQP_URL": url}, ["broker"])
    started = [Process(plan, home) for plan in (*node.plans(home), job)]
    start_all(started)
    yield url
    stop_all(started)


@pytest.fixture(scope="session")
def store(home: Home) -> Iterator[str]:
    """A private document store without authentication: its URL."""
    from deploy.local import store as documents

    process = Process(documents.plan(home, auth=False), home)
    start_all([process])
    yield f"mongodb://127.0.0.1:{home.port('store')}/?{documents.OPTIONS}"
    stop_all([process])


@pytest.fixture(scope="session")
def mongo(store: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """One client for the whole session."""
    with MongoClient[dict[str, Any]](store, tz_aware=True) as client:
        yield client


@pytest.fixture
def database(mongo: MongoClient[dict[str, Any]]) -> Database[dict[str, Any]]:
    """A database that nobody has used; it is never dropped."""
    return mongo[f"t{uuid4().hex}"]


class Processes:
    """Starts single service processes against the session's broker and store."""

    def __init__(self, home: Home, broker: str, store: str) -> None:
        self.home, self.broker, self.store = home, broker, store
        self.started: list[Process] = []

    def start(self, service: str, **env: str) -> Process:
        """Start `python -m services <service>` and return when its /readyz answers 200.

        `env` is added to its environment. `DATABASE` is a fresh name unless given; the health port, and for the
        gateway its own, is in `plan.env` (`HEALTH_PORT`, `GATEWAY_PORT`).
        """
        port = str(free_port())
        told = {
            **TEST_ENVIRONMENT,
            "AMQP_URL": self.broker,
            "MONGODB_URL": self.store,
            "DATABASE": f"t{uuid4().hex}",
            ("GATEWAY_PORT" if service == "gateway" else "HEALTH_PORT"): port,
            **env,
        }
        port = told.get("GATEWAY_PORT") or told["HEALTH_PORT"]
        plan = Plan(service, "", [sys.executable, "-m", "services", service], f"http:{port}", told)
        process = Process(plan, self.home)
        self.started.append(process)
        start_all([process])
        return process


@pytest.fixture
def processes(home: Home, broker: str, store: str) -> Iterator[Processes]:
    """A starter of service processes, which are stopped when the test ends."""
    starter = Processes(home, broker, store)
    yield starter
    stop_all(starter.started)


def local(home: Home, *arguments: str, timeout: float = 300, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m deploy.local …` for a home, as a person would."""
    told = {name: value for name, value in os.environ.items() if name not in {"AMQP_URL", "MONGODB_URL"}}
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", *arguments],
        env={**told, "YIWANG_HOME": str(home.path), **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def state(home: Home) -> dict[str, dict[str, Any]]:
    """What the supervisor of a home last reported, by process."""
    return {row["name"]: row for row in home.read(STATE) or []}


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The whole embedded city, test profile, in a home of its own."""
    home = Home(tmp_path_factory.mktemp("city"))
    up = local(home, "up", **TEST_ENVIRONMENT)
    assert up.returncode == 0, up.stdout + up.stderr
    told = json.loads(Path(home.path / CITY).read_text("utf-8"))
    departments = told["keys"].pop("departments")
    yield City(home, told["gateway"], told["console"], told["amqp"], told["mongodb"], told["keys"], departments)
    down = local(home, "down")
    assert down.returncode == 0, down.stdout + down.stderr

"""The sharing process on the session's broker and store."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from contracts.base import Request
from contracts.sharing import (
    ActOnDataset,
    ApplyForDataset,
    CloudEvent,
    DatasetAction,
    DecideDatasetApplication,
    Published,
    PublishRecords,
    Purpose,
)
from deploy.local.home import Home
from deploy.local.processes import Process, stop_all
from services.chassis.asking import Bus
from tests.conftest import Processes
from tests.sharing.scene import approver, consumer, provider, saving

T = TypeVar("T")


def eventually(check: Callable[[], T], within: float = 15.0) -> T:
    """The first truthy answer."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("never came true")


@dataclass
class Sharing:
    """A running sharing service: ask it, look into its database."""

    url: str
    database: Database[dict[str, Any]]
    start: Callable[..., Process]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    process: Process | None = None

    def __post_init__(self) -> None:
        self.bus = Bus(self.url, "tester")
        self.loop.run_until_complete(self.bus.start())

    def close(self) -> None:
        self.loop.run_until_complete(self.bus.stop())
        self.loop.close()

    def ask(self, request: Request[Any], timeout: float = 10) -> Any:
        asked: Awaitable[Any] = self.bus.ask(request, timeout)
        return self.loop.run_until_complete(asked)

    def published_dataset(self, code: str, **other: Any) -> None:
        self.ask(saving(code, **other))
        for action, who in ((DatasetAction.SUBMIT, provider), (DatasetAction.PUBLISH, approver)):
            self.ask(ActOnDataset(caller=who, code=code, action=action))

    def publish(self, code: str, *events: CloudEvent, key: str | None = None) -> Published:
        command = PublishRecords(caller=provider, dataset=code, events=list(events), idempotency_key=key)
        published: Published = self.ask(command)
        return published

    def granted(self, code: str, *fields: str, until: datetime | None = None, **masks: Any) -> str:
        """A grant to the consumer for grid governance: its id."""
        applied = self.ask(
            ApplyForDataset(
                caller=consumer,
                dataset=code,
                purpose=Purpose.GRID_GOVERNANCE,
                legal_basis="社会救助暂行办法",
                fields=list(fields) or ["household", "name", "id_card", "mobile"],
                valid_until=until or datetime.now(UTC) + timedelta(days=30),
            )
        )
        if applied.state == "submitted":
            applied = self.ask(
                DecideDatasetApplication(caller=provider, id=applied.id, decision="approve", masks=masks)
            )
        return str(applied.grant)


@pytest.fixture(scope="module")
def sharing(home: Home, broker: str, store: str, mongo: MongoClient[dict[str, Any]]) -> Iterator[Sharing]:
    """One sharing process for the tests of a module: each uses datasets of its own."""
    yield from _running(home, broker, store, mongo, LOG_LEVEL="DEBUG")


@pytest.fixture
def fragile(home: Home, broker: str, store: str, mongo: MongoClient[dict[str, Any]]) -> Iterator[Sharing]:
    """A sharing process of one test, which starts it."""
    yield from _running(home, broker, store, mongo)


def _running(home: Home, broker: str, store: str, mongo: MongoClient[dict[str, Any]], **env: str) -> Iterator[Sharing]:
    processes = Processes(home, broker, store)
    database = mongo[f"t{uuid4().hex}"]
    running = Sharing(broker, database, partial(processes.start, "sharing", DATABASE=database.name))
    if env:
        running.process = running.start(**env)
    yield running
    running.close()
    stop_all(processes.started)

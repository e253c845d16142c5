"""The ground on which a run plays: one broker and one durable store for everybody, started when first asked for."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import amqp
from pymongo import MongoClient

from deploy.local import broker, store
from deploy.local.home import Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from deploy.rights import ADMIN, VHOST
from tests.bench.meter import Meter

READY_WITHIN = 60.0


class Stage:
    """Starts and stops processes; knows the addresses of broker and store."""

    def __init__(self, home: Path) -> None:
        self.home = Home(home)
        self.servers: dict[str, Process] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop_all(self.servers.values())

    @cached_property
    def amqp_url(self) -> str:
        """The broker with the whole topology declared, as its administrator."""
        url = broker.url(self.home, ADMIN)
        declare = [sys.executable, "-m", "services", "declare"]
        for plan in (*broker.plans(self.home), Plan("declare", "", declare, "exit", {"AMQP_URL": url}, ["broker"])):
            self.servers[plan.name] = Process(plan, self.home)
            start_all([self.servers[plan.name]])
        return url

    @cached_property
    def mongodb_url(self) -> str:
        """The store, durable and without authentication."""
        self.servers["store"] = Process(store.plan(self.home, auth=False), self.home)
        start_all([self.servers["store"]])
        return f"mongodb://127.0.0.1:{self.home.port('store')}/?{store.OPTIONS}"

    @cached_property
    def mongo(self) -> MongoClient[dict[str, Any]]:
        """A client of the store."""
        return MongoClient(self.mongodb_url, tz_aware=True)

    @cached_property
    def channel(self) -> amqp.Channel:
        """For looks at queues."""
        self.amqp_url  # noqa: B018 (starts the broker)
        login = ADMIN, self.home.secret(f"broker.{ADMIN}")
        connection = amqp.Connection(f"127.0.0.1:{self.home.port('broker')}", *login, virtual_host=VHOST, heartbeat=0)
        connection.connect()
        return connection.channel()

    def queue(self, name: str) -> tuple[int, int]:
        """Messages that wait in a queue, and its consumers; none of a queue that nobody has declared yet."""
        try:
            found = self.channel.queue_declare(name, passive=True)
        except amqp.NotFound:
            return 0, 0
        return found.message_count, found.consumer_count

    @contextmanager
    def running(self, plans: Sequence[Plan]) -> Iterator[list[Process]]:
        """These processes, each ready before the next starts."""
        processes = [Process(plan, self.home) for plan in plans]
        try:
            for process in processes:
                start_all([process]) if process.plan.ready else process.start()
            yield processes
        finally:
            stop_all(processes)

    def meter(self, **groups: Sequence[Process]) -> Meter:
        """A meter of these groups, of the broker and of the store."""
        watched: Mapping[str, Sequence[Process]] = {
            **groups,
            "broker": [self.servers["broker"]],
            "store": [self.servers["store"]],
        }
        return Meter({name: [pid_of(process) for process in found] for name, found in watched.items()})


def pid_of(process: Process) -> int:
    """Of a process that runs."""
    if process.child is None:
        raise RuntimeError(f"{process.plan.name} does not run")
    return process.child.pid


def until(done: Callable[[], bool], what: str, within: float = READY_WITHIN, pause: float = 0.05) -> None:
    """Wait for a condition. Raises TimeoutError."""
    deadline = time.monotonic() + within
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within:g} s: {what}")
        time.sleep(pause)


def port() -> str:
    """A free one."""
    return str(free_port())

"""One service alone with the broker and the store: scenes are performed on it, one after another.

The queues of events are taken off their exchange, so that no service hears what another one's scenes bring about, and
all that is published goes to one sink. Messages are put into a queue by name.
"""

import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

from kombu import Connection
from pydantic import BaseModel
from pymongo.database import Database

from contracts.base import Event, Request
from contracts.faults import Unavailable
from deploy.local.home import ROOT, free_port
from deploy.local.processes import answers
from services.chassis import topology
from services.chassis.asking import Bus
from services.chassis.links import Outgoing, Publisher
from services.chassis.messages import STRUCTURED, envelope
from services.chassis.registry import listeners
from tests.faults.town import Town

R = TypeVar("R", bound=BaseModel)
SINK = "faults.sink"
# they follow the clock, count turns or remember for a while, and are no effects
RESTLESS = frozenset({"counters", "stamps", "device_signs", "exchange_anchor", "fingerprints", "folds", "progress"})
PATIENCE = 40.0


def separate(town: Town) -> None:
    """No service hears another one any more; whatever is published has somewhere to go."""
    with Connection(town.amqp, connect_timeout=10) as connection:
        channel = connection.channel()
        channel.queue_declare(SINK, durable=True, arguments={"x-max-length": 1000, "x-overflow": "drop-head"})
        channel.queue_bind(SINK, topology.EVENTS, "#")
        for service, event in listeners():
            channel.queue_unbind(topology.event_queue(service, event.wire), topology.EVENTS, event.wire)


class Actor:
    """A process of the service that the nest has forked."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid, self.port = pid, port
        self.code: int | None = None


class Stage:
    """`async with Stage(town, "grid") as stage:`; `database` is a fresh one after each `renew`."""

    def __init__(self, town: Town, service: str) -> None:
        self.town, self.service = town, service
        self.name = ""
        self._bus = Bus(town.amqp, "tester")
        self._publisher = Publisher(town.amqp, "tester")
        self._connection = Connection(town.amqp)
        self._actors: dict[int, Actor] = {}
        self._said = b""
        self.renew()

    async def __aenter__(self) -> Self:
        self._nest = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nest", self.service],
            cwd=ROOT,
            env={**os.environ, **self.town.env, "PYTHONPATH": str(ROOT), "DATABASE": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        await self._bus.start()
        self._channel = self._connection.channel()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._kill_all()
        self._nest.communicate(timeout=20)
        await self._bus.stop()
        self._publisher.close()
        self._connection.release()

    @property
    def database(self) -> Database[dict[str, Any]]:
        """The database that the service works on."""
        return self.town.database(self.name)

    def renew(self) -> None:
        """Begin on an empty database."""
        self.name = f"{self.service}_{uuid4().hex[:12]}"
        self.town.names[self.name] = self.name

    async def start(self, crash_at: str = "") -> Actor:
        """A fresh process, ready; armed when told."""
        port = free_port()
        told = {
            "AMQP_URL": self.town.amqp_url(self.service),
            "MONGODB_URL": self.town.mongodb,
            "DATABASE": self.name,
            "CRASH_AT": crash_at,
            "HEALTH_PORT": str(port),
        }
        order = {"env": told, "log": str(self.town.home.log(self.service))}
        assert self._nest.stdin is not None
        self._nest.stdin.write(json.dumps(order).encode() + b"\n")
        self._nest.stdin.flush()
        pid = await self._until(lambda: next((pid for pid in self._actors if self._actors[pid].port == 0), 0), "forked")
        actor = self._actors[pid]
        actor.port = port
        await self._until(lambda: actor.code is not None or answers(f"http:{port}"), "ready")
        assert actor.code is None, f"{self.service} ended with {actor.code} at its start"
        return actor

    async def stop(self, actor: Actor) -> int:
        """SIGTERM: what it has in hand is done when it has ended. Its exit code."""
        if actor.code is None:
            os.kill(actor.pid, signal.SIGTERM)
        await self._until(lambda: actor.code is not None, "stopped")
        return int(actor.code or 0)

    async def died(self, actor: Actor) -> bool:
        """Whether it was killed at its crash point in time."""
        try:
            await self._until(lambda: actor.code is not None, "killed")
        except AssertionError:
            return False
        assert actor.code == -signal.SIGKILL, f"{self.service} ended with {actor.code}"
        return True

    async def clear(self, queue: str) -> None:
        """After a failure: kill what still runs and empty the queue, so that the next scene begins alone."""
        self._kill_all()
        await self._until(lambda: all(actor.code is not None for actor in self._actors.values()), "cleared")
        self._channel.queue_purge(queue)

    async def ask(self, request: Request[R], *, timeout: float = 10.0) -> R:
        """The reply; asked again while nobody answers. Raises the service's fault."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return await self._bus.ask(request, timeout, self.service)
            except Unavailable:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.02)

    def heard(self, event: Event, subject: str, sequence: int, id: str = "") -> Outgoing:
        """An event as its owner publishes it, addressed to this service's queue alone."""
        wrapped = envelope(event, subject, sequence)
        wrapped = wrapped.model_copy(update={"id": id}) if id else wrapped
        queue = topology.event_queue(self.service, event.wire)
        return Outgoing("", queue, wrapped.model_dump_json().encode(), wrapped.id, {}, STRUCTURED)

    def tell(self, *messages: Outgoing) -> None:
        """Put messages into their queues, confirmed."""
        refused = [error for error in self._publisher.publish(list(messages)) if error]
        assert not refused, refused

    async def applied(self, *messages: Outgoing, done: Callable[[], Any], what: str = "applied") -> None:
        """Tell, and wait for what must come of it."""
        self.tell(*messages)
        await self._until(done, what)

    async def settled(self) -> None:
        """Until no outbox holds anything."""
        await self._until(lambda: not self._pending(), "settled")

    async def at_rest(self, queue: str, done: Callable[[], bool] = lambda: True) -> None:
        """Until nothing waits in the queue or in an outbox and it is `done`, or patience ends: a judge sees what lacks.

        What is in a process' hands cannot be seen; it is done when the process has been stopped in order.
        """
        with contextlib.suppress(AssertionError):
            await self._until(lambda: not self.waiting(queue) and not self._pending() and done(), "at rest")

    def waiting(self, queue: str) -> int:
        """Ready messages of a queue."""
        return int(self._channel.queue_declare(queue, passive=True).message_count)

    def measure(self) -> Counter[str]:
        """Sums of versions (documents, where they have none) by collection; events in the log by wire name."""
        found: Counter[str] = Counter()
        for name in self.database.list_collection_names():
            if name in RESTLESS:
                continue
            if name == "event_log":
                found.update(entry["type"] for entry in self.database[name].find({}, {"type": 1}))
            else:
                found[name] = sum(one.get("version", 1) for one in self.database[name].find({}, {"version": 1}))
        return found

    def _pending(self) -> int:
        names = self.database.list_collection_names()
        # an open fold, an alert that has not been through the rules, one that has still to follow: work in hand as well
        left = ({"pending": True}, {"open": True}, {"uncorrelated": True}, {"spreads": True})
        return sum(self.database[name].count_documents(each) for name in names for each in left)

    def _kill_all(self) -> None:
        for actor in self._actors.values():
            if actor.code is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(actor.pid, signal.SIGKILL)

    async def _until(self, check: Callable[[], Any], what: str) -> Any:
        until = time.monotonic() + PATIENCE
        while True:
            self._listen()
            found = check()
            if found:
                return found
            assert time.monotonic() < until, f"{self.service}: not {what} within {PATIENCE:g} s"
            await asyncio.sleep(0.01)

    def _listen(self) -> None:
        """Take in what the nest says."""
        assert self._nest.stdout is not None
        while select.select([self._nest.stdout], [], [], 0)[0]:
            part = os.read(self._nest.stdout.fileno(), 65536)
            assert part, f"the nest of {self.service} has ended"
            *lines, self._said = (self._said + part).split(b"\n")
            for line in lines:
                word, pid, *code = line.decode().split()
                if word == "started":
                    # in a long run a number comes round again
                    self._actors[int(pid)] = Actor(int(pid), 0)
                else:
                    self._actors[int(pid)].code = int(code[0])

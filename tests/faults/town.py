"""A city of its own that a fault test may hurt: broker, store and processes, started, armed and killed by hand.

Nobody restarts anything here but the test: a process that is armed with a crash point must not come back armed.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from pymongo import MongoClient
from pymongo.database import Database

from deploy.local import broker as node
from deploy.local import keys as city_keys
from deploy.local import store as documents
from deploy.local.home import Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from services.chassis.topology import SERVICES
from tests.conftest import TEST_ENVIRONMENT

T = TypeVar("T")
ALL = (*SERVICES, "gateway")
STOP_WITHIN_S = 10.0


def eventually(check: Callable[[], T], within: float = 30.0, what: str = "it") -> T:
    """The first truthy answer; fails naming `what` and the last answer."""
    until = time.monotonic() + within
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < until, f"{what}: not within {within:g} s, last {found!r}"
        time.sleep(0.02)


class Town:
    """`with Town(path) as town:` broker, store and topology stand; processes run once `start` is called for them.

    `amqp` and `mongodb` are the administrator's URLs. `names` maps a process to its database.
    """

    def __init__(self, path: Path, **env: str) -> None:
        self.home = Home(path)
        self.env = {**TEST_ENVIRONMENT, **env}
        self.epmd, self.broker = (Process(plan, self.home) for plan in node.plans(self.home))
        self.store = Process(documents.plan(self.home, auth=False), self.home)
        self.amqp = self.amqp_url(node.ADMIN)
        self.mongodb = self.mongodb_url()
        self.names = {name: name for name in ALL}
        self.copies: dict[str, list[Process]] = {name: [] for name in ALL}
        told: dict[str, Any] = city_keys.keys(self.home)
        self.keys: dict[str, str] = {**told.pop("departments"), **told}
        self.ports: dict[str, int] = {}
        self._client: MongoClient[dict[str, Any]] = MongoClient(self.mongodb, tz_aware=True)

    def __enter__(self) -> Self:
        try:
            start_all([self.epmd, self.broker, self.store])
            self.declare()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def amqp_url(self, user: str, port: int | None = None) -> str:
        """The broker as `user` (a process name, or `admin`) reaches it; `port` is that of a proxy."""
        told = node.url(self.home, user)
        return told if port is None else told.replace(f":{self.home.port('broker')}/", f":{port}/")

    def mongodb_url(self, port: int | None = None) -> str:
        """The store; `port` is that of a proxy."""
        return f"mongodb://127.0.0.1:{port or self.home.port('store')}/?{documents.OPTIONS}"

    @property
    def door(self) -> str:
        """The address of the gateway (of the copy started last)."""
        return f"http://127.0.0.1:{self.ports['gateway']}"

    def database(self, name: str) -> Database[dict[str, Any]]:
        """The database of a process."""
        return self._client[self.names[name]]

    def declare(self) -> None:
        """Everything on the broker; idempotent."""
        argv = [sys.executable, "-m", "services", "declare"]
        start_all([Process(Plan("declare", "", argv, "exit", {**self.env, "AMQP_URL": self.amqp}), self.home)])

    def start(
        self,
        name: str,
        *,
        crash_at: str = "",
        amqp_port: int | None = None,
        mongodb_port: int | None = None,
        ready: bool = True,
        argv: Sequence[str] = (),
        **env: str,
    ) -> Process:
        """One more copy of a process. Returns when it is ready, at once with `ready=False`.

        `crash_at` arms it: `point[@work][:nth]`, work being an event's wire name or a request's method.
        `amqp_port` and `mongodb_port` lead it through a proxy. `argv` runs another program in its place.
        """
        told = {
            "AMQP_URL": self.amqp_url(name, amqp_port),
            "MONGODB_URL": self.mongodb_url(mongodb_port),
            "DATABASE": self.names[name],
            "CRASH_AT": crash_at,
            **env,
        }
        process = self._process(name, told, argv)
        self.copies[name].append(process)
        process.start()
        if ready:
            self.wait(process)
        return process

    def start_all(self, names: Sequence[str] = ALL) -> None:
        """A copy of each, started at once."""
        for process in [self.start(name, ready=False) for name in names]:
            self.wait(process)

    def wait(self, process: Process, within: float = 60.0) -> None:
        """Until it says that it is ready. Fails when it ended instead."""
        until = time.monotonic() + within
        while not process.look():
            code = process.child.poll() if process.child else 0
            assert code is None, f"{process.plan.name} ended with {code} before it was ready: {process.log}"
            assert time.monotonic() < until, f"{process.plan.name} is not ready: {process.log}"
            time.sleep(0.02)

    def running(self, name: str) -> list[Process]:
        """The copies that have not ended."""
        return [one for one in self.copies[name] if one.child is not None and one.child.poll() is None]

    def kill(self, name: str) -> int:
        """kill -9 all copies of a process; how many there were."""
        victims = self.running(name)
        for process in victims:
            self.kill_one(process)
        return len(victims)

    def kill_one(self, process: Process) -> None:
        """kill -9 one copy, and see it gone."""
        assert process.child is not None
        os.kill(process.child.pid, signal.SIGKILL)
        process.child.wait(10)
        process.ready = False

    def stop(self, process: Process) -> tuple[int, float]:
        """SIGTERM; its exit code and the seconds that it took."""
        assert process.child is not None
        began = time.monotonic()
        process.child.terminate()
        code = process.child.wait(STOP_WITHIN_S + 5)
        process.ready = False
        return code, time.monotonic() - began

    def died(self, process: Process, within: float = 30.0) -> bool:
        """Whether it was killed (by its crash point) in that time."""
        assert process.child is not None
        until = time.monotonic() + within
        while (code := process.child.poll()) is None:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        assert code == -signal.SIGKILL, f"{process.plan.name} ended with {code}: {process.log}"
        return True

    def restart(self, name: str) -> Process:
        """kill -9 whatever runs of it, then start one healthy copy."""
        self.kill(name)
        return self.start(name)

    def renew(self) -> None:
        """Fresh databases for the next story; every process of the town is killed, the broker keeps running."""
        for name in ALL:
            self.kill(name)
        mark = os.urandom(4).hex()
        self.names = {name: f"{name}_{mark}" for name in ALL}

    @contextmanager
    def away(self, server: Process, number: signal.Signals = signal.SIGKILL) -> Iterator[None]:
        """Broker or store ended by a signal, and started again afterwards."""
        assert server.child is not None
        server.send(number)
        server.child.wait(30)
        server.child, server.ready = None, False
        try:
            yield
        finally:
            start_all([server])

    def down(self) -> None:
        """End every process."""
        services = [process for copies in self.copies.values() for process in copies if process.running]
        for process in services:
            # a process under test has no say in the end of the test
            process.send(signal.SIGKILL)
        for process in services:
            with contextlib.suppress(Exception):
                process.child.wait(10)  # type: ignore[union-attr]
            process.child = None
        self._client.close()
        stop_all([self.broker, self.epmd, self.store])

    def _process(self, name: str, told: dict[str, str], argv: Sequence[str]) -> Process:
        port = str(self.ports.setdefault(name, free_port()) if not self.running(name) else free_port())
        if name == "gateway":
            self.ports["gateway"] = int(port)
            clients = self.home.write("clients.json", city_keys.clients(self.home))
            served = {"GATEWAY_PORT": port, "BOOTSTRAP_CLIENTS": str(clients)}
        else:
            served = {"HEALTH_PORT": port}
        command = list(argv) or [sys.executable, "-m", "services", name]
        return Process(Plan(name, "", command, f"http:{port}", {**self.env, **served, **told}), self.home)

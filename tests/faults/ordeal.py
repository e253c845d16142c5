"""One fault after another in a town that is at work, and what is left of its promises each time."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from deploy.local.processes import Process
from tests.faults.harness import ALL, Client, Ledger, Load, Piece, Town, Trial, eventually, lay, prepare
from tests.faults.proxy import Proxy

# orders of each of these must come through before a fault and again after it
ALIVE = (
    "report",
    "/v1/cases",
    "/v1/cases/{case_no}:{action}",
    "/v1/applications/{app_no}:{action}",
    "/v1/datasets/{dataset}/events",
)


@dataclass(frozen=True)
class Wires:
    """The two ways out of a process."""

    broker: Proxy
    store: Proxy


class Ordeals:
    """A town with its load; every process reaches broker and store through wires of its own, which can be hurt."""

    def __init__(self, path: Path, ground: Piece) -> None:
        self.town, self.ground, self.ledger = Town(path), ground, Ledger()
        home = self.town.home
        self.wires = {name: Wires(Proxy(home.port("broker")), Proxy(home.port("store"))) for name in ALL}

    @property
    def brokers(self) -> list[Proxy]:
        """Every way to the broker."""
        return [wires.broker for wires in self.wires.values()]

    @property
    def stores(self) -> list[Proxy]:
        """Every way to the store."""
        return [wires.store for wires in self.wires.values()]

    def __enter__(self) -> Self:
        self.town.__enter__()
        try:
            for proxy in (*self.brokers, *self.stores):
                proxy.start()
            for process in [self.start(name) for name in ALL]:
                self.town.wait(process)
            asyncio.run(self._settle())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.town.down()
        for proxy in (*self.brokers, *self.stores):
            proxy.stop()

    def start(self, name: str) -> Process:
        """A copy of a process that uses the wires; not waited for."""
        wires = self.wires[name]
        return self.town.start(name, amqp_port=wires.broker.port, mongodb_port=wires.store.port, ready=False)

    def promises(self) -> Counter[str]:
        """How many orders of each kind were acknowledged so far."""
        return Counter(promise.kind for promise in list(self.ledger.promised))

    def progress(self, within: float = 60.0, count: int = 3) -> None:
        """Wait until orders of every kind come through. Fails naming the kinds that do not."""
        before, until = self.promises(), time.monotonic() + within

        def lagging() -> list[str]:
            now = self.promises()
            return [kind for kind in ALIVE if now[kind] < before[kind] + count]

        eventually(lambda: not lagging() or time.monotonic() > until, within + 1)
        assert not lagging(), f"no progress within {within:g} s: {lagging()}"

    def reported(self, count: int, within: float = 30.0) -> None:
        """Wait until so many more reports got their 202."""
        before = self.promises()["report"]
        eventually(lambda: self.promises()["report"] >= before + count, within, f"{count} reports taken")

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """What is inside lasts that long at least."""
        until = time.monotonic() + seconds
        yield
        eventually(lambda: time.monotonic() >= until, seconds + 1)

    def undergo(self, fault: str, hurt: Callable[[], None], *, injected: int = 1, within: float = 90.0) -> None:
        """Work, `hurt` while it goes on, work again, come to rest within `within` seconds; then nothing is missing."""
        trial = Trial(self.town, self.ledger, fault)
        asyncio.run(self._under_load(hurt, within))
        trial.judge(injected, within)
        assert {name: len(self.town.running(name)) for name in ALL} == dict.fromkeys(ALL, 1), "a process ended"

    async def _settle(self) -> None:
        async with Client(self.town, self.ledger) as client:
            await lay(client, self.ground)
            await prepare(client)

    async def _under_load(self, hurt: Callable[[], None], within: float) -> None:
        async with Client(self.town, self.ledger, patience=120) as client, Load(client, self.ground):
            await asyncio.to_thread(self.progress)
            await asyncio.to_thread(hurt)
            await asyncio.to_thread(self.progress, within)


@pytest.fixture(scope="session")
def ordeals(tmp_path_factory: pytest.TempPathFactory, ground: Piece) -> Iterator[Ordeals]:
    """One town for all faults of broker, store and network."""
    with Ordeals(tmp_path_factory.mktemp("ordeals"), ground) as found:
        yield found

"""Connections are reset, refused, slow, silent in one direction or in both: everybody comes back without help."""

from pathlib import Path

import pytest

from tests.faults.harness import ALL, eventually
from tests.faults.ordeal import Ordeals
from tests.faults.proxy import Proxy

TIMES = 5
# a heartbeat of the bus is found missing, and a socket of the store is given up, within this
LONG = 120.0
# what a process writes into its log while it waits
WAITS = {"store": (b"store away", b"database not ready"), "broker": (b"bus away",)}


def ways(ordeals: Ordeals, server: str) -> list[Proxy]:
    """Every way to a server."""
    return ordeals.brokers if server == "broker" else ordeals.stores


def test_one_of_each(ordeals: Ordeals) -> None:
    """Broker, store and every connection fail in turn."""

    def hurt() -> None:
        with ordeals.town.away(ordeals.town.broker):
            ordeals.reported(5)
        with ordeals.town.away(ordeals.town.store):
            ordeals.reported(5)
        for way in (*ordeals.brokers, *ordeals.stores):
            way.reset()

    ordeals.undergo("broker, store, network: one of each", hurt, injected=3)


@pytest.mark.faults
def test_resets(ordeals: Ordeals) -> None:
    def hurt() -> None:
        for _ in range(TIMES):
            for way in (*ordeals.brokers, *ordeals.stores):
                way.reset()
            ordeals.reported(5)

    ordeals.undergo("network: every connection reset", hurt, injected=TIMES)


@pytest.mark.faults
def test_refused(ordeals: Ordeals) -> None:
    """The broker, then the store: reports are taken all the while."""

    def hurt() -> None:
        for server in ("broker", "store"):
            for way in ways(ordeals, server):
                way.refuse()
            with ordeals.held(5):
                ordeals.reported(10)
            for way in ways(ordeals, server):
                way.flow()

    ordeals.undergo("network: refused for 5 s", hurt, injected=2)


@pytest.mark.faults
@pytest.mark.parametrize("server", ["broker", "store"])
def test_answers_are_lost(ordeals: Ordeals, server: str) -> None:
    """What is sent is done and nobody is told; then the connections break: all of it is in doubt."""

    def hurt() -> None:
        for _ in range(TIMES):
            for way in ways(ordeals, server):
                way.hold("down")
            ordeals.reported(5)
            for way in ways(ordeals, server):
                way.reset()
                way.flow()
            ordeals.reported(5)

    ordeals.undergo(f"network: {server} answers lost", hurt, injected=TIMES)


@pytest.mark.faults
def test_slow(ordeals: Ordeals) -> None:
    def hurt() -> None:
        for way in (*ordeals.brokers, *ordeals.stores):
            way.delay(0.05)
        ordeals.progress()
        for way in (*ordeals.brokers, *ordeals.stores):
            way.flow()

    ordeals.undergo("network: everything 50 ms away each way", hurt)


@pytest.mark.faults
def test_silent_for_less_than_a_heartbeat(ordeals: Ordeals) -> None:
    """The same connections go on where they were."""

    def hurt() -> None:
        for way in (*ordeals.brokers, *ordeals.stores):
            way.hold()
        with ordeals.held(10):
            pass
        for way in (*ordeals.brokers, *ordeals.stores):
            way.flow()

    ordeals.undergo("network: everything silent for 10 s", hurt)


@pytest.mark.faults
def test_half_open(ordeals: Ordeals) -> None:
    """Every connection is a black hole for good, new ones pass: heartbeats and time limits find out."""

    def hurt() -> None:
        for way in (*ordeals.brokers, *ordeals.stores):
            way.orphan()
        ordeals.progress(LONG)

    ordeals.undergo("network: everything half open", hurt, within=LONG)


def says(log: Path, told: int, server: str) -> bool:
    """Whether a process that has begun at `told` waits for a server."""
    said = log.read_bytes()[told:]
    return any(words in said for words in WAITS[server])


@pytest.mark.faults
def test_started_before_what_they_need(ordeals: Ordeals) -> None:
    """Everybody waits for the store, then for the broker, and is ready without another start."""

    def hurt() -> None:
        for name in ALL:
            ordeals.town.kill(name)
        for way in (*ordeals.brokers, *ordeals.stores):
            way.refuse()
        started = {name: ordeals.start(name) for name in ALL}
        told = {name: process.log.stat().st_size for name, process in started.items()}
        for server in ("store", "broker"):
            eventually(
                lambda server=server: all(says(process.log, told[name], server) for name, process in started.items()),
                60,
                f"everybody waits for the {server}",
            )
            for way in ways(ordeals, server):
                way.flow()
        for process in started.values():
            ordeals.town.wait(process)

    ordeals.undergo("network: started before broker and store", hurt, injected=len(ALL))

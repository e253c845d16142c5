"""What a service says of itself: it answers soon, whatever its store does."""

import signal
from pathlib import Path
from typing import Any, cast

from eventlet.event import Event
from pymongo import MongoClient

from contracts.operations import GetStatus, ServiceStatus
from deploy.local import store as documents
from deploy.local.home import Home
from deploy.local.processes import Process, start_all, stop_all
from services.chassis.dead_letters import DeadLetters
from services.chassis.tally import Tally

from .conftest import CALLER, Probe, eventually


def status(probe: Probe) -> ServiceStatus:
    # the gateway waits as long
    return probe.ask(lambda bus: bus.ask(GetStatus(caller=CALLER), timeout=2.0, service="probe"))


def test_a_service_whose_store_is_away_says_so(topology: str, tmp_path: Path) -> None:
    home = Home(tmp_path)
    store = Process(documents.plan(home, auth=False), home)
    start_all([store])
    url = f"mongodb://127.0.0.1:{home.port('store')}/?{documents.OPTIONS}"
    with MongoClient[dict[str, Any]](url, tz_aware=True) as client:
        probe = Probe(home, topology, url, client["probe"])
        try:
            probe.start()
            fine = status(probe)
            assert (fine.store, fine.dead_letters, bool(fine.outboxes)) == (True, 0, True)
            assert fine.process is not None
            assert fine.counted_at is not None
            assert fine.process.started_at < fine.counted_at
            assert fine.process.memory_bytes > 10_000_000
            store.send(signal.SIGKILL)
            eventually(lambda: store.ended() is not None)
            away = eventually(lambda: (found := status(probe)) and not found.store and found)
            assert away.counted_at is not None
            start_all([store])
            eventually(lambda: status(probe).store)
        finally:
            stop_all([*probe.started, store])


def test_nobody_waits_for_a_long_count() -> None:
    counted = Event()

    class Many:
        def dead(self) -> int:
            counted.wait()
            return 100_000

    tally = Tally([], cast("DeadLetters", Many()))
    assert tally.look().at is None
    # one count at a time
    assert tally.look().at is None
    counted.send()
    assert tally.look().dead_letters == 100_000


def test_what_waits_in_its_queues_and_how_many_take_it(running: Probe) -> None:
    def asked(queues: bool) -> ServiceStatus:
        return running.ask(lambda bus: bus.ask(GetStatus(caller=CALLER, queues=queues), timeout=2.0, service="probe"))

    found = eventually(lambda: asked(queues=True).queues)
    assert {"probe.probe.made.v1", "probe.dead", "rpc-probe"} <= {queue.name for queue in found}
    assert {(queue.ready, queue.consumers) for queue in found} == {(0, 1)}
    assert asked(queues=False).queues == []

"""A long queue is drained with little memory, every message once."""

import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from kombu import Connection

from deploy.local.processes import Process
from services.chassis.links import Outgoing, Publisher
from services.chassis.messages import delivery
from services.chassis.topology import event_queue

from ..chassis.conftest import Probe, eventually, probe, probe_contracts, topology  # noqa: F401
from .harness import rows

BODY = b"<EventNotificationAlert/>".ljust(1024)
WINDOW = 2000
# what a process may grow by while it drains a queue, however long: two batches in hand and what the allocator keeps
# (measured: 1 MiB at 5,000 messages and at 100,000)
GROWS_BY_AT_MOST = 16 * 1024 * 1024


def fill(probe: Probe, contracts: Any, count: int) -> None:  # noqa: F811
    """Publish with a window of open confirms; all are safe when this returns."""
    publisher = Publisher(probe.url, "backlog")
    for begin in range(0, count, WINDOW):
        part: list[Outgoing] = [
            delivery(contracts.ThingPosted(id=str(number), body=BODY), f"{number}", None)
            for number in range(begin, min(begin + WINDOW, count))
        ]
        assert publisher.publish(part, timeout=60) == [None] * len(part)
    publisher.close()


def resident(process: Process) -> int:
    assert process.child is not None
    return int(psutil.Process(process.child.pid).memory_info().rss)


def left(probe: Probe, queue: str) -> int:  # noqa: F811
    with Connection(probe.url) as connection:
        return int(connection.channel().queue_declare(queue, passive=True).message_count)


@pytest.fixture
def queue(probe: Probe, probe_contracts: Any) -> Iterator[str]:  # noqa: F811
    """The backlog's queue, empty before and after."""
    name = event_queue("probe", probe_contracts.ThingPosted.wire)
    with Connection(probe.url) as connection:
        connection.channel().queue_purge(name)
        yield name
        connection.channel().queue_purge(name)


@pytest.mark.faults
@pytest.mark.parametrize("count", [5_000, 100_000])
def test_a_backlog_is_drained_with_bounded_memory_and_exactly_once(
    probe: Probe,  # noqa: F811
    probe_contracts: Any,  # noqa: F811
    queue: str,
    count: int,
) -> None:
    began = time.monotonic()
    # one batch beforehand: what a process needs for any work at all is not counted
    process = probe.start()
    fill(probe, probe_contracts, 200)
    heard = probe.database.heard
    eventually(lambda: heard.count_documents({}) == 200, within=30)
    probe.database.heard.delete_many({})
    before, most = resident(process), 0
    assert process.child is not None
    process.child.kill()
    process.child.wait()

    fill(probe, probe_contracts, count)
    process = probe.start()

    def drained() -> bool:
        # the depth of a queue costs the broker nothing; counting would cost the store more than the work
        nonlocal most
        most = max(most, resident(process))
        time.sleep(0.2)
        return left(probe, queue) == 0

    eventually(drained, within=600)
    eventually(lambda: heard.count_documents({}) >= count, within=60)
    # beyond the work: a message that came twice or is still in hand would show now
    kept = {found["_id"] for found in heard.find({}, {"_id": 1})}
    assert kept == {f"posted {number}" for number in range(count)}
    assert heard.count_documents({"version": {"$ne": 1}}) == 0
    assert probe.database.dead_letters.count_documents({}) == 0
    assert most - before <= GROWS_BY_AT_MOST, f"{before >> 20} MiB before, {most >> 20} MiB at most"
    rows.add("积压 backlog", injected=count, acknowledged=count, seconds=time.monotonic() - began)

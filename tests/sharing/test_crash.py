"""Publishing is exact although the process is killed between its steps."""

import asyncio
import json
import signal

import pytest

from contracts.faults import Fault, Unavailable
from contracts.sharing import GetDataset, Published, PublishRecords, QueryRecords
from services.chassis.asking import Bus
from services.sharing.store.record_log import RecordLog
from tests.sharing.conftest import Sharing, eventually
from tests.sharing.scene import consumer, event, provider


@pytest.mark.parametrize("crash_at", ["before_write:4", "after_write:4"])
def test_publishing_survives_a_kill_at_each_step(fragile: Sharing, crash_at: str) -> None:
    """Write 4 is the move of the announced end: the log was written before it, the reply comes after."""
    fragile.start(CRASH_AT=crash_at)
    fragile.published_dataset("d")
    batch = [event(number) for number in range(150)]
    with pytest.raises(Fault):
        fragile.ask(PublishRecords(caller=provider, dataset="d", events=batch, idempotency_key="once"), timeout=1)
    fragile.start()
    eventually(lambda: fragile.ask(GetDataset(caller=provider, code="d")).records == 150)
    again = fragile.publish("d", *batch, key="once")
    assert (again.accepted, again.duplicates) == (150, 0)
    other = fragile.publish("d", *batch, key="another")
    assert (other.accepted, other.duplicates) == (0, 150)
    told = eventually(lambda: list(fragile.database.event_log.find({"type": "sharing.records_published.v1"})))
    ranges = [json.loads(each["body"])["data"] for each in told]
    assert ranges == [{"dataset": "d", "first": 1, "last": 150, "count": 150}]
    fragile.granted("d", "household")
    query = QueryRecords(caller=consumer, dataset="d", purpose="grid_governance", limit=200)
    current = [item.sequence for item in fragile.ask(query).items]
    assert current == list(range(1, 151))


def test_two_processes_publish_to_one_dataset_and_one_is_killed_between(fragile: Sharing) -> None:
    """Three clients send overlapping batches at once and again until each is answered; every event stands once."""
    fragile.start()
    fragile.published_dataset("d")
    doomed = fragile.start(CRASH_AT="before_write:2")  # after it has appended to the log and before it announces
    batches, size, step = 24, 60, 40

    few = asyncio.Semaphore(12)  # so that each process writes several times

    async def sent(bus: Bus, number: int, client: int) -> Published:
        events = [event(n) for n in range(number * step, number * step + size)]
        while True:
            command = PublishRecords(
                caller=provider, dataset="d", events=events, idempotency_key=f"{number if client else 'own'}-{number}"
            )
            try:
                async with few:
                    return await bus.ask(command, 3)
            except Unavailable:
                await asyncio.sleep(0.05)

    async def story() -> list[Published]:
        return await asyncio.gather(*(sent(fragile.bus, n, client) for n in range(batches) for client in range(3)))

    answers = fragile.loop.run_until_complete(story())
    assert doomed.child
    assert doomed.child.wait(10) == -signal.SIGKILL
    total = (batches - 1) * step + size
    eventually(lambda: fragile.ask(GetDataset(caller=provider, code="d")).records == total)
    assert all(each.accepted + each.duplicates == size for each in answers)
    log = RecordLog(fragile.database)
    found = [record for at in range(0, total, 200) for record in log.read("d", at, 200)]
    assert [record.sequence for record in found] == list(range(1, total + 1))
    assert {record.key for record in found} == {f"H{n}" for n in range(total)}
    ranges = eventually(lambda: announced(fragile, total))
    assert [first for first, _ in ranges] == [1, *(last + 1 for _, last in ranges[:-1])]


def announced(sharing: Sharing, total: int) -> list[tuple[int, int]]:
    told = sharing.database.event_log.find({"type": "sharing.records_published.v1"})
    ranges = sorted((data["first"], data["last"]) for data in (json.loads(each["body"])["data"] for each in told))
    return ranges if ranges and ranges[-1][1] == total else []

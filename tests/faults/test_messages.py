"""What nobody can read, at every queue, while the town works: a dead letter each, at once, and nobody else notices."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from contracts.base import Event
from contracts.operations import GetStatus
from contracts.shared import Caller, Scope
from services.chassis.registry import listeners
from services.chassis.topology import SERVICES, event_queue
from tests.faults.doctored.hostile import Hostile, enormous, for_queue, publish
from tests.faults.harness import Client, Ledger, Load, Piece, Town, Trial, eventually, lay, prepare, quiet

CALLER = Caller(client="tester", scopes=frozenset({Scope.ADMIN}))
HEARD: list[tuple[str, type[Event]]] = listeners()
TIMES = 2
NOTICED_WITHIN_S = 2.0


def pids(town: Town) -> dict[str, list[int]]:
    return {name: [one.child.pid for one in town.running(name) if one.child] for name in town.copies}


def letters(town: Town, service: str) -> list[dict[str, Any]]:
    return list(town.database(service)["dead_letters"].find({}, {"body": 0}))


def all_filed(count: Callable[[dict[str, Any]], int], wanted: int) -> bool:
    return count({}) == wanted


async def inject(town: Town, client: Client, hostile: list[Hostile]) -> float:
    """Publish them while each service is asked again and again; the longest anybody waited for an answer."""
    injected = asyncio.create_task(asyncio.to_thread(publish, town.amqp, hostile))
    longest = 0.0
    while not injected.done():
        for service in SERVICES:
            began = time.monotonic()
            await client.ask(GetStatus(caller=CALLER), service=service)
            longest = max(longest, time.monotonic() - began)
        await asyncio.sleep(0.02)
    await injected
    return longest


@pytest.mark.faults
def test_what_cannot_be_read_is_filed_at_once_and_harms_nobody(town: Town, ground: Piece) -> None:
    town.renew()
    town.start_all()
    before, trial = pids(town), Trial(town, Ledger(), "无法解读的消息 unreadable messages")
    hostile = {
        service: [one for hearer, event in HEARD if hearer == service for one in told(service, event, TIMES)]
        for service in {service for service, _ in HEARD}
    }
    every = [one for found in hostile.values() for one in found]

    async def story() -> float:
        async with Client(town, trial.ledger) as client:
            await lay(client, ground)
            await prepare(client)
            async with Load(client, ground):
                return await inject(town, client, every)

    longest = asyncio.run(story())
    quiet(town)
    for service, found in hostile.items():
        filing = town.database(service)["dead_letters"].count_documents
        eventually(partial(all_filed, filing, len(found)), what=f"letters of {service}")
        wanted = Counter((one.message.routing_key, one.reason) for one in found)
        filed = Counter((one["queue"], ":".join(one["reason"].split(":")[:2])) for one in letters(town, service))
        assert filed == wanted
        assert {(one["attempts"], one["state"]) for one in letters(town, service)} == {(1, "dead")}
    trial.told(len(every), dead_letters=len(every))
    assert pids(town) == before
    assert longest < NOTICED_WITHIN_S


def told(service: str, event: type[Event], times: int) -> list[Hostile]:
    queue = event_queue(service, event.wire)
    return [one for _ in range(times) for one in for_queue(queue, event)] + [enormous(queue)]

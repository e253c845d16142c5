"""Processes killed and stopped under load, one town for all: whatever was acknowledged is there, and once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import pytest

from tests.faults.harness import ALL, Client, Ledger, Load, Piece, Town, Trial, lay, prepare

# plain tests kill each process under load as well: tests/city/test_kill.py
pytestmark = pytest.mark.faults

# an order that a dead gateway held is answered again much later: it is left in doubt, done once or not at all
PATIENCE = 15.0
SEED = 2309


@dataclass
class Work:
    """A town at work; `ledger` grows over all tests of the module, as the stores do."""

    town: Town
    ground: Piece
    ledger: Ledger = field(default_factory=Ledger)

    def story(self, fault: str, hurt: Callable[[Town], Awaitable[int]], limit: float = 120.0) -> None:
        """Load, meanwhile `hurt`, which tells how often it did; then rest, and the judgement, as one row."""
        trial = Trial(self.town, self.ledger, fault)

        async def told() -> int:
            async with Client(self.town, self.ledger, PATIENCE) as client, Load(client, self.ground):
                return await hurt(self.town)

        trial.judge(asyncio.run(told()), limit)


@pytest.fixture(scope="module")
def work(town: Town, ground: Piece) -> Iterator[Work]:
    """All processes run, the ground is laid, item and dataset are published."""
    town.start_all()
    found = Work(town, ground)

    async def begin() -> None:
        async with Client(town, found.ledger) as client:
            await lay(client, ground)
            await prepare(client)

    asyncio.run(begin())
    yield found


async def killed(town: Town, name: str) -> int:
    """kill -9 all copies, a fresh one, ready; how many died."""
    count = await asyncio.to_thread(town.kill, name)
    fresh = town.start(name, ready=False)
    await asyncio.to_thread(town.wait, fresh)
    return count


async def at_random(town: Town, seconds: float) -> int:
    """One after another, whoever comes, without a pause that anybody could count on."""
    random, count, until = Random(SEED), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        count += await killed(town, random.choice(ALL))
        await asyncio.sleep(random.random())
    return count


def test_nothing_is_lost_while_anybody_is_killed_at_random_for_half_a_minute(work: Work) -> None:
    work.story("kill -9 at random, 30 s", lambda town: at_random(town, 30.0))


def test_nothing_is_lost_while_the_gateway_is_killed_again_and_again(work: Work) -> None:
    async def hurt(town: Town) -> int:
        return sum([await killed(town, "gateway") for _ in range(5)])

    work.story("kill -9 of the gateway", hurt)


def test_two_copies_of_each_service_share_the_work_and_one_of_them_is_killed(work: Work) -> None:
    async def hurt(town: Town) -> int:
        names = [name for name in ALL if name != "gateway"]
        for name in names:
            await asyncio.to_thread(town.wait, town.start(name, ready=False))
        for name in names:
            await asyncio.to_thread(town.kill_one, town.running(name)[0])
        return len(names)

    work.story("kill -9 of one of two copies", hurt)


def test_every_process_stops_within_ten_seconds_and_loses_nothing(work: Work) -> None:
    ended: dict[str, tuple[int, float]] = {}

    async def hurt(town: Town) -> int:
        for name in ALL:
            ended[name] = await asyncio.to_thread(town.stop, town.running(name)[0])
            await asyncio.to_thread(town.wait, town.start(name, ready=False))
        return len(ended)

    work.story("SIGTERM under load", hurt)
    assert {name: code for name, (code, _) in ended.items()} == dict.fromkeys(ALL, 0)
    assert max(seconds for _, seconds in ended.values()) <= 10

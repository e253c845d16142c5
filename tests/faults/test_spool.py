"""The promise of the spool: while the broker is away every report gets its 202, and each becomes one raw report."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Self

import httpx
import pytest

from services.cli import payloads
from tests.faults.harness import Piece, Town, eventually, rows

OUTAGE, DRAINED_WITHIN = 60.0, 15.0
KILLS = 3


class Cameras:
    """Posts in the background: `with Cameras(town, ground, at_once=8, rate=100): …`. `rate` posts a second in all."""

    def __init__(self, town: Town, ground: Piece, *, at_once: int = 8, rate: float = 0.0, size: int = 0) -> None:
        self.town, self.ground, self.size = town, ground, size
        self.at_once, self.rate = at_once, rate
        self.taken: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.refusals: list[httpx.Response] = []
        self.unanswered = 0
        self._stopping = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._thread.join()

    async def _work(self) -> None:
        serial = count(1)
        async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
            await asyncio.gather(*(self._one(http, serial) for _ in range(self.at_once)))

    async def _one(self, http: httpx.AsyncClient, serial: Iterator[int]) -> None:
        due = time.monotonic()
        while not self._stopping:
            await self._post(http, next(serial))
            if self.rate:
                due += self.at_once / self.rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _post(self, http: httpx.AsyncClient, serial: int) -> None:
        camera = self.ground.cameras[serial % len(self.ground.cameras)]
        payload = payloads.hikvision(camera, "fielddetection", datetime.now(UTC), serial)
        headers = {"X-API-Key": self.town.keys["device"], "Content-Type": payload.content_type}
        body = payload.body.ljust(self.size)
        # a sender without a key of its own: whatever is not answered may be there or not
        try:
            answer = await http.post(self.town.door + payload.path, content=body, headers=headers)
        except httpx.HTTPError:
            self.unanswered += 1
            await asyncio.sleep(0.1)
            return
        self.statuses[answer.status_code] += 1
        if answer.status_code == 202:
            self.taken.add(answer.json()["report"])
        else:
            self.refusals.append(answer)


@pytest.fixture
def reporting(town: Town) -> Iterator[Town]:
    """The service that reads reports, and a fresh door with an empty spool."""
    for name in ("alerts", "gateway"):
        if not town.running(name):
            town.start(name)
    yield town
    town.kill("gateway")
    town.database("gateway")["spool"].delete_many({})


def empty(town: Town) -> bool:
    return town.database("gateway")["spool"].find_one({}, {"_id": 1}) is None


def stored(town: Town) -> set[str]:
    return {found["_id"] for found in town.database("alerts")["raw_reports"].find({}, {"_id": 1})}


def arrived(town: Town, owed: set[str]) -> Callable[[], bool]:
    """Whether the spool is empty and all of these are stored. Nobody reads every report until the spool is empty."""
    return lambda: empty(town) and owed <= stored(town)


def alarms_counted(town: Town) -> int:
    return sum(found["count"] for found in town.database("alerts")["alerts"].find({}, {"count": 1}))


@contextmanager
def judged(town: Town, fault: str, posting: Cameras, injected: int = 1) -> Iterator[None]:
    """At the end every report that got its 202 is stored and counted once, and nothing else but what is in doubt."""
    began, known, counted = time.monotonic(), stored(town), alarms_counted(town)
    yield
    eventually(arrived(town, posting.taken), 120, "every report stored")
    found = stored(town) - known
    eventually(lambda: alarms_counted(town) - counted >= len(found), 60, "every report counted")
    twice = alarms_counted(town) - counted - len(found)
    unasked = len(found - posting.taken)
    rows.add(
        fault,
        injected=injected,
        acknowledged=len(posting.taken),
        lost=len(posting.taken - found),
        doubled=twice,
        seconds=time.monotonic() - began,
    )
    assert posting.taken <= found
    assert twice == 0
    assert unasked <= posting.unanswered


@pytest.mark.faults
def test_a_minute_without_the_broker(reporting: Town, ground: Piece) -> None:
    town, posting = reporting, Cameras(reporting, ground, at_once=16, rate=100)
    with judged(town, "broker: 60 s away", posting), posting:
        eventually(lambda: len(posting.taken) > 100, what="reports taken")
        with town.away(town.broker):
            until = time.monotonic() + OUTAGE
            eventually(lambda: time.monotonic() > until, OUTAGE + 1)
            owed = set(posting.taken)
        eventually(arrived(town, owed), DRAINED_WITHIN, "drained")
    assert set(posting.statuses) == {202}
    assert posting.unanswered == 0


@pytest.mark.faults
def test_as_fast_as_they_can(reporting: Town, ground: Piece) -> None:
    town, posting = reporting, Cameras(reporting, ground, at_once=64)
    with judged(town, "broker: away under full load", posting):
        with town.away(town.broker), posting:
            eventually(lambda: len(posting.taken) > 2000, 120, "reports taken")
        assert set(posting.statuses) == {202}


@pytest.mark.faults
@pytest.mark.parametrize(
    "limit", [{"SPOOL_LIMIT": "300"}, {"SPOOL_BYTES": str(300 * 10_000)}], ids=["reports", "bytes"]
)
def test_beyond_the_limit_a_camera_keeps_its_report(reporting: Town, ground: Piece, limit: dict[str, str]) -> None:
    town = reporting
    town.kill("gateway")
    town.start("gateway", **limit)
    posting, afterwards = Cameras(town, ground, at_once=8, size=10_000), Cameras(town, ground)
    with judged(town, "spool: full", posting):
        with town.away(town.broker), posting:
            eventually(lambda: posting.statuses[503] > 50, 60, "refusals")
        assert set(posting.statuses) == {202, 503}
        assert len(posting.taken) == 300
        for refusal in posting.refusals:
            assert int(refusal.headers["Retry-After"]) > 0
            assert refusal.json()["code"] == "spool_full"
    with judged(town, "spool: empty again", afterwards, injected=0):
        with afterwards:
            eventually(lambda: len(afterwards.taken) > 50, what="reports taken again")
        assert set(afterwards.statuses) == {202}


@pytest.mark.faults
def test_a_gateway_killed_in_the_outage(reporting: Town, ground: Piece) -> None:
    town, posting = reporting, Cameras(reporting, ground, at_once=16)
    with judged(town, "gateway: kill -9 while the broker is away", posting, injected=KILLS), town.away(town.broker):
        with posting:
            for _ in range(KILLS):
                before = len(posting.taken)
                eventually(lambda before=before: len(posting.taken) > before + 200, what="reports taken")
                town.kill("gateway")
                town.start("gateway", ready=False)
            before = len(posting.taken)
            eventually(lambda: len(posting.taken) > before + 200, what="reports taken")
        assert set(posting.statuses) == {202}

"""While the broker is away the door keeps its promise: every 202 becomes exactly one raw report."""

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.collection import Collection

from contracts.alerts import ReportReceived
from contracts.faults import Unavailable
from deploy.local import broker as node
from deploy.local.home import Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from services.gateway.spool import BYTES, REPORTS, Spool
from tests.conftest import TEST_ENVIRONMENT
from tests.gateway.conftest import Gateway, start_gateway

HEARTBEAT = b"<EventNotificationAlert><eventType>videoloss</eventType><serial>%s</serial></EventNotificationAlert>"
PLENTY = 100 * 1024 * 1024
PATH = "/v1/intake/hikvision/gate"


def until(done: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


@dataclass
class Scene:
    """A broker that may be killed, the alerts service and a gateway."""

    broker: Process
    gateway: Gateway
    reports: Collection[dict[str, Any]]

    def spooled(self) -> int:
        return sum(len(segment["reports"]) for segment in self.gateway.database["spool"].find())


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, store: str) -> Iterator[Scene]:
    tmp = tmp_path_factory.mktemp("spool")
    home, database = Home(tmp), f"t{uuid4().hex}"
    url = node.url(home, node.ADMIN)
    told = {**TEST_ENVIRONMENT, "AMQP_URL": url, "MONGODB_URL": store, "DATABASE": database}
    port = str(free_port())
    alerts = [sys.executable, "-m", "services", "alerts"]
    declare = [sys.executable, "-m", "services", "declare"]
    plans = [
        *node.plans(home),
        Plan("declare", "", declare, "exit", told, ["broker"]),
        Plan("alerts", "", alerts, f"http:{port}", {**told, "HEALTH_PORT": port}, ["broker"]),
    ]
    started = [Process(plan, home) for plan in plans]
    start_all(started)
    gateway = start_gateway(home, url, store, tmp)
    with MongoClient[dict[str, Any]](store, tz_aware=True) as client:
        yield Scene(started[1], gateway, client[database]["raw_reports"])
    stop_all([gateway.process, *started])


def test_the_broker_is_killed_and_comes_back(scene: Scene) -> None:
    accepted: list[str] = []
    others: list[int] = []
    stop = threading.Event()

    def post() -> None:
        with scene.gateway.client("device") as client:
            while not stop.is_set():
                answer = client.post(PATH, content=HEARTBEAT % uuid4().hex.encode())
                if answer.status_code == 202:
                    accepted.append(answer.json()["report"])
                else:
                    others.append(answer.status_code)

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(accepted) > 50)
    scene.broker.send(signal.SIGKILL)
    until(lambda: scene.broker.ended() is not None)
    until(lambda: scene.spooled() > 50)
    start_all([scene.broker])
    before = len(accepted)
    until(lambda: len(accepted) > before + 50)
    stop.set()
    for thread in threads:
        thread.join()
    assert not others
    until(lambda: scene.reports.count_documents({}) >= len(accepted) and scene.spooled() == 0)
    assert sorted(found["_id"] for found in scene.reports.find({}, {"_id": 1})) == sorted(accepted)


def test_a_broker_that_hangs_delays_a_device_by_two_seconds_at_most(scene: Scene) -> None:
    with scene.gateway.client("device", **{"Idempotency-Key": uuid4().hex}) as client:
        until(lambda: client.post(PATH, content=HEARTBEAT % b"warm").status_code == 202)
        scene.broker.send(signal.SIGSTOP)
        try:
            began = time.monotonic()
            first = client.post(PATH, content=HEARTBEAT % b"once", headers={"Idempotency-Key": "once"})
            assert first.status_code == 202
            assert time.monotonic() - began < 4
            again = client.post(PATH, content=HEARTBEAT % b"once", headers={"Idempotency-Key": "once"})
            assert again.json() == first.json()
            known = httpx.get(
                f"{scene.gateway.url}/v1/reports/{first.json()['report']}",
                headers={"X-API-Key": scene.gateway.keys["admin"]},
                timeout=20,
                trust_env=False,
            )
            assert known.json()["state"] == "received"
            ready = httpx.get(f"{scene.gateway.url}/readyz", timeout=20, trust_env=False)
            assert (ready.status_code, ready.json()["broker"], ready.json()["database"]) == (503, "away", "ok")
        finally:
            scene.broker.send(signal.SIGCONT)
    until(lambda: scene.reports.count_documents({"_id": first.json()["report"]}) == 1 and scene.spooled() == 0)


def report(number: int, size: int = 0) -> ReportReceived:
    body = b"%d" % number
    return ReportReceived(
        report=f"r{number}", adapter="hikvision", source="s", received_at=datetime.now(UTC), body=body.ljust(size)
    )


class Taker:
    """What the spool sends to: takes a report, or refuses while `away`, or the one report that is `refused` once."""

    def __init__(self, *refused: str) -> None:
        self.sent: list[str] = []
        self.tried = 0
        self.away = False
        self.refused = set(refused)

    async def publish(self, one: ReportReceived, _: str | None) -> None:
        self.tried += 1
        if self.away or one.report in self.refused:
            self.refused.discard(one.report)
            raise Unavailable("bus_away", "断", "away")
        self.sent.append(one.report)


Use = Callable[[AsyncDatabase[dict[str, Any]]], Awaitable[None]]


def on_a_fresh_database(store: str, use: Use) -> None:
    async def work() -> None:
        async with AsyncMongoClient[dict[str, Any]](store, tz_aware=True) as client, asyncio.timeout(30):
            await use(client[f"t{uuid4().hex}"])

    asyncio.run(work())


async def emptied(spool: Spool, taker: Taker) -> None:
    draining = asyncio.create_task(spool.drain(taker.publish))
    while spool.waiting:
        await asyncio.sleep(0.01)
    draining.cancel()


def test_order_limit_and_what_an_earlier_process_left(store: str) -> None:
    async def use(database: AsyncDatabase[dict[str, Any]]) -> None:
        spool = Spool(database, limit=450, most_bytes=PLENTY)
        await spool.prepare()
        await asyncio.gather(*(spool.put(report(number), None) for number in range(450)))
        with pytest.raises(Unavailable) as full:
            await spool.put(report(451), None)
        assert full.value.code == "spool_full"
        heir, taker = Spool(database, limit=450, most_bytes=PLENTY), Taker("r230")
        await heir.prepare()
        await heir.prepare()
        assert heir.waiting == 450
        assert (await heir.get("r3") or report(0)).body == b"3"
        await emptied(heir, taker)
        assert taker.sent[:230] == [f"r{number}" for number in range(230)]
        assert sorted(taker.sent) == sorted(f"r{number}" for number in range(450))
        assert await database["spool"].count_documents({}) == 0
        assert await heir.get("r3") is None
        await heir.put(report(1), None)
        await heir.put(report(1), None)
        assert heir.waiting == 1

    on_a_fresh_database(store, use)


def test_many_reports_are_few_documents_and_large_ones_are_more(store: str) -> None:
    async def use(database: AsyncDatabase[dict[str, Any]]) -> None:
        spool, taker = Spool(database, limit=10_000, most_bytes=PLENTY), Taker()
        await asyncio.gather(*(spool.put(report(number), None) for number in range(1000)))
        assert await database["spool"].count_documents({}) <= 1000 / REPORTS + 1
        await asyncio.gather(*(spool.put(report(number, BYTES // 4), None) for number in range(1000, 1010)))
        sizes = [segment["size"] async for segment in database["spool"].find({}, {"size": 1})]
        assert max(sizes) < BYTES * 1.5
        await emptied(spool, taker)
        assert taker.sent == [f"r{number}" for number in range(1010)]
        assert spool.size == 0

    on_a_fresh_database(store, use)


def test_bytes_are_bounded_as_well(store: str) -> None:
    async def use(database: AsyncDatabase[dict[str, Any]]) -> None:
        spool, taker = Spool(database, limit=100, most_bytes=10_000), Taker()
        await spool.put(report(1, 9_000), None)
        with pytest.raises(Unavailable) as full:
            await spool.put(report(2, 1_001), None)
        assert full.value.code == "spool_full"
        await spool.put(report(3, 1_000), None)
        await emptied(spool, taker)
        await spool.put(report(2, 1_001), None)
        assert (taker.sent, spool.size) == (["r1", "r3"], 1_001)

    on_a_fresh_database(store, use)


def test_while_the_broker_is_away_one_report_alone_asks_for_it(store: str) -> None:
    async def use(database: AsyncDatabase[dict[str, Any]]) -> None:
        spool, taker = Spool(database, limit=1000, most_bytes=PLENTY), Taker()
        taker.away = True
        await asyncio.gather(*(spool.put(report(number), None) for number in range(200)))
        draining = asyncio.create_task(spool.drain(taker.publish))
        while not spool.stuck:
            await asyncio.sleep(0.01)
        at_first = taker.tried
        while taker.tried < at_first + 3:
            await asyncio.sleep(0.01)
        assert taker.tried == at_first + 3
        taker.away = False
        while spool.waiting:
            await asyncio.sleep(0.01)
        draining.cancel()
        assert not spool.stuck
        assert len(set(taker.sent)) == len(taker.sent) == 200

    on_a_fresh_database(store, use)


def test_two_copies_of_the_gateway_lose_nothing_to_one_another(store: str) -> None:
    async def use(database: AsyncDatabase[dict[str, Any]]) -> None:
        one, other, taker = (
            Spool(database, limit=1000, most_bytes=PLENTY),
            Spool(database, limit=1000, most_bytes=PLENTY),
            Taker(),
        )
        await asyncio.gather(*(one.put(report(number), None) for number in range(100)))
        await other.prepare()
        await asyncio.gather(emptied(one, taker), emptied(other, taker))
        assert set(taker.sent) == {f"r{number}" for number in range(100)}
        assert (one.waiting, other.waiting, one.size, other.size) == (0, 0, 0, 0)

    on_a_fresh_database(store, use)

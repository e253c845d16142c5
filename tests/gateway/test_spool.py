"""While the broker is away the door keeps its promise: every 202 becomes exactly one raw report."""

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.collection import Collection

from contracts.alerts import ReportReceived
from contracts.faults import Unavailable
from deploy.local import broker as node
from deploy.local.home import Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from services.gateway.spool import Spool
from tests.conftest import TEST_ENVIRONMENT
from tests.gateway.conftest import Gateway, start_gateway

HEARTBEAT = b"<EventNotificationAlert><eventType>videoloss</eventType><serial>%s</serial></EventNotificationAlert>"
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
        return self.gateway.database["spool"].count_documents({})


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


def report(number: int) -> ReportReceived:
    return ReportReceived(
        report=f"r{number}", adapter="hikvision", source="s", received_at=datetime.now(UTC), body=b"%d" % number
    )


def test_order_limit_and_what_an_earlier_process_left(store: str) -> None:
    async def work() -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(store, tz_aware=True)
        database = client[f"t{uuid4().hex}"]
        spool = Spool(database, limit=450)
        await spool.prepare()
        await asyncio.gather(*(spool.put(report(number), None) for number in range(450)))
        with pytest.raises(Unavailable):
            await spool.put(report(451), None)
        sent: list[int] = []

        async def publish(one: ReportReceived, _: str | None) -> None:
            if len(sent) == 230 and not refused:
                refused.append(1)
                raise Unavailable("bus_away", "断", "away")
            sent.append(int(one.body))

        refused: list[int] = []
        heir = Spool(database, limit=450)
        await heir.prepare()
        assert heir.waiting == 450
        assert (await heir.get("r3") or report(0)).body == b"3"
        draining = asyncio.create_task(heir.drain(publish))
        async with asyncio.timeout(20):
            while heir.waiting:
                await asyncio.sleep(0.02)
        draining.cancel()
        assert refused and sorted(sent) == list(range(450))
        assert sent[:230] == list(range(230))
        assert await database["spool"].count_documents({}) == 0
        await heir.put(report(1), None)
        await heir.put(report(1), None)
        assert heir.waiting == 1
        await client.close()

    asyncio.run(work())

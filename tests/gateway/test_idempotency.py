"""A key whose order ended while the database was away is not held against its sender."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from starlette.responses import Response

from contracts.faults import Conflict
from deploy.local.home import Home
from services.gateway.idempotency import ABANDONED_AFTER, Idempotency
from tests.faults.proxy import Proxy


def test_an_answer_that_was_not_kept_is_given_again(home: Home, store: str) -> None:
    async def use(proxy: Proxy, url: str) -> None:
        limits = {"serverSelectionTimeoutMS": 300, "socketTimeoutMS": 500, "retryWrites": False}
        async with AsyncMongoClient[dict[str, Any]](url, tz_aware=True, **limits) as client, asyncio.timeout(30):
            orders, ran = Idempotency(client[f"t{uuid4().hex}"]), 0

            async def run() -> Response:
                nonlocal ran
                ran += 1
                if ran == 1:
                    with pytest.raises(Conflict, match="running"):
                        await orders.once("someone", "key", "print", run)
                    with pytest.raises(Conflict, match="another request"):
                        await orders.once("someone", "key", "other print", run)
                    proxy.refuse()
                return Response(b"done", 201)

            with pytest.raises(PyMongoError):
                await orders.once("someone", "key", "print", run)
            proxy.flow()
            while True:
                try:
                    again = await orders.once("someone", "key", "print", run)
                    break
                except PyMongoError:
                    await asyncio.sleep(0.05)
            replayed = await orders.once("someone", "key", "print", run)
            assert (again.status_code, replayed.headers["Idempotency-Replayed"], ran) == (201, "true", 2)
            stranger = Idempotency(client[orders.collection.database.name])
            await orders.collection.update_one({"_id": "someone:key"}, {"$set": {"state": "running"}})
            with pytest.raises(Conflict, match="running"):
                await stranger.once("someone", "key", "print", run)

    with Proxy(home.port("store")) as proxy:
        asyncio.run(use(proxy, store.replace(f":{home.port('store')}/", f":{proxy.port}/")))


def test_a_long_order_stays_claimed_and_a_dead_one_does_not(store: str) -> None:
    async def use() -> None:
        async with AsyncMongoClient[dict[str, Any]](store, tz_aware=True) as client, asyncio.timeout(30):
            database = client[f"t{uuid4().hex}"]
            one, other, renewed = Idempotency(database), Idempotency(database), asyncio.Event()

            async def long() -> Response:
                await renewed.wait()
                return Response(b"done", 201)

            running = asyncio.create_task(one.once("someone", "long", "print", long))
            long_ago = datetime.now(UTC) - ABANDONED_AFTER * 2
            while not (await one.collection.update_many({}, {"$set": {"started_at": long_ago}})).matched_count:
                await asyncio.sleep(0.01)
            while (await one.collection.find_one({}) or {})["started_at"] < datetime.now(UTC) - ABANDONED_AFTER:
                await asyncio.sleep(0.05)
            with pytest.raises(Conflict, match="running"):
                await other.once("someone", "long", "print", long)
            renewed.set()
            assert (await running).status_code == 201
            await one.collection.insert_one(
                {
                    "_id": "someone:dead",
                    "fingerprint": "print",
                    "started_at": long_ago,
                    "state": "running",
                    "process": "dead",
                }
            )
            assert (await other.once("someone", "dead", "print", long)).status_code == 201

    asyncio.run(use())


def test_a_private_answer_is_kept_nowhere(store: str) -> None:
    """It is given again by the owning service, which recognises the key."""

    async def use() -> None:
        async with AsyncMongoClient[dict[str, Any]](store, tz_aware=True) as client, asyncio.timeout(30):
            orders, ran = Idempotency(client[f"t{uuid4().hex}"]), 0

            async def run() -> Response:
                nonlocal ran
                ran += 1
                return Response(b"private")

            answers = [await orders.once("someone", "key", "print", run, private=True) for _ in range(2)]
            assert ([answer.body for answer in answers], ran) == ([b"private"] * 2, 2)
            assert await orders.collection.count_documents({}) == 0

    asyncio.run(use())

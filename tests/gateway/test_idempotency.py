"""A key whose order ended while the database was away is not held against its sender."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from starlette.responses import Response

from contracts.faults import Conflict
from deploy.local.home import Home
from services.gateway.idempotency import Idempotency
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

"""What the database does not take at once is recorded when it does, once."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import PyMongoError

from deploy.local.home import Home
from services.gateway.audit import Audit, AuditEntry
from tests.faults.proxy import Proxy


def entry(path: str) -> AuditEntry:
    return AuditEntry(
        at=datetime.now(UTC),
        client="someone",
        actor=None,
        method="POST",
        path=path,
        status=201,
        code=None,
        trace_id=None,
    )


@pytest.mark.parametrize("broken", ["refused", "unanswered"])
def test_an_entry_is_owed_until_it_is_stored(
    home: Home, store: str, mongo: MongoClient[dict[str, Any]], broken: str
) -> None:
    name = f"t{uuid4().hex}"

    async def use(proxy: Proxy, url: str) -> None:
        limits = {"serverSelectionTimeoutMS": 300, "socketTimeoutMS": 500, "retryWrites": False}
        async with AsyncMongoClient[dict[str, Any]](url, **limits) as client, asyncio.timeout(30):
            audit = Audit(client[name], 1)
            await audit.write(entry("/before"))
            if broken == "refused":
                proxy.refuse()
            else:
                proxy.hold("down")
            for turn in range(3):
                with pytest.raises(PyMongoError):
                    await audit.write(entry(f"/{turn}"))
            proxy.flow()
            while mongo[name]["audit"].count_documents({}) < 4:
                await asyncio.sleep(0.05)
            assert sorted(one["path"] for one in mongo[name]["audit"].find()) == ["/0", "/1", "/2", "/before"]

    with Proxy(home.port("store")) as proxy:
        asyncio.run(use(proxy, store.replace(f":{home.port('store')}/", f":{proxy.port}/")))

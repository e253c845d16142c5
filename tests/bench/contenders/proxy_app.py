"""What nameko's own documentation offers a web framework: a route that blocks, and a pool of standalone proxies.

`uvicorn tests.bench.contenders.proxy_app:web`
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from queue import LifoQueue
from typing import Any

from fastapi import FastAPI
from nameko.standalone.rpc import ServiceRpcProxy

# Starlette runs at most 40 blocking routes at once: more proxies would never be used
PROXIES = 40
pool: LifoQueue[Any] = LifoQueue()


@asynccontextmanager
async def life(_: FastAPI) -> AsyncIterator[None]:
    """A proxy serves one call at a time and keeps its connection and its reply queue."""
    config = {"AMQP_URI": os.environ["AMQP_URL"]}
    opened = [ServiceRpcProxy("answering", config, timeout=10) for _ in range(PROXIES)]
    for proxy in opened:
        pool.put(proxy.start())
    yield
    for proxy in opened:
        proxy.stop()


web = FastAPI(lifespan=life)


@web.get("/v1/locate")
def locate(lon: float, lat: float) -> dict[str, Any]:
    """Ask and wait."""
    proxy = pool.get()
    try:
        answer: dict[str, Any] = proxy.locate(lon, lat)
    finally:
        pool.put(proxy)
    return answer

"""FastAPI + FastStream: a route that publishes (persistent, confirmed) and a subscriber that stores, then acks.

Web: `uvicorn tests.bench.contenders.faststream_app:web`. Consumer: `python -m tests.bench.contenders.faststream_app`.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import uvloop
from fastapi import FastAPI, Request
from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, RabbitBroker, RabbitMessage, RabbitQueue
from pymongo import AsyncMongoClient

QUEUE = RabbitQueue("bench.faststream", durable=True)
# as many at work at once as the web side has connections
CHANNEL = Channel(prefetch_count=64)

publishing = RabbitBroker(os.environ["AMQP_URL"], logger=None)
consuming = RabbitBroker(os.environ["AMQP_URL"], default_channel=CHANNEL, logger=None)
store: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(os.environ["MONGODB_URL"])
reports = store[os.environ["DATABASE"]]["reports"]


@asynccontextmanager
async def life(_: FastAPI) -> AsyncIterator[None]:
    """One connection for the life of the process."""
    async with publishing:
        await publishing.declare_queue(QUEUE)
        yield


web = FastAPI(lifespan=life)


@web.post("/v1/intake/{adapter}/{source}", status_code=202)
async def take(adapter: str, source: str, request: Request) -> dict[str, str]:
    """Accepted once the broker has it on disk."""
    report = uuid4().hex
    headers = {"adapter": adapter, "source": source, "received_at": datetime.now(UTC).isoformat()}
    content_type = request.headers.get("content-type")
    body = await request.body()
    await publishing.publish(body, QUEUE, persist=True, message_id=report, headers=headers, content_type=content_type)
    return {"report": report}


@consuming.subscriber(QUEUE, ack_policy=AckPolicy.NACK_ON_ERROR)
async def keep(body: bytes, message: RabbitMessage) -> None:
    """One document a report, acknowledged when it is stored."""
    told = {name: message.headers[name] for name in ("adapter", "source", "received_at")}
    await reports.insert_one({"_id": message.message_id, **told, "content_type": message.content_type, "body": body})


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(FastStream(consuming, logger=None).run())

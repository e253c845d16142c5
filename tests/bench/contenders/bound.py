"""The bound: what Python can do at all on this path. Starlette, windowed confirms, batches of 200; nothing else.

No key, no trace, no envelope, no reading of the report, no reconnect. Web: `uvicorn tests.bench.contenders.bound:web`.
Consumer: `python -m tests.bench.contenders.bound`.
"""

import asyncio
import os
import select
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from uuid import uuid4

import amqp
from kombu import Connection
from pymongo import MongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

QUEUE, QUORUM = "bench.bound", {"x-queue-type": "quorum"}
WINDOW, BATCH, WAIT_S = 256, 200, 0.05


class Publisher:
    """One thread, one channel, up to 256 confirms open; a future for each message."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiting: deque[tuple[amqp.Message, asyncio.Future[None]]] = deque()
        self.open: dict[int, asyncio.Future[None]] = {}
        self.wake = os.eventfd(0, os.EFD_NONBLOCK)
        Thread(target=self.run, daemon=True).start()

    def publish(self, message: amqp.Message) -> asyncio.Future[None]:
        """Done when the broker has confirmed it."""
        done = self.loop.create_future()
        self.waiting.append((message, done))
        os.eventfd_write(self.wake, 1)
        return done

    def run(self) -> None:
        """Publish what waits, take in what is confirmed, for ever."""
        connection = Connection(os.environ["AMQP_URL"])
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True, auto_delete=False, arguments=QUORUM)
        channel.confirm_select()
        channel.events["basic_ack"].add(self.confirmed)
        socket = connection.connection.transport.sock
        tag = 0
        while True:
            ready, _, _ = select.select([socket, self.wake], [], [])
            if self.wake in ready:
                os.eventfd_read(self.wake)
            while socket in ready:
                connection.drain_events(timeout=1)
                ready, _, _ = select.select([socket], [], [], 0)
            while self.waiting and len(self.open) < WINDOW:
                message, done = self.waiting.popleft()
                tag += 1
                self.open[tag] = done
                channel.basic_publish(message, routing_key=QUEUE)

    def confirmed(self, tag: int, multiple: bool) -> None:
        """One, or all up to it."""
        tags = [known for known in self.open if known <= tag] if multiple else [tag]
        self.loop.call_soon_threadsafe(_finish, [self.open.pop(known) for known in tags])


def _finish(done: list[asyncio.Future[None]]) -> None:
    for future in done:
        if not future.done():
            future.set_result(None)


@asynccontextmanager
async def life(app: Starlette) -> AsyncIterator[None]:
    """One publisher."""
    app.state.publisher = Publisher()
    yield


async def take(request: Request) -> Response:
    """Accepted once the broker has it on disk."""
    report = uuid4().hex
    headers = {**request.path_params, "received_at": datetime.now(UTC).isoformat()}
    message = amqp.Message(
        await request.body(),
        delivery_mode=2,
        message_id=report,
        content_type=request.headers.get("content-type", ""),
        application_headers=headers,
    )
    await request.app.state.publisher.publish(message)
    return Response(b'{"report":"%s"}' % report.encode(), 202, media_type="application/json")


web = Starlette(routes=[Route("/v1/intake/{adapter}/{source}", take, methods=["POST"])], lifespan=life)


def consume() -> None:
    """Collect 200 or 50 ms, insert, acknowledge all at once."""
    store: MongoClient[dict[str, Any]] = MongoClient(os.environ["MONGODB_URL"])
    reports = store[os.environ["DATABASE"]]["reports"]
    batch: list[amqp.Message] = []
    with Connection(os.environ["AMQP_URL"]) as connection:
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True, auto_delete=False, arguments=QUORUM)
        channel.basic_qos(0, 2 * BATCH, False)
        channel.basic_consume(QUEUE, callback=batch.append)
        while True:
            try:
                connection.drain_events(timeout=WAIT_S if batch else None)
                if len(batch) < BATCH:
                    continue
            except TimeoutError:
                pass
            reports.insert_many([_document(message) for message in batch], ordered=False)
            channel.basic_ack(batch[-1].delivery_tag, multiple=True)
            batch.clear()


def _document(message: amqp.Message) -> dict[str, Any]:
    told = message.properties
    body = message.body
    return {
        "_id": told["message_id"],
        **told["application_headers"],
        "content_type": told["content_type"],
        "body": body.encode() if isinstance(body, str) else bytes(body),
    }


if __name__ == "__main__":
    consume()

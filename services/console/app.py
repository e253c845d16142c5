"""The console process: today the receiver and the query of traces (OTLP/HTTP in, Jaeger's query v3 out)."""

import asyncio
import json
import logging
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.chassis import logs
from services.console.settings import ConsoleSettings
from services.console.traces import Traces, Undecodable

PROTOBUF, JSON = "application/x-protobuf", "application/json"
MOST_BODY, MOST_UNPACKED = 4 * 1024 * 1024, 8 * 1024 * 1024
TRACE = re.compile(r"[0-9a-f]{32}")
log = logging.getLogger(__name__)


class Refused(Exception):
    """An HTTP status for a body that is not taken."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def take_spans(request: Request) -> Response:
    """200 as soon as the spans are queued: whoever sends traces must never wait for a disk."""
    try:
        if request.headers.get("content-type", "").partition(";")[0] != PROTOBUF:
            raise Refused(415)
        body = await _body(request)
        _traces(request).take(body)
    except Refused as refusal:
        return Response(status_code=refusal.status)
    except Undecodable:
        return Response(status_code=400)
    return Response(b"", media_type=PROTOBUF)


async def get_trace(request: Request) -> Response:
    """One trace; 404 when there is none."""
    trace = request.path_params["trace"]
    if not TRACE.fullmatch(trace):
        return _json({"error": {"httpCode": 400, "message": "a trace id is 32 lower-case hex digits"}}, 400)
    try:
        found = await _traces(request).find(trace)
    except PyMongoError:
        return _json({"error": {"httpCode": 503, "message": "the store is away"}}, 503)
    if found is None:
        return _json({"error": {"httpCode": 404, "message": "trace not found"}}, 404)
    return _json(found)


async def healthz(_: Request) -> Response:
    """The loop runs."""
    return _json({"alive": True})


async def readyz(request: Request) -> Response:
    """200 while the store answers."""
    traces = _traces(request)
    try:
        await traces.collection.database.command("ping")
    except PyMongoError:
        return _json({"ready": False, "database": "away", "dropped": traces.dropped}, 503)
    return _json({"ready": True, "database": "ok", "dropped": traces.dropped})


ROUTES = [
    Route("/v1/traces", take_spans, methods=["POST"]),
    Route("/api/v3/traces/{trace}", get_trace),
    Route("/healthz", healthz),
    Route("/readyz", readyz),
]


def build(settings: ConsoleSettings) -> Starlette:
    """The application."""

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        store: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            settings.mongodb_url,
            tz_aware=True,
            appname="console",
            serverSelectionTimeoutMS=2000,
            maxPoolSize=4,
            retryWrites=False,
        )
        traces = Traces(store[settings.database or "traces"], settings.trace_days, settings.trace_queue)
        app.state.traces = traces
        work = asyncio.create_task(_work(traces))
        yield
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        try:
            async with asyncio.timeout(5):
                await traces.flush()
        except (PyMongoError, TimeoutError):
            log.warning("spans lost at stop")
        await store.close()

    return Starlette(routes=ROUTES, lifespan=life)


def main() -> int:
    """Serve until SIGTERM."""
    settings = ConsoleSettings()
    logs.setup("console", settings.log_level)
    uvicorn.run(
        build(settings),
        host=settings.console_host,
        port=settings.console_port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    return 0


async def _work(traces: Traces) -> None:
    while True:
        try:
            await traces.prepare()
            break
        except PyMongoError as error:
            log.warning("database not ready", extra={"error": type(error).__name__})
            await asyncio.sleep(1.0)
    await traces.store()


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BODY:
            raise Refused(413)
        parts.append(part)
    packed = b"".join(parts)
    encoding = request.headers.get("content-encoding", "identity")
    if encoding == "identity":
        return packed
    if encoding != "gzip":
        raise Refused(415)
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        body = unpacking.decompress(packed, MOST_UNPACKED)
    except zlib.error:
        raise Refused(400) from None
    if not unpacking.eof:
        raise Refused(413 if unpacking.unconsumed_tail else 400)
    return body


def _traces(request: Request) -> Traces:
    traces: Traces = request.app.state.traces
    return traces


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False).encode(), status, media_type=JSON)

"""The one door: how it is put together, started and stopped."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.chassis import logs, tracing
from services.chassis.asking import Bus
from services.gateway import docs, health, intake
from services.gateway.access import Access
from services.gateway.audit import Audit
from services.gateway.clients import Clients
from services.gateway.door import Door
from services.gateway.health import Readiness
from services.gateway.idempotency import Idempotency
from services.gateway.journey import Journey
from services.gateway.problems import of_status, problem
from services.gateway.routes import AREAS
from services.gateway.settings import GatewaySettings
from services.gateway.spool import Spool

openapi = docs.openapi
log = logging.getLogger(__name__)


def build(settings: GatewaySettings) -> FastAPI:
    """The application. Broker and store are reached when it starts, and may be away then."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with _door(settings) as door:
            app.state.door, app.state.readiness = door, Readiness(door)
            yield

    app = FastAPI(lifespan=life, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_middleware(Journey)
    app.add_exception_handler(HTTPException, _turned_away)
    app.router.routes += [intake.ROUTE, *health.ROUTES, *docs.ROUTES]
    for area in AREAS:
        for route in area.routes:
            app.add_api_route(route.path, route.endpoint, methods=[route.method], name=route.name, response_model=None)
    return app


@asynccontextmanager
async def _door(settings: GatewaySettings) -> AsyncIterator[Door]:
    store: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        settings.mongodb_url,
        tz_aware=True,
        appname="gateway",
        serverSelectionTimeoutMS=2000,
        socketTimeoutMS=10_000,
        maxPoolSize=16,
        retryWrites=False,
        event_listeners=[tracing.StoreSpans()],
    )
    database = store[settings.database or "gateway"]
    clients = Clients(database)
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http, Bus(settings.amqp_url, name="gateway") as bus:
        door = Door(
            settings=settings,
            bus=bus,
            access=Access(clients.find),
            clients=clients,
            idempotency=Idempotency(database),
            audit=Audit(database, settings.audit_days),
            spool=Spool(database, settings.spool_limit, settings.spool_bytes),
            http=http,
        )
        work = asyncio.create_task(_work(door))
        yield door
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    await store.close()
    tracing.flush()


async def _work(door: Door) -> None:
    """Make the database ready, however long it is away; then keep the spool empty."""
    while not await _prepared(door):
        await asyncio.sleep(1.0)
    await door.spool.drain(lambda report, traceparent: intake.publish_spooled(door, report, traceparent))


async def _prepared(door: Door) -> bool:
    try:
        for part in (door.clients, door.idempotency, door.audit, door.spool):
            await part.prepare()
        if door.settings.bootstrap_clients:
            count = await door.clients.bootstrap(door.settings.bootstrap_clients)
            log.info("clients taken in", extra={"clients": count})
    except PyMongoError as error:
        log.warning("database not ready", extra={"error": type(error).__name__})
        return False
    return True


async def _turned_away(request: Request, error: Exception) -> Response:
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (500, None)
    fault = of_status(status, headers)
    return problem(fault, request.headers.get("accept-language", ""), tracing.current_trace_id())


def main() -> int:
    """Serve until SIGTERM, then finish what runs within ten seconds."""
    settings = GatewaySettings()
    logs.setup("gateway", settings.log_level)
    tracing.setup("gateway", settings.otlp_endpoint)
    uvicorn.run(
        build(settings),
        host=settings.gateway_host,
        port=settings.gateway_port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        # longer than HTTP clients keep an idle connection, so that none is closed under a request
        timeout_keep_alive=75,
        timeout_graceful_shutdown=8,
    )
    return 0

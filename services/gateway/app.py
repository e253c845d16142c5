"""The one door: how it is put together, started and stopped."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from services.chassis import logs, tracing
from services.chassis.asking import Bus
from services.chassis.serving import serve
from services.gateway import docs, health, intake
from services.gateway.access import Access
from services.gateway.audit import Audit
from services.gateway.clients import Clients
from services.gateway.door import Door
from services.gateway.health import Readiness
from services.gateway.idempotency import Idempotency
from services.gateway.journey import Journeys
from services.gateway.plain import Plain
from services.gateway.refusals import Refusals
from services.gateway.routes import AREAS
from services.gateway.settings import GatewaySettings
from services.gateway.sources import Sources, Tokens
from services.gateway.spool import Spool

openapi = docs.openapi
log = logging.getLogger(__name__)


def build(settings: GatewaySettings) -> ASGIApp:
    """The application. Broker and store are reached when it starts, and may be away then."""
    machines = Starlette(routes=health.MACHINES)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with _door(settings) as door:
            app.state.door = machines.state.door = door
            app.state.readiness = Readiness(door)
            # what is here now stays: no look for garbage need go through it again
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 20, 50)
            yield

    app = FastAPI(
        lifespan=life,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # the framework's own spans would hold query values and texts of exceptions
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.router.routes += [*health.ROUTES, *docs.ROUTES]
    app.router.routes += [
        Plain(route.path, route.endpoint, methods=[route.method], name=route.name)
        for area in AREAS
        for route in area.routes
    ]
    return Front(app, machines, settings.metrics_port)


class Front:
    """Devices go straight to the intake, everybody else to the routes; Prometheus has a port of its own.

    The framework's middleware is left out: it would tell of faults in its own words, and of no trace.
    """

    def __init__(self, app: FastAPI, machines: ASGIApp, metrics_port: int) -> None:
        self.app = app
        self.routes = Journeys(app.router)
        self.machines, self.metrics_port = machines, metrics_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self.app
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["server"][1] == self.metrics_port:
            await self.machines(scope, receive, send)
        elif place := intake.place_of(scope["path"]):
            await intake.take(self.app.state.door, place, scope, receive, send)
        else:
            await self.routes(scope, receive, send)


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
    clients, sources = Clients(database), Sources(database)
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http, Bus(settings.amqp_url, name="gateway") as bus:
        door = Door(
            settings=settings,
            bus=bus,
            access=Access(clients.find),
            clients=clients,
            sources=sources,
            tokens=Tokens(sources.find),
            refusals=Refusals(datetime.now(UTC)),
            idempotency=Idempotency(database),
            audit=Audit(database, settings.audit_days),
            spool=Spool(database, settings.spool_limit, settings.spool_bytes),
            http=http,
        )
        health.measure(door)
        work = [asyncio.create_task(_work(door)), asyncio.create_task(sources.write_uses())]
        yield door
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await sources.write_used()
    await store.close()
    tracing.flush()


async def _work(door: Door) -> None:
    """Make the database ready, however long it is away; then keep the spool empty."""
    while not await _prepared(door):
        await asyncio.sleep(1.0)
    await door.spool.drain(lambda report, traceparent: intake.publish_spooled(door, report, traceparent))


async def _prepared(door: Door) -> bool:
    try:
        for part in (door.clients, door.sources, door.idempotency, door.audit, door.spool):
            await part.prepare()
        if door.settings.bootstrap_clients:
            count = await door.clients.bootstrap(door.settings.bootstrap_clients)
            log.info("clients taken in", extra={"clients": count})
    except PyMongoError as error:
        log.warning("database not ready", extra={"error": type(error).__name__})
        return False
    return True


def main() -> int:
    """Serve until SIGTERM, then finish what runs within ten seconds."""
    settings = GatewaySettings()
    logs.setup("gateway", settings.log_level)
    recorded = {f"POST {intake.PATH}": settings.recorded_reports, "GET ": settings.recorded_questions}
    tracing.setup("gateway", settings.otlp_endpoint, tracing.Paced(recorded))
    places = [(settings.gateway_host, settings.gateway_port)]
    if settings.metrics_port:
        places.append((settings.health_host, settings.metrics_port))
    # longer than HTTP clients keep an idle connection, so that none is closed under a request
    return serve(build(settings), places, grace=8, idle=75, proxied=False)

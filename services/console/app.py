"""The console process: pages for operators on one port, and the embedded trace store for machines on another."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from services.chassis import logs, metrics
from services.chassis.serving import serve
from services.console import first, guard, signing
from services.console.ground import Ground
from services.console.keeping import Kept
from services.console.names import Names
from services.console.overview import GROUND_KEPT_S, NEWS_KEPT_S, Overview
from services.console.pages import pages
from services.console.rendering import HERE
from services.console.session import Sessions
from services.console.settings import ConsoleSettings
from services.console.traces import routes as traces
from services.console.traces.intake import Intake
from services.console.traces.store import TraceStore

log = logging.getLogger(__name__)


async def healthz(_: Request) -> Response:
    """The loop runs."""
    return JSONResponse({"alive": True})


async def readyz(request: Request) -> Response:
    """200 while the store answers."""
    intake: Intake = request.app.state.traces
    told = {"waiting": intake.gathering.waiting, "dropped": intake.gathering.dropped}
    if not await intake.store_answers():
        return JSONResponse({"ready": False, "database": "away", **told}, 503)
    return JSONResponse({"ready": True, "database": "ok", **told})


async def show_metrics(request: Request) -> Response:
    """For Prometheus, also while the store is away."""
    database = request.app.state.traces.store.collection.database
    return Response(await metrics.text_with_store(metrics.CONSOLE, database), media_type=metrics.CONTENT_TYPE)


HEALTH = [Route("/healthz", healthz), Route("/readyz", readyz)]
FILES = [
    Mount("/static", StaticFiles(directory=HERE / "static")),
    Mount("/assets", StaticFiles(directory=HERE / "assets", check_dir=False)),
]


class Doors:
    """Which door a request came through is known by its port: traces are for machines, and people need a session."""

    def __init__(self, people: ASGIApp, machines: ASGIApp, traces_port: int) -> None:
        self.people, self.machines, self.traces_port = people, machines, traces_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = scope.get("server")
        machine = scope["type"] == "http" and server is not None and server[1] == self.traces_port
        await (self.machines if machine else self.people)(scope, receive, send)


def build(settings: ConsoleSettings) -> Doors:
    """The application."""
    machines = Starlette(routes=[*traces.ROUTES, *HEALTH, Route("/metrics", show_metrics)])

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            settings.mongodb_url,
            tz_aware=True,
            appname="console",
            serverSelectionTimeoutMS=2000,
            maxPoolSize=4,
            retryWrites=False,
        )
        store = TraceStore(client[settings.database or "traces"], settings.trace_days)
        intake = app.state.traces = machines.state.traces = Intake(store, settings.trace_queue)
        app.state.sessions = Sessions(settings)
        app.state.grounds, app.state.overviews = Kept[Ground](GROUND_KEPT_S), Kept[Overview](NEWS_KEPT_S)
        app.state.names = Names()
        app.state.http = httpx.AsyncClient(base_url=settings.gateway_url, trust_env=False)
        work = asyncio.create_task(intake.work())
        yield
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        try:
            async with asyncio.timeout(5):
                await intake.write(all_of_it=True)
        except (PyMongoError, TimeoutError):
            log.warning("spans lost at stop")
        await app.state.http.aclose()
        await client.close()

    app = FastAPI(
        routes=[*HEALTH, *FILES],
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[
            Middleware(GZipMiddleware, minimum_size=10_000),
            Middleware(guard.Guard, pictures=settings.tiles.origin),
        ],
        exception_handlers=guard.HANDLERS,
    )
    app.state.pages = pages()
    app.state.tiles = settings.tiles
    app.include_router(signing.router)
    app.include_router(first.router)
    for page in app.state.pages:
        app.include_router(page.router)
    return Doors(app, machines, settings.traces_port)


def main() -> int:
    """Serve until SIGTERM."""
    settings = ConsoleSettings()
    logs.setup("console", settings.log_level)
    places = [(settings.console_host, port) for port in (settings.console_port, settings.traces_port)]
    return serve(build(settings), places, grace=3, idle=5, proxied=True)

"""Whether the process lives, and whether it can do its work."""

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from typing import Any

from opentelemetry.context import attach, detach
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.faults import Fault
from contracts.operations import GetStatus
from contracts.shared import Caller, Scope
from services.chassis import metrics
from services.chassis.topology import SERVICES
from services.gateway.answers import JSON
from services.gateway.door import Door, door_of
from services.gateway.journey import UNSAMPLED
from services.gateway.plain import Plain

PATIENCE = 2.0
# one probe a second answers every caller
FRESH = 1.0
PROBE = Caller(client="gateway", name="网关自检", scopes=frozenset({Scope.OPS}))
# a service that is there answers within this, else it is called silent
BRIEF = 0.5
# nobody answers to this name: the broker returns the question at once, and so proves that it takes and confirms
NOBODY = "nobody"
RETURNED = "service_away"


class Readiness:
    """The last probe of every dependency."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.at, self.found = 0.0, dict[str, Any]()
        self._probing = asyncio.Lock()

    async def look(self) -> dict[str, Any]:
        """`ready`, and each dependency by name. A silent service is named and does not close the door."""
        async with self._probing:
            if time.monotonic() - self.at > FRESH or not self.found:
                self.found, self.at = await self._probe(), time.monotonic()
        return self.found

    async def dependencies(self) -> tuple[bool, bool]:
        """Whether the database takes a write, and whether the broker takes a question and returns it."""
        # a question that must come back would be told as a failure of whatever it is asked in
        token = attach(UNSAMPLED)
        try:
            written, returned = await asyncio.gather(self._write(), self._ask(NOBODY, PATIENCE))
        finally:
            detach(token)
        return written, returned == RETURNED

    async def _probe(self) -> dict[str, Any]:
        asked = (self._ask(service, BRIEF) for service in SERVICES)
        (database, crossed), heard = await asyncio.gather(self.dependencies(), asyncio.gather(*asked))
        services = {service: "ok" if code is None else "silent" for service, code in zip(SERVICES, heard, strict=True)}
        return {
            "ready": database and crossed,
            "database": "ok" if database else "away",
            "broker": "ok" if crossed else "away",
            "spooled": self.door.spool.waiting,
            "services": services,
        }

    async def _write(self) -> bool:
        """A real write, since a store that only answers may still refuse every order."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.door.audit.collection.database["readiness"].update_one(
                    {"_id": os.uname().nodename}, {"$set": {"at": datetime.now(UTC)}}, upsert=True
                )
        except (PyMongoError, TimeoutError):
            return False
        return True

    async def _ask(self, service: str, timeout: float) -> str | None:
        try:
            await self.door.bus.ask(GetStatus(caller=PROBE), timeout=timeout, service=service)
        except Fault as fault:
            return fault.code
        return None


async def healthz(_: Request) -> Response:
    """The loop runs."""
    return Response(b'{"alive":true}', media_type=JSON)


async def readyz(request: Request) -> Response:
    """200 when a write and a question were answered within two seconds, else 503."""
    found = await request.app.state.readiness.look()
    return Response(json.dumps(found).encode(), 200 if found["ready"] else 503, media_type=JSON)


async def show_metrics(request: Request) -> Response:
    """For Prometheus, also while database and broker are away."""
    database = door_of(request).audit.collection.database
    return Response(await metrics.text_with_store(metrics.GATEWAY, database), media_type=metrics.CONTENT_TYPE)


def measure(door: Door) -> None:
    """What a scrape reads off the door."""
    metrics.BUS_CONNECTED.set_function(lambda: door.bus.connected)
    metrics.SPOOL_REPORTS.set_function(lambda: door.spool.waiting)
    metrics.SPOOL_BYTES.set_function(lambda: door.spool.size)
    metrics.SPOOL_LIMIT_REPORTS.set(door.spool.limit)
    metrics.SPOOL_LIMIT_BYTES.set(door.spool.most_bytes)


ROUTES = [Plain("/healthz", healthz), Plain("/readyz", readyz)]
MACHINES = [Route("/metrics", show_metrics)]

"""运行维护: the bus and dead letters."""

import asyncio
from datetime import datetime
from typing import Any, Literal, cast

from pydantic import AwareDatetime, Field
from starlette.responses import Response

from contracts.faults import Invalid
from contracts.operations import (
    DeadLetter,
    DeadLetterPayload,
    GetStatus,
    ListDeadLetters,
    LookAtDeadLetter,
    Process,
    RedriveDeadLetters,
    Redriven,
    ServiceStatus,
)
from contracts.shared import Model, Page, Scope
from services.chassis import cursors
from services.chassis.topology import SERVICES
from services.chassis.vitals import vitals
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.health import Readiness
from services.gateway.reading import Form, json_object

OPS = Rule(Scope.OPS)
PATIENCE = 2.0
SERVICE: dict[str, Any] = {"type": "string", "enum": list(SERVICES)}

area = Area("operations", "运行维护: 总线、死信")


class Bus(Model):
    """总线: each service that answers, those that are silent, and what waits at the door.

    `database`: the gateway's own takes a write. `broker`: it took a question and returned it.
    """

    connected: bool
    database: bool
    broker: bool
    spooled: int
    process: Process
    services: list[ServiceStatus]
    silent: list[str]


class Redrive(Model):
    """Which dead letters go back to their queue: those that meet every condition told, or `all`; of one service, or of
    every one. An order that tells nothing is refused."""

    service: Literal["grid", "alerts", "cases", "catalogue", "sharing"] | None = None
    ids: list[str] = Field(default=[], max_length=1000)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    queue: str | None = Field(default=None, max_length=200)
    all: bool = False
    cursor: str | None = Field(default=None, max_length=500, description="`next` of the answer before")


@area.route("GET", "/v1/bus", OPS, Bus)
async def get_bus(call: Call) -> Response:
    """Ask every service at once what waits and what died; a silent one is named."""
    readiness: Readiness = call.request.app.state.readiness
    asked = (call.ask(GetStatus(caller=call.caller, queues=True), PATIENCE, service) for service in SERVICES)
    (database, broker), replies = await asyncio.gather(
        readiness.dependencies(), asyncio.gather(*asked, return_exceptions=True)
    )
    found = [reply for reply in replies if isinstance(reply, ServiceStatus)]
    silent = [name for name, reply in zip(SERVICES, replies, strict=True) if not isinstance(reply, ServiceStatus)]
    door = call.door
    return call.answer(
        Bus(
            connected=door.bus.connected,
            database=database,
            broker=broker,
            spooled=door.spool.waiting,
            process=vitals(),
            services=found,
            silent=silent,
        )
    )


@area.route(
    "GET",
    "/v1/dead-letters",
    OPS,
    Page[DeadLetter],
    parameters_of=ListDeadLetters,
    more=[{"name": "service", "in": "query", "schema": SERVICE}],
)
async def list_dead_letters(call: Call) -> Response:
    """死信, newest first: of one service, or of all."""
    query = cast("ListDeadLetters", Form(ListDeadLetters, frozenset(), in_query=True).read(call))
    services = _named(call.request.query_params.get("service"))
    pages = await asyncio.gather(*(call.ask(query, service=service) for service in services))
    newest = sorted((letter for page in pages for letter in page.items), key=_age, reverse=True)
    items = newest[: query.limit]
    more = len(newest) > len(items) or any(page.next for page in pages)
    # every service reads the same cursor: time and id order the letters of all
    cursor = cursors.encode(items[-1].dead_at.isoformat(), items[-1].id) if more and items else None
    return call.answer(Page[DeadLetter](items=items, next=cursor))


@area.route(
    "POST",
    "/v1/dead-letters:redrive",
    Rule(Scope.OPS, writes=True),
    Redriven,
    example={"service": "alerts", "ids": ["0d9c…"]},
    body=Redrive,
)
async def redrive_dead_letters(call: Call) -> Response:
    """Put dead letters back on their queue, some hundred at a time; idempotent. The same order goes on at `next`."""
    told = Redrive.model_validate(json_object(call))
    wanted = told.model_dump(exclude={"service"})
    order = RedriveDeadLetters(caller=call.caller, idempotency_key=call.idempotency_key, **wanted)
    services = _named(told.service)
    done = await asyncio.gather(*(call.ask(order, timeout=30.0, service=service) for service in services))
    # the service that is furthest behind says where all go on: what went once does not go again
    ahead = [one.next for one in done if one.next]
    return call.answer(
        Redriven(
            redriven=sum(one.redriven for one in done),
            refused=sum(one.refused for one in done),
            next=min(ahead, key=_place) if ahead else None,
        )
    )


@area.route(
    "POST",
    "/v1/dead-letters/{service}/{id}:look",
    Rule(Scope.OPS, writes=True),
    DeadLetterPayload,
    more=[
        {"name": "service", "in": "path", "required": True, "schema": SERVICE},
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
    ],
)
async def look_at_dead_letter(call: Call) -> Response:
    """The payload of one dead letter; the look is recorded."""
    order = LookAtDeadLetter(
        caller=call.caller, idempotency_key=call.idempotency_key, id=call.request.path_params["id"]
    )
    payload = await call.ask(order, service=known(call.request.path_params["service"]))
    return call.answer(payload)


def _named(service: str | None) -> tuple[str, ...]:
    return SERVICES if service is None else (known(service),)


def _age(letter: DeadLetter) -> tuple[datetime, str]:
    return letter.dead_at, letter.id


def _place(cursor: str) -> tuple[str, str]:
    _, at, id = cursors.decode(cursor, 3)
    return str(at), str(id)


def known(service: str) -> str:
    """A service's name. Raises Invalid."""
    if service not in SERVICES:
        raise Invalid.field(
            "/service", "service_unknown", f"service 须为 {', '.join(SERVICES)}", f"one of {', '.join(SERVICES)}"
        )
    return service

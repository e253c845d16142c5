"""The way of every request through the door: key → scope → body → once only → one typed request → answer → record."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from pymongo.errors import ConnectionFailure, PyMongoError
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from contracts.base import Request
from contracts.faults import Fault
from contracts.shared import Caller, Scope
from services.chassis import tracing
from services.chassis.asking import Bus
from services.gateway.access import Access
from services.gateway.answers import answer
from services.gateway.audit import Audit, AuditEntry
from services.gateway.clients import Clients
from services.gateway.idempotency import Idempotency, checked, fingerprint_of
from services.gateway.limits import ORDINARY, expected_version, read_body
from services.gateway.problems import internal, problem, store_away
from services.gateway.refusals import Refusals
from services.gateway.settings import GatewaySettings
from services.gateway.sources import Sources, Tokens
from services.gateway.spool import Spool
from services.gateway.wording import invalid

R = TypeVar("R", bound=BaseModel)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rule:
    """What a route asks of its callers. `writes`: it is carried out once per key and recorded.

    `private`: the answer is kept nowhere here; it holds personal values, or where pictures are.
    """

    scope: Scope | Callable[[HttpRequest], Scope] | None = None
    writes: bool = False
    limit: int = ORDINARY
    secret: bool = False
    private: bool = False


@dataclass
class Door:
    """Everything that a running gateway holds."""

    settings: GatewaySettings
    bus: Bus
    access: Access
    clients: Clients
    sources: Sources
    tokens: Tokens
    refusals: Refusals
    idempotency: Idempotency
    audit: Audit
    spool: Spool
    http: httpx.AsyncClient
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def record(self, request: HttpRequest, path: str, response: Response, code: str | None) -> None:
        """Leave a record of a request that would change something; if the database is away, in the log.

        `path` is the template of its route.
        """
        caller: Caller | None = getattr(request.state, "caller", None)
        entry = AuditEntry(
            at=datetime.now(UTC),
            client=caller.client if caller else None,
            actor=caller.actor if caller else None,
            method=request.method,
            path=path,
            status=response.status_code,
            code=code,
            trace_id=tracing.current_trace_id(),
        )
        try:
            await self.audit.write(entry)
        except PyMongoError:
            log.error("audit entry not stored", extra={"audit": entry.model_dump(mode="json")})  # noqa: TRY400


@dataclass
class Call:
    """One request of a caller who may make it, with its body read."""

    door: Door
    request: HttpRequest
    caller: Caller
    body: bytes
    idempotency_key: str | None
    expected_version: int | None

    async def ask(self, asked: Request[R], timeout: float = 10.0, service: str | None = None) -> R:
        """The reply of the owning service."""
        return await self.door.bus.ask(asked, timeout=timeout, service=service)

    def answer(self, reply: BaseModel, status: int = 200, **headers: str) -> Response:
        """The reply as HTTP."""
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return answer(reply, self.request.url, status, told)


Handler = Callable[[Call], Awaitable[Response]]


def door_of(request: HttpRequest) -> Door:
    """The gateway that serves this request."""
    door: Door = request.app.state.door
    return door


def template_of(request: HttpRequest) -> str:
    """The path of the route, never the path of the caller."""
    return getattr(request.scope.get("route"), "path", None) or "unmatched"


async def admit(request: HttpRequest, rule: Rule, handler: Handler) -> Response:
    """Carry a request through the door; whatever goes wrong becomes a problem document."""
    door, codes = door_of(request), list[str]()

    async def refused(fault: Fault) -> Response:
        codes.append(fault.code)
        conditional = "if-match" in request.headers
        language = request.headers.get("accept-language", "")
        return problem(fault, language, tracing.current_trace_id(), conditional=conditional)

    async def carried_out(call: Call) -> Response:
        try:
            return await handler(call)
        except Fault as fault:
            return await refused(fault)
        except ValidationError as error:
            return await refused(invalid(error))
        except ConnectionFailure:
            return await refused(store_away())

    try:
        scope = rule.scope(request) if callable(rule.scope) else rule.scope
        caller = await door.access.caller(request.scope, scope)
        body = await read_body(request.receive, request.headers.get("content-length", ""), rule.limit)
        key = checked(request.headers.get("idempotency-key")) if rule.writes else None
        call = Call(door, request, caller, body, key, expected_version(request) if rule.writes else None)
        if key is None:
            response = await carried_out(call)
        else:
            fingerprint = fingerprint_of(request, caller.actor, body)
            once, run = door.idempotency.once, lambda: carried_out(call)
            response = await once(caller.client, key, fingerprint, run, secret=rule.secret, private=rule.private)
    except Fault as fault:
        response = await refused(fault)
    except ConnectionFailure:
        response = await refused(store_away())
    except Exception as error:
        log.exception("request failed", exc_info=error)
        response = await refused(internal())
    if rule.writes:
        await door.record(request, template_of(request), response, codes[0] if codes else None)
    return response

"""接入与审计: clients, their keys, and the record of what they did."""

from starlette.responses import Response

from contracts.shared import Page, Scope
from services.gateway.area import Area
from services.gateway.audit import AuditEntry
from services.gateway.clients import Client, CreateClient, Holder, NewKey
from services.gateway.door import Call, Rule
from services.gateway.keyring import RevokeKeys, RotateKey
from services.gateway.paging import PARAMETERS, page_of
from services.gateway.reading import json_object

READS, WRITES = Rule(Scope.ADMIN), Rule(Scope.ADMIN, writes=True)
SHOWS_KEY = Rule(Scope.ADMIN, writes=True, secret=True)

area = Area("keys", "接入与审计: 接入方、密钥、审计")


class Me(Holder):
    """Whom a key speaks for, and what it opens."""

    actor: str | None = None


@area.route("GET", "/v1/me", Rule(None), Me)
async def get_me(call: Call) -> Response:
    """Whom this key speaks for, and what it opens."""
    caller = call.caller
    told = caller.model_dump(include=set(Me.model_fields) - {"scopes"})
    return call.answer(Me(**told, scopes=sorted(caller.scopes)))


@area.route("GET", "/v1/clients", READS, Page[Client], more=PARAMETERS)
async def list_clients(call: Call) -> Response:
    """By name, keys by their first characters only."""
    return call.answer(await call.door.clients.page(*page_of(call)))


@area.route(
    "POST",
    "/v1/clients",
    SHOWS_KEY,
    NewKey,
    status=201,
    body=CreateClient,
    example={"client": "chengguan", "name": "城市管理局", "department": "chengguan", "scopes": ["datasets:use"]},
)
async def create_client(call: Call) -> Response:
    """A new client; its key is shown in this answer and never again."""
    order = CreateClient.model_validate(json_object(call))
    return call.answer(await call.door.clients.create(order), 201)


@area.route("POST", "/v1/clients/{client}:rotate", SHOWS_KEY, NewKey, body=RotateKey, example={"overlap_hours": 24})
async def rotate_key(call: Call) -> Response:
    """A further key; the ones before it go on for the overlap."""
    order = RotateKey.model_validate(json_object(call))
    return call.answer(await call.door.clients.rotate(call.request.path_params["client"], order))


@area.route("POST", "/v1/clients/{client}:revoke", WRITES, Client, body=RevokeKeys, example={})
async def revoke_keys(call: Call) -> Response:
    """End one key by its prefix, or the whole client."""
    order = RevokeKeys.model_validate(json_object(call))
    return call.answer(await call.door.clients.revoke(call.request.path_params["client"], order, call.caller.client))


@area.route(
    "GET",
    "/v1/audit",
    READS,
    Page[AuditEntry],
    more=[*PARAMETERS, {"name": "client", "in": "query", "required": False, "schema": {"type": "string"}}],
)
async def list_audit(call: Call) -> Response:
    """Who asked the city to change something and what came of it, newest first."""
    return call.answer(await call.door.audit.page(*page_of(call), call.request.query_params.get("client")))

"""接入源: devices that report by a URL of their own, and who was turned away from the intake."""

from starlette.responses import Response

from contracts.faults import Invalid
from contracts.shared import Page, Scope
from services.gateway import intake
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.keyring import RevokeKeys, RotateKey
from services.gateway.paging import PARAMETERS, page_of
from services.gateway.reading import json_object
from services.gateway.refusals import RefusalList
from services.gateway.sources import TOKEN, CreateSource, NewToken, Source

READS, WRITES = Rule(Scope.ALERTS_HANDLE), Rule(Scope.ALERTS_HANDLE, writes=True)
SHOWS_TOKEN = Rule(Scope.ALERTS_HANDLE, writes=True, secret=True)

area = Area("sources", "接入源: 只能填地址的设备, 及被拒收的上报")


@area.route("GET", "/v1/sources", READS, Page[Source], more=PARAMETERS)
async def list_sources(call: Call) -> Response:
    """By name, tokens by their first characters only."""
    return call.answer(await call.door.sources.page(*page_of(call)))


@area.route(
    "POST",
    "/v1/sources",
    SHOWS_TOKEN,
    NewToken,
    status=201,
    body=CreateSource,
    example={"source": "taonan-gate-east", "adapter": "hikvision", "note": "桃南社区东门"},
)
async def create_source(call: Call) -> Response:
    """A source of reports; its URL is shown in this answer and never again."""
    order = CreateSource.model_validate(json_object(call))
    if order.source.startswith(TOKEN):
        raise Invalid.field("/source", "source_invalid", f"不得以 {TOKEN} 开头", f"must not begin with {TOKEN}")
    if order.adapter is not None and order.adapter not in intake.ADAPTERS:
        listed = ", ".join(intake.ADAPTERS)
        raise Invalid.field("/adapter", "adapter_unknown", f"只能取 {listed}", f"must be one of {listed}")
    return call.answer(await call.door.sources.create(order, _base(call)), 201)


@area.route("POST", "/v1/sources/{source}:rotate", SHOWS_TOKEN, NewToken, body=RotateKey, example={"overlap_hours": 24})
async def rotate_token(call: Call) -> Response:
    """A further URL; the ones before it go on for the overlap."""
    order = RotateKey.model_validate(json_object(call))
    return call.answer(await call.door.sources.rotate(call.request.path_params["source"], order, _base(call)))


@area.route("POST", "/v1/sources/{source}:revoke", WRITES, Source, body=RevokeKeys, example={})
async def revoke_source(call: Call) -> Response:
    """End one token by its prefix, or the whole source."""
    order = RevokeKeys.model_validate(json_object(call))
    return call.answer(await call.door.sources.revoke(call.request.path_params["source"], order))


@area.route("GET", "/v1/refusals", READS, RefusalList)
async def list_refusals(call: Call) -> Response:
    """Posts that the intake turned away, by sender and reason: of this gateway process, since it began."""
    return call.answer(call.door.refusals.listed())


def _base(call: Call) -> str:
    """Where devices reach the door."""
    url = call.request.url
    return call.door.settings.public_url.rstrip("/") or f"{url.scheme}://{url.netloc}"

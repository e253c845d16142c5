"""链路: lists and search of traces, single ones, and the service map drawn from them."""

import re
from typing import Any

import httpx
from pydantic import ValidationError
from starlette.responses import Response

from contracts.faults import Invalid, NotFound, Unavailable
from contracts.shared import Page, Scope
from contracts.traces import ServiceMap, TraceQuery, TraceSummary
from services.chassis import cursors
from services.gateway.answers import JSON
from services.gateway.area import Area
from services.gateway.door import Call, Rule
from services.gateway.reading import query_parameters
from services.gateway.wording import invalid

OPS = Rule(Scope.OPS)

area = Area("traces", "链路")


@area.route("GET", "/v1/traces", OPS, Page[TraceSummary], more=query_parameters(TraceQuery))
async def list_traces(call: Call) -> Response:
    """链路: the traces that meet every condition told, newest first."""
    try:
        query = TraceQuery.model_validate(dict(call.request.query_params))
    except ValidationError as error:
        raise invalid(error, frozenset(TraceQuery.model_fields)) from None
    found = await _traces(call, "/api/traces", query.model_dump(exclude_defaults=True))
    return Response(found.content, media_type=JSON)


@area.route("GET", "/v1/traces:map", OPS, ServiceMap)
async def get_service_map(call: Call) -> Response:
    """服务图: who calls whom, how often and how long, drawn from the newest traces."""
    return Response((await _traces(call, "/api/traces:map")).content, media_type=JSON)


@area.route(
    "GET",
    "/v1/traces/{trace}",
    OPS,
    more=[{"name": "trace", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}],
)
async def get_trace(call: Call) -> Response:
    """链路: the spans of one trace, in the shape of Jaeger's query v3."""
    trace = call.request.path_params["trace"]
    if not re.fullmatch(r"[0-9a-f]{32}", trace):
        raise Invalid("trace_invalid", "追踪号为 32 位十六进制小写", "a trace id is 32 lower-case hex digits")
    return Response((await _traces(call, f"/api/v3/traces/{trace}")).content, media_type=JSON)


async def _traces(call: Call, path: str, query: dict[str, Any] | None = None) -> httpx.Response:
    """What the trace store answers. Raises NotFound, Invalid, Unavailable."""
    base = call.door.settings.traces_url.rstrip("/")
    try:
        found = await call.door.http.get(f"{base}{path}", params=query)
    except httpx.HTTPError:
        found = None
    if found is not None and found.status_code == 404:
        raise NotFound(
            "trace_unknown",
            "没有该链路 (可能尚未写入, 或高峰时未记录)",
            "no such trace (not written yet, or not recorded in a rush)",
        )
    if found is not None and found.status_code == 400:
        raise cursors.invalid()
    if found is None or found.status_code != 200:
        raise Unavailable("traces_away", "链路存储暂不可用", "the trace store is away")
    return found

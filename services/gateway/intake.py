"""The hot way in: a report's bytes become durable, then the device gets its 202. Nothing is read out of them here."""

import re
from collections import OrderedDict
from contextlib import suppress
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from opentelemetry.context import attach, detach
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response

from contracts.alerts import Report, ReportReceived
from contracts.faults import Fault, Invalid, NotFound, Unavailable
from contracts.shared import Caller, Scope
from services.chassis import context, tracing
from services.gateway.answers import JSON
from services.gateway.door import Door, door_of
from services.gateway.idempotency import key_of
from services.gateway.limits import INTAKE, read_body
from services.gateway.plain import Plain
from services.gateway.problems import problem, store_away

ADAPTERS = ("hikvision", "gb28181")
PATH = "/v1/intake/{adapter}/{source}"
SOURCE = re.compile(r"^[A-Za-z0-9_.:\-]{1,100}$")
# how long a device waits for the broker before its report is kept here
PATIENCE = 2.0
REMEMBERED = 10_000
ADAPTER: dict[str, Any] = {
    "name": "adapter",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": list(ADAPTERS)},
}

_recent: OrderedDict[str, Report] = OrderedDict()


async def take(request: Request) -> Response:
    """202 with the report's id once its bytes are durable; never a 4xx for what they say."""
    door = door_of(request)
    try:
        caller = await door.access.caller(request, Scope.ALERTS_REPORT)
        adapter, source = known_adapter(request), _source(request)
        body = await read_body(request, INTAKE)
        report = ReportReceived(
            report=_name(request, caller, adapter, source),
            adapter=adapter,
            source=source,
            content_type=content_type_of(request),
            received_at=context.now(),
            body=body,
        )
        await _keep(door, report)
    except Fault as fault:
        response = problem(fault, request.headers.get("accept-language", ""), tracing.current_trace_id())
        await door.record(request, response, fault.code)
        return response
    _remember(report)
    return Response(b'{"report":"%s"}' % report.report.encode(), 202, media_type=JSON)


ROUTE = Plain(PATH, take, methods=["POST"])


async def known(door: Door, report: str) -> Report | None:
    """A report that was accepted and that its service has not seen yet."""
    if report in _recent:
        return _recent[report]
    try:
        waiting = await door.spool.get(report)
    except PyMongoError:
        return None
    return _received(waiting) if waiting else None


def known_adapter(request: Request) -> str:
    """The adapter of the path. Raises NotFound."""
    adapter: str = request.path_params["adapter"]
    if adapter not in ADAPTERS:
        listed = ", ".join(ADAPTERS)
        raise NotFound("adapter_unknown", f"没有该适配器; 可用: {listed}", f"no such adapter; there are {listed}")
    return adapter


def content_type_of(request: Request) -> str:
    """What the device says its bytes are, cut to a sane length."""
    return request.headers.get("content-type", "")[:300]


async def publish_spooled(door: Door, report: ReportReceived, traceparent: str | None) -> None:
    """Send a report on under the trace in which it came. Raises Unavailable when the broker does not confirm."""
    context_of_report = attach(tracing.extract({"traceparent": traceparent} if traceparent else {}))
    try:
        await door.bus.publish(report, id=report.report, timeout=PATIENCE)
    finally:
        detach(context_of_report)


async def _keep(door: Door, report: ReportReceived) -> None:
    """On the bus, or in the spool while the bus is away or its confirm is in doubt."""
    if door.bus.connected and not door.spool.stuck:
        with suppress(Unavailable):
            return await door.bus.publish(report, id=report.report, timeout=PATIENCE)
    try:
        await door.spool.put(report, tracing.traceparent())
    except PyMongoError:
        raise store_away() from None


def _name(request: Request, caller: Caller, adapter: str, source: str) -> str:
    """A retry under the same Idempotency-Key or CloudEvents id is the same report."""
    own = key_of(request) or "\n".join(request.headers.get(name, "") for name in ("ce-source", "ce-id")).strip()
    return uuid5(NAMESPACE_URL, "\n".join([caller.client, adapter, source, own])).hex if own else uuid4().hex


def _source(request: Request) -> str:
    source: str = request.path_params["source"]
    if not SOURCE.match(source):
        raise Invalid("source_invalid", "来源名须为 1–100 个字母、数字或 _ . : -", "letters, digits and _ . : - only")
    return source


def _remember(report: ReportReceived) -> None:
    _recent[report.report] = _received(report)
    if len(_recent) > REMEMBERED:
        _recent.popitem(last=False)


def _received(report: ReportReceived) -> Report:
    return Report(
        report=report.report,
        adapter=report.adapter,
        source=report.source,
        received_at=report.received_at,
        content_type=report.content_type,
        size=len(report.body),
        state="received",
        trace_id=tracing.current_trace_id(),
    )

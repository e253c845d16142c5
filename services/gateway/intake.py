"""The hot way in: a report's bytes become durable, then the device gets its 202. Nothing is read out of them here;
of events from programs it is judged whether they can be read.

It stands before the framework: an accepted report passes `take` from top to bottom and nothing else. The raw report
itself is its record; a refusal leaves a line in the log, a record and a problem document like any other.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from secrets import token_hex
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from opentelemetry.context import attach, detach
from pydantic import ValidationError
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as HttpScope

from contracts.alerts import Report, ReportReceived, alarm_events
from contracts.faults import Fault, Invalid, NotFound, Unavailable
from contracts.shared import Caller, Scope
from services.chassis import context, multipart, safe_json, tracing
from services.gateway import pictures
from services.gateway.door import Door
from services.gateway.idempotency import checked
from services.gateway.journey import Journey, journey, refusal
from services.gateway.limits import read_body
from services.gateway.problems import of_status, store_away
from services.gateway.sources import TOKEN
from services.gateway.wording import invalid

ADAPTERS = ("hikvision", "dahua", "onvif", "gb28181", "frigate", "cloudevents", "alertmanager")
# its senders are programs, which can be told what is wrong; a camera that is refused may switch its host off
TOLD = "cloudevents"
PATH = "/v1/intake/{adapter}/{source}"
PLACE = re.compile(r"/v1/intake/([^/]+)/([^/]+)")
SOURCE = re.compile(r"[A-Za-z0-9_.:\-]{1,100}")
# how long a device waits for the broker before its report is kept here
PATIENCE = 2.0
REMEMBERED = 10_000
ADAPTER: dict[str, Any] = {
    "name": "adapter",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "enum": list(ADAPTERS)},
}
ACCEPTED = [(b"content-type", b"application/json"), (b"content-length", b"45")]


class Recent(NamedTuple):
    """An accepted report without its body."""

    adapter: str
    source: str
    received_at: datetime
    content_type: str
    size: int
    trace_id: str | None


_recent: OrderedDict[str, Recent] = OrderedDict()


def place_of(path: str) -> tuple[str, str] | None:
    """Adapter and source as the path names them; None for any other path."""
    found = PLACE.fullmatch(path)
    return (found[1], found[2]) if found else None


async def take(door: Door, place: tuple[str, str], request: HttpScope, receive: Receive, send: Send) -> None:
    """202 with the report's id once its bytes are durable; never a 4xx for what a device says."""
    with journey(request, PATH) as made:
        try:
            report = await _accept(door, place, request, receive)
        except Exception as error:
            response = await _refused(door, made, error, request)
            await response(request, receive, send)
            return
        _recent[report.report] = Recent(
            report.adapter, report.source, report.received_at, report.content_type, len(report.body), made.trace_id
        )
        if len(_recent) > REMEMBERED:
            _recent.popitem(last=False)
        made.status = 202
        await send({"type": "http.response.start", "status": 202, "headers": ACCEPTED + made.headers()})
        await send({"type": "http.response.body", "body": b'{"report":"%b"}' % report.report.encode()})


async def known(door: Door, report: str) -> Report | None:
    """A report that was accepted and that its service has not seen yet."""
    if recent := _recent.get(report):
        return Report(report=report, state="received", **recent._asdict())
    try:
        waiting = await door.spool.get(report)
    except PyMongoError:
        return None
    if waiting is None:
        return None
    told = waiting.model_dump(exclude={"body"})
    return Report(**told, size=len(waiting.body), state="received")


def known_adapter(request: Request) -> str:
    """The adapter of the path. Raises NotFound."""
    return _adapter(request.path_params["adapter"])


def content_type_of(request: Request) -> str:
    """What the device says its bytes are, cut to a sane length."""
    return request.headers.get("content-type", "")[:300]


async def publish_spooled(door: Door, report: ReportReceived, traceparent: str | None) -> None:
    """Send a report on under the trace in which it came. Raises Unavailable when the broker does not confirm."""
    context_of_report = attach(tracing.parent(traceparent))
    try:
        await door.bus.publish(report, id=report.report, timeout=PATIENCE)
    finally:
        detach(context_of_report)


async def _accept(door: Door, place: tuple[str, str], request: HttpScope, receive: Receive) -> ReportReceived:
    if request["method"] != "POST":
        raise of_status(405, {"Allow": "POST"})
    # a token is a secret and no name: it ends here, whatever key comes with it
    by_token = place[1].startswith(TOKEN)
    if by_token:
        source, adapter = await door.tokens.source(request, place[1], place[0]), _adapter(place[0])
    else:
        await door.access.caller(request, Scope.ALERTS_REPORT)
        adapter, source = _adapter(place[0]), _source(place[1])
    # the first of several, as everywhere else
    headers = dict(reversed(request["headers"]))
    content_type = headers.get(b"content-type", b"").decode("latin-1")[:300]
    length = headers.get(b"content-length", b"").decode("latin-1")
    body = await read_body(receive, length, pictures.most(content_type))
    if multipart.is_multipart(body, content_type):
        body = await pictures.replaced(body, content_type)
    if adapter == TOLD:
        _check_events(body)
    report = ReportReceived(
        report=_name(headers, request["state"]["caller"].client, adapter, source),
        adapter=adapter,
        source=source,
        content_type=content_type,
        received_at=context.now(),
        body=body,
    )
    await _keep(door, report)
    if by_token:
        door.sources.used(source, report.received_at)
    return report


def _check_events(body: bytes) -> None:
    """Raises Invalid with line and column of what is no JSON, or with the fields that are wrong."""
    try:
        alarm_events(safe_json.loads(body, keys_checked=False))
    except ValidationError as error:
        raise invalid(error) from None


async def _keep(door: Door, report: ReportReceived) -> None:
    """On the bus, or in the spool while the bus is away or its confirm is in doubt."""
    if door.bus.connected and not door.spool.stuck:
        with suppress(Unavailable):
            return await door.bus.publish(report, id=report.report, timeout=PATIENCE)
    try:
        await door.spool.put(report, tracing.traceparent())
    except PyMongoError:
        raise store_away() from None


def _adapter(name: str) -> str:
    if name not in ADAPTERS:
        listed = ", ".join(ADAPTERS)
        raise NotFound("adapter_unknown", f"没有该适配器; 可用: {listed}", f"no such adapter; there are {listed}")
    return name


def _source(name: str) -> str:
    if not SOURCE.fullmatch(name):
        raise Invalid("source_invalid", "来源名须为 1–100 个字母、数字或 _ . : -", "letters, digits and _ . : - only")
    return name


def _name(headers: Mapping[bytes, bytes], client: str, adapter: str, source: str) -> str:
    """A retry under the same Idempotency-Key or CloudEvents id is the same report."""
    if b"idempotency-key" in headers:
        own = checked(headers[b"idempotency-key"].decode("latin-1"))
    else:
        own = b"\n".join((headers.get(b"ce-source", b""), headers.get(b"ce-id", b""))).decode("latin-1").strip()
    return uuid5(NAMESPACE_URL, f"{client}\n{adapter}\n{source}\n{own}").hex if own else token_hex(16)


async def _refused(door: Door, made: Journey, error: Exception, request: HttpScope) -> Response:
    response = refusal(request, error)
    made.status = response.status_code
    response.raw_headers += made.headers()
    if isinstance(error, Fault):
        caller: Caller | None = request.get("state", {}).get("caller")
        remote = request["client"][0] if request["client"] else "–"
        who = caller.client if caller else None
        door.refusals.count(remote, who, response.status_code, error.code, context.now())
    if isinstance(error, Fault) and request["method"] == "POST":
        await door.record(Request(request), PATH, response, error.code)
    made.tell(request)
    return response

"""The trace store over HTTP: OTLP in; lists, the service map, and traces in the shape of Jaeger's query v3 out.

It asks nobody who they are and listens on the loopback interface or a network of the services' own; people and
systems come through the gateway.
"""

import re
import zlib

from pydantic import BaseModel, ValidationError
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from contracts.faults import Invalid
from contracts.traces import TraceQuery
from services.console.traces.intake import Intake
from services.console.traces.otlp import Undecodable

PROTOBUF, JSON = "application/x-protobuf", "application/json"
MOST_BODY, MOST_UNPACKED = 4 * 1024 * 1024, 8 * 1024 * 1024
TRACE = re.compile(r"[0-9a-f]{32}")


class Refused(Exception):
    """An HTTP status for a body that is not taken."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def take_spans(request: Request) -> Response:
    """200 as soon as the spans are gathered: whoever sends traces must never wait for a disk."""
    try:
        if request.headers.get("content-type", "").partition(";")[0] != PROTOBUF:
            raise Refused(415)
        body = await _body(request)
        _intake(request).take(body)
    except Refused as refusal:
        return Response(status_code=refusal.status)
    except Undecodable:
        return Response(status_code=400)
    return Response(b"", media_type=PROTOBUF)


async def get_trace(request: Request) -> Response:
    """One trace; 404 when there is none."""
    trace = request.path_params["trace"]
    if not TRACE.fullmatch(trace):
        return _error(400, "a trace id is 32 lower-case hex digits")
    try:
        found = await _intake(request).find(trace)
    except PyMongoError:
        return _error(503, "the store is away")
    return JSONResponse(found) if found else _error(404, "trace not found")


async def list_traces(request: Request) -> Response:
    """Those that meet every condition, newest first."""
    try:
        query = TraceQuery.model_validate(dict(request.query_params))
        return _model(await _intake(request).store.page(query))
    except (ValidationError, Invalid):
        return _error(400, "not a query for traces")
    except PyMongoError:
        return _error(503, "the store is away")


async def draw_map(request: Request) -> Response:
    """Who calls whom."""
    try:
        return _model(await _intake(request).store.map())
    except PyMongoError:
        return _error(503, "the store is away")


ROUTES = [
    Route("/v1/traces", take_spans, methods=["POST"]),
    Route("/api/traces", list_traces),
    Route("/api/traces:map", draw_map),
    Route("/api/v3/traces/{trace}", get_trace),
]


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BODY:
            raise Refused(413)
        parts.append(part)
    packed = b"".join(parts)
    encoding = request.headers.get("content-encoding", "identity")
    if encoding == "identity":
        return packed
    if encoding != "gzip":
        raise Refused(415)
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        body = unpacking.decompress(packed, MOST_UNPACKED)
    except zlib.error:
        raise Refused(400) from None
    if not unpacking.eof:
        raise Refused(413 if unpacking.unconsumed_tail else 400)
    return body


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.traces
    return intake


def _model(found: BaseModel) -> Response:
    return Response(found.model_dump_json(), media_type=JSON)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": {"httpCode": status, "message": message}}, status)

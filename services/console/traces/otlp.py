"""OTLP in, OTLP's JSON out. A span is kept as the bytes in which it came, so that nothing is lost or decoded twice."""

from base64 import b64decode
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Status
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

MOST_INT64 = 2**63 - 1
ID_FIELDS = ("traceId", "spanId", "parentSpanId")
SUBJECT = "yiwang.subject"
LONGEST_WORD = 200


class Undecodable(Exception):
    """The body is not an OTLP export request."""


class Raw(NamedTuple):
    """The bytes of a span, and of the resource and the scope that it came under."""

    resource: bytes
    scope: bytes
    span: bytes


class Span(NamedTuple):
    """A span as far as lists, search and the map need it. Ids are hex, times nanoseconds since 1970.

    `words` are its attributes as `key=value`; `subject` is the business key of what it is about.
    """

    trace: str
    id: str
    parent: str
    service: str
    name: str
    kind: int
    started_ns: int
    ended_ns: int
    failed: bool
    subject: str
    words: tuple[str, ...]
    raw: Raw


def read(body: bytes) -> list[Span]:
    """The spans of one export request; those without a valid id are left out. Raises Undecodable."""
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError:
        raise Undecodable from None
    return [span for resource in request.resource_spans for span in _spans(resource)]


def again(raw: Iterable[Raw]) -> dict[str, Any]:
    """Spans as Jaeger's query v3 gives them: OTLP's JSON, ids in hex, enumerations as numbers."""
    ordered = sorted(raw)
    resources = [
        {"resource": MessageToDict(Resource.FromString(resource)), "scopeSpans": _scopes(list(found))}
        for resource, found in groupby(ordered, lambda one: one.resource)
    ]
    return {"result": {"resourceSpans": resources}}


def _spans(resource_spans: ResourceSpans) -> Iterable[Span]:
    resource = resource_spans.resource.SerializeToString()
    service = next((a.value.string_value for a in resource_spans.resource.attributes if a.key == "service.name"), "")
    for scope_spans in resource_spans.scope_spans:
        scope = scope_spans.scope.SerializeToString()
        for span in scope_spans.spans:
            if len(span.trace_id) == 16 and len(span.span_id) == 8:
                yield _span(span, service, Raw(resource, scope, span.SerializeToString()))


def _span(span: WireSpan, service: str, raw: Raw) -> Span:
    attributes = {attribute.key: _text(attribute.value) for attribute in span.attributes}
    started = min(span.start_time_unix_nano, MOST_INT64)
    return Span(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        service=service,
        name=span.name,
        kind=span.kind,
        started_ns=started,
        ended_ns=max(started, min(span.end_time_unix_nano, MOST_INT64)),
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        subject=attributes.get(SUBJECT, ""),
        words=tuple(f"{key}={value}" for key, value in attributes.items() if len(key) + len(value) < LONGEST_WORD),
        raw=raw,
    )


def _text(value: AnyValue) -> str:
    kind = value.WhichOneof("value")
    if kind == "bool_value":
        return str(value.bool_value).lower()
    return str(getattr(value, kind)) if kind in ("string_value", "int_value", "double_value") else ""


def _scopes(raw: Sequence[Raw]) -> list[dict[str, Any]]:
    return [
        {
            "scope": MessageToDict(InstrumentationScope.FromString(scope)),
            "spans": [_json(one.span) for one in found],
        }
        for scope, found in groupby(raw, lambda one: one.scope)
    ]


def _json(raw: bytes) -> dict[str, Any]:
    span: dict[str, Any] = MessageToDict(WireSpan.FromString(raw), use_integers_for_enums=True)
    for holder in (span, *span.get("links", [])):
        for name in ID_FIELDS:
            if name in holder:
                holder[name] = b64decode(holder[name]).hex()
    return span

"""One server span and one trace id for every request, one log line for most; never a query value, never a body."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.faults import Fault
from services.chassis import metrics, tracing
from services.gateway.problems import internal, of_status, problem

log = logging.getLogger("yiwang.gateway")
# asked every few seconds by machines: a line and a trace each would drown the others
UNTOLD = frozenset({"/healthz", "/readyz"})
UNSAMPLED = tracing.parent(f"00-{'1' * 32}-{'1' * 16}-00")
NEW = Context()
CARRIED = frozenset({b"traceparent", b"tracestate"})
UNMATCHED = "unmatched"
# parameters of paths that are business keys
SUBJECTS = ("case_no", "app_no", "id", "report", "code", "grid", "dataset")
LONGEST_SUBJECT = 100


@dataclass(slots=True)
class Journey:
    """What is known of one request while it is carried out. `template` is the path of its route."""

    span: Span
    began: float
    template: str = UNMATCHED
    status: int = 0

    @property
    def trace_id(self) -> str:
        """32 hex digits."""
        return f"{self.span.get_span_context().trace_id:032x}"

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What every answer carries."""
        found = self.span.get_span_context()
        trace_id = b"%032x" % found.trace_id
        return [
            (b"x-trace-id", trace_id),
            (b"traceresponse", b"00-%b-%016x-%02x" % (trace_id, found.span_id, found.trace_flags)),
            (b"x-content-type-options", b"nosniff"),
        ]

    def tell(self, scope: Scope) -> None:
        """The log line of this request."""
        caller = scope.get("state", {}).get("caller")
        told = {
            "method": scope["method"],
            "path": self.template,
            "status": self.status,
            "ms": round((time.perf_counter() - self.began) * 1000, 1),
            "client": getattr(caller, "client", None),
        }
        log.info("request", extra=told)


@contextmanager
def journey(scope: Scope, template: str = UNMATCHED) -> Iterator[Journey]:
    """The journey of one request, present until it ends."""
    carried = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in CARRIED}
    parent = UNSAMPLED if scope["path"] in UNTOLD else tracing.extract(carried) if carried else NEW
    span = tracing.tracer.start_span(f"{scope['method']} {template}", parent, SpanKind.SERVER)
    made = Journey(span, time.perf_counter(), template)
    token = attach(set_span_in_context(span, NEW))
    try:
        yield made
    finally:
        detach(token)
        if span.is_recording():
            span.update_name(f"{scope['method']} {made.template}")
            span.set_attribute("http.request.method", scope["method"])
            span.set_attribute("http.route", made.template)
            span.set_attribute("http.response.status_code", made.status)
            # a key that nothing answers to may be anything that somebody typed
            if made.status < 400 and (subject := subject_of(scope.get("path_params", {}))):
                span.set_attribute(tracing.SUBJECT, subject)
            if made.status >= 500:
                span.set_status(StatusCode.ERROR)
            span.end()
        if made.template not in UNTOLD:
            took = time.perf_counter() - made.began
            metrics.HTTP.labels(metrics.method_of(scope["method"]), made.template, made.status).observe(took)


def subject_of(parameters: Mapping[str, Any]) -> str:
    """The business key in the path of a request: what the request is about."""
    return next((str(parameters[name])[:LONGEST_SUBJECT] for name in SUBJECTS if name in parameters), "")


class Journeys:
    """Around the routes: every answer has a trace id, and every refusal is a problem document."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with journey(scope) as made:

            async def traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    made.status = message["status"]
                    message = {**message, "headers": [*message.get("headers", ()), *made.headers()]}
                await send(message)

            try:
                await self.app(scope, receive, traced)
            except Exception as error:
                response = refusal(scope, error)
                # an answer that has begun breaks off, so that nobody takes it for whole
                if not made.status:
                    await response(scope, receive, traced)
            made.template = getattr(scope.get("route"), "path", UNMATCHED)
            if made.template not in UNTOLD:
                made.tell(scope)


def refusal(scope: Scope, error: Exception) -> Response:
    """The problem document for what went wrong; only what nobody foresaw is a fault of ours, and logged."""
    if isinstance(error, HTTPException):
        fault: Fault = of_status(error.status_code, error.headers)
    elif isinstance(error, Fault):
        fault = error
    else:
        log.exception("request failed", exc_info=error)
        fault = internal()
    return problem(fault, Request(scope).headers.get("accept-language", ""), tracing.current_trace_id())

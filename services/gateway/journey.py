"""One server span, one log line and one trace id for every request; never a query value, never a body."""

import logging
import time
from typing import Any

from opentelemetry.trace import SpanKind, StatusCode
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis import tracing
from services.gateway.problems import internal, problem

log = logging.getLogger("yiwang.gateway")
# asked every few seconds by machines: a line and a trace each would drown the others
UNTOLD = frozenset({"/healthz", "/readyz"})
UNSAMPLED = {"traceparent": f"00-{'1' * 32}-{'1' * 16}-00"}


class Journey:
    """Outermost but for the framework's own: what it lets out has a trace id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        carried = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        parent = tracing.extract(UNSAMPLED if scope["path"] in UNTOLD else carried)
        began, told = time.perf_counter(), {"status": 500, "begun": False}
        with tracing.tracer.start_as_current_span(scope["method"], parent, SpanKind.SERVER) as span:
            found = span.get_span_context()
            trace_id = f"{found.trace_id:032x}"

            async def traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    told.update(status=message["status"], begun=True)
                    out = MutableHeaders(scope=message)
                    out["X-Trace-Id"] = trace_id
                    out["traceresponse"] = f"00-{trace_id}-{found.span_id:016x}-{found.trace_flags:02x}"
                    out["X-Content-Type-Options"] = "nosniff"
                await send(message)

            try:
                await self.app(scope, receive, traced)
            except Exception as error:
                log.exception("request failed", exc_info=error)
                if not told["begun"]:
                    response = problem(internal(), headers.get("accept-language", ""), trace_id)
                    await response(scope, receive, traced)
            template = getattr(scope.get("route"), "path", None) or "unmatched"
            span.update_name(f"{scope['method']} {template}")
            span.set_attributes(
                {
                    "http.request.method": scope["method"],
                    "http.route": template,
                    "http.response.status_code": told["status"],
                }
            )
            if told["status"] >= 500:
                span.set_status(StatusCode.ERROR)
            if template not in UNTOLD:
                log.info("request", extra=_line(scope, template, told["status"], time.perf_counter() - began))


def _line(scope: Scope, template: str, status: int, seconds: float) -> dict[str, Any]:
    caller = scope.get("state", {}).get("caller")
    return {
        "method": scope["method"],
        "path": template,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "client": getattr(caller, "client", None),
    }

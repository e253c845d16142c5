"""`@answers(Request)`: nameko's RPC wire format, typed; deadlines, the caller's rights, one fault table.

Three repairs of the stock entrypoint: a request without reply_to is a dead letter and no crash loop, a lost
connection reconnects, and nobody waits for ever.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, TypeVar, cast

from eventlet.greenthread import sleep
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint, SharedExtension
from opentelemetry.trace import SpanKind, StatusCode
from pydantic import BaseModel, ValidationError

from contracts.base import Command, Request
from contracts.faults import Fault, FieldFault, Forbidden, Invalid, NotFound, Unavailable
from contracts.shared import Scope
from services.chassis import context, crash, metrics, safe_json, tracing
from services.chassis.afterlife import Afterlife
from services.chassis.line import Delivery, Line
from services.chassis.links import Outgoing, Publisher
from services.chassis.logs import describe
from services.chassis.messages import Undecodable
from services.chassis.rerun import TIMES, rerun_stale
from services.chassis.settings import settings
from services.chassis.stores import AWAY
from services.chassis.topology import REQUESTS, request_queue

_log = logging.getLogger(__name__)
H = TypeVar("H", bound=Callable[..., BaseModel])
_PREFETCH = 32


def answers(request: type[Request[Any]], *, scope: Scope | None) -> Callable[[H], H]:
    """Answer a request: `handler(self, request) -> reply`. `scope` is what the caller must hold (None: any caller)."""

    def decorate(handler: H) -> H:
        @wraps(handler)
        def apply(service: object, asked: Request[Any], call: Call | None = None) -> BaseModel:
            with _span(request, call):
                return checked(service, asked, _message_id(asked, call))

        def checked(service: object, asked: Request[Any], message_id: str | None) -> BaseModel:
            if scope and not asked.caller.may(scope):
                raise Forbidden(
                    "scope_missing",
                    f"没有权限: 需要 {scope.value}",
                    f"needs the scope {scope.value}",
                    scope=scope.value,
                )
            pinned = isinstance(asked, Command) and asked.expected_version is not None
            with context.applying(message_id, message_id, asked.method):
                return rerun_stale(lambda: handler(service, asked), 1 if pinned else TIMES)

        return cast("H", Answer.decorator(request)(apply))

    return decorate


@dataclass(frozen=True, slots=True)
class Call:
    """What travels beside a request."""

    correlation_id: str
    traceparent: str | None


class Desk(SharedExtension):
    """The request queue of a service: finds the method, spawns it, sends the reply."""

    line = Line()
    afterlife = Afterlife()

    def __init__(self) -> None:
        super().__init__()
        self.prefetch = _PREFETCH
        self.methods: dict[str, Answer] = {}
        self._running = 0
        self._finishing = False

    @property
    def busy(self) -> bool:
        """Whether requests are being answered."""
        return self._running > 0

    def setup(self) -> None:
        self.queue = request_queue(self.container.service_name)
        self._replies = Publisher(settings().amqp_url, f"{self.container.service_name} replies")
        self.line.receivers.append(self)

    def stop(self) -> None:
        self.line.stop()
        self._replies.close()

    def finish(self) -> None:
        """Begin nothing more."""
        self._finishing = True

    def deliver(self, delivery: Delivery) -> None:
        """Each request in a green thread of its own; at most the prefetch at once."""
        if self._finishing:
            return
        crash.point("received", delivery.routing_key)
        self._running += 1
        self.container.spawn_managed_thread(partial(self._take, delivery), identifier="request")

    def _take(self, delivery: Delivery) -> None:
        began = time.perf_counter()
        if not delivery.properties.get("reply_to"):
            self.afterlife.settle([(delivery, Undecodable("reply_to_missing"))], self.queue)
            self._running -= 1
            return
        if _late(delivery):
            self._done(delivery, began, "late")
            return
        try:
            asked = self._read(delivery)
        except Exception as error:
            # even a mistake of ours: a request that ends the process would come back and end the next
            self._reply(delivery, began, None, _as_fault(error))
            return
        answer = self.methods[delivery.routing_key]
        try:
            self.container.spawn_worker(
                answer, (asked, _call(delivery)), {}, handle_result=partial(self._result, delivery, began)
            )
        except ContainerBeingKilled:
            self._running -= 1

    def _read(self, delivery: Delivery) -> Request[Any]:
        if delivery.routing_key not in self.methods:
            raise NotFound("method_unknown", "没有这个方法", "no such method")
        wanted = self.methods[delivery.routing_key].request
        body = safe_json.loads(delivery.body, keys_checked=False)
        if not isinstance(body, dict):
            raise Invalid("request_malformed", "请求格式错误", "expected {args, kwargs}")
        args, kwargs = body.get("args"), body.get("kwargs")
        fields = args[0] if isinstance(args, list) and args else kwargs
        try:
            return wanted.model_validate(fields)
        except ValidationError as error:
            raise invalid(error) from None

    def _result(self, delivery: Delivery, began: float, _worker: object, result: Any, exc_info: Any) -> tuple[Any, Any]:
        fault = _as_fault(exc_info[1]) if exc_info else None
        self._reply(delivery, began, result, fault)
        return result, None

    def _reply(self, delivery: Delivery, began: float, result: BaseModel | None, fault: Fault | None) -> None:
        body = {
            "result": result.model_dump(mode="json") if result is not None else None,
            "error": _error(fault) if fault else None,
        }
        reply = Outgoing(
            REQUESTS,
            str(delivery.properties["reply_to"]),
            json.dumps(body, ensure_ascii=False).encode(),
            str(delivery.properties.get("correlation_id") or ""),
            {},
            correlation_id=str(delivery.properties.get("correlation_id") or ""),
            expires_ms=60_000,
            mandatory=False,
        )
        crash.point("before_ack", delivery.routing_key)
        for pause in (0.2, 0.5, 0):
            try:
                self._replies.publish([reply], timeout=5)
                break
            except Unavailable:
                sleep(pause)
        self._done(delivery, began, fault.kind if fault else "done")

    def _done(self, delivery: Delivery, began: float, outcome: str) -> None:
        answer = self.methods.get(delivery.routing_key)
        method = answer.request.method if answer else "unknown"
        metrics.ANSWERS.labels(method, outcome).observe(time.perf_counter() - began)
        delivery.ack()
        self._running -= 1


class Answer(Entrypoint):
    """One method of the desk."""

    desk = Desk()

    def __init__(self, request: type[Request[Any]], **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.request = request

    def setup(self) -> None:
        self.desk.methods[f"{self.container.service_name}.{self.request.method}"] = self

    def stop(self) -> None:
        self.desk.stop()


def invalid(error: ValidationError, prefix: str = "") -> Invalid:
    """A pydantic error as our own: every field at once, never the value."""
    faults = [
        FieldFault(
            pointer=prefix + "".join(f"/{part}" for part in fault["loc"]),
            code=fault["type"],
            zh=f"字段不符合要求: {fault['type']}",
            en=fault["msg"] if fault["type"] != "value_error" else "not acceptable",
        )
        for fault in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    return Invalid("request_invalid", "请求内容不符合要求", "the request does not fit its contract", faults[:50])


def _call(delivery: Delivery) -> Call:
    carried = delivery.headers.get("traceparent")
    return Call(str(delivery.properties.get("correlation_id") or ""), carried if isinstance(carried, str) else None)


def _message_id(asked: Request[Any], call: Call | None) -> str | None:
    """Under which a command's effects are recorded: a redelivered or repeated one is recognised."""
    if not isinstance(asked, Command):
        return None
    if asked.idempotency_key:
        return f"{asked.caller.client}:{asked.method}:{asked.idempotency_key}"
    return f"call:{call.correlation_id}" if call and call.correlation_id else None


@contextmanager
def _span(request: type[Request[Any]], call: Call | None) -> Iterator[None]:
    parent = tracing.parent(call.traceparent) if call and call.traceparent else None
    with tracing.tracer.start_as_current_span(
        f"answer {request.method}",
        parent,
        SpanKind.SERVER,
        {"rpc.system": "nameko", "rpc.method": request.method},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except Fault as fault:
            span.set_attribute("error.type", fault.code)
            raise
        except Exception as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(StatusCode.ERROR)
            raise


def _as_fault(error: BaseException) -> Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, AWAY):
        return Unavailable("store_away", "数据库暂时不可用", "the store is away")
    _log.error("request failed", extra=describe(error))
    return Unavailable("fault", "服务内部故障, 已记录", "an internal fault, recorded")


def _error(fault: Fault) -> dict[str, object]:
    name = type(fault).__name__
    return {
        "exc_type": name,
        "exc_path": f"contracts.faults.{name}",
        "exc_args": [fault.code, fault.en],
        "value": fault.en,
        "fault": fault.to_wire(),
    }


def _late(delivery: Delivery) -> bool:
    deadline = delivery.headers.get("x-deadline")
    return isinstance(deadline, (int, float)) and deadline < time.time() * 1000

"""The gateway's side of the bus: two native threads speak AMQP, asyncio waits on futures.

A thread and a connection for each call cost the standalone proxies most of their time; here one window of open
confirms serves all. This module must never import the engine of the services.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from secrets import token_hex
from typing import Self, TypeVar
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from pydantic import BaseModel

from contracts.base import Delivery, Request
from contracts.faults import Unavailable, WireFault
from services.chassis import messages, tracing
from services.chassis.couriers import Listener, Sender
from services.chassis.links import Outgoing, away
from services.chassis.topology import REQUESTS

R = TypeVar("R", bound=BaseModel)


class Bus:
    """Ask services and publish deliveries from asyncio. `async with Bus(url, "gateway") as bus: await bus.ask(…)`."""

    def __init__(self, url: str, name: str = "gateway") -> None:
        self._address = str(uuid4())
        self._sender = Sender(url, f"{name} sender")
        self._listener = Listener(url, f"{name} replies", f"rpc.reply-{name}-{self._address}", self._address)

    @property
    def connected(self) -> bool:
        """Whether both directions stand."""
        return self._sender.connected and self._listener.connected

    async def start(self) -> None:
        """Begin connecting; waits up to 5 s for the broker and goes on without it."""
        loop = asyncio.get_running_loop()
        self._sender.start(loop)
        self._listener.start(loop)
        until = time.monotonic() + 5
        while not self.connected and time.monotonic() < until:
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Confirm what is open (bounded), then disconnect."""
        await asyncio.to_thread(self._sender.stop)
        await asyncio.to_thread(self._listener.stop)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def ask(self, request: Request[R], timeout: float = 10.0, service: str | None = None) -> R:
        """One typed request to its service. Raises the service's fault, or Unavailable (bus_away, timeout)."""
        target = service or request.service
        attributes = {"rpc.system": "nameko", "rpc.service": target, "rpc.method": request.method}
        with _span(f"ask {target}.{request.method}", SpanKind.CLIENT, attributes) as span:
            try:
                return await self._ask(request, target, timeout, tracing.traceparent(span))
            except Unavailable as fault:
                span.set_attribute("error.type", fault.code)
                span.set_status(StatusCode.ERROR)
                raise

    async def _ask(self, request: Request[R], target: str, timeout: float, traceparent: str | None) -> R:
        if not self._listener.connected:
            raise away()
        correlation = token_hex(16)
        headers: dict[str, object] = {"x-deadline": int((time.time() + timeout) * 1000)}
        if traceparent:
            headers["traceparent"] = traceparent
        message = Outgoing(
            REQUESTS,
            f"{target}.{request.method}",
            b'{"args":[' + request.model_dump_json().encode() + b'],"kwargs":{}}',
            correlation,
            headers,
            correlation_id=correlation,
            reply_to=self._address,
            expires_ms=int(timeout * 1000),
        )
        answer = asyncio.get_running_loop().create_future()
        self._listener.expect(correlation, answer)
        try:
            self._sender.send(message, answer)
            raw = await _within(answer, timeout, _no_answer)
        finally:
            self._listener.forget(correlation)
        return _read(raw, request.reply())

    async def publish(self, event: Delivery, id: str, timeout: float = 2.0) -> None:
        """Safe with the broker when this returns; Unavailable otherwise (in doubt: publish again, same id)."""
        attributes = tracing.messaging("send", event.wire) | {tracing.SUBJECT: id}
        with _span(f"publish {event.wire}", SpanKind.PRODUCER, attributes) as span:
            if not self._sender.connected:
                raise away()
            done = asyncio.get_running_loop().create_future()
            self._sender.send(messages.delivery(event, id, tracing.traceparent(span)), done)
            await _within(done, timeout, _no_confirm)


@contextmanager
def _span(name: str, kind: SpanKind, attributes: Mapping[str, str | int]) -> Iterator[trace.Span]:
    """A span of its own, or the present one where the journey is not recorded anyway."""
    present = trace.get_current_span()
    found = present.get_span_context()
    if found.is_valid and not found.trace_flags.sampled:
        yield present
        return
    with tracing.tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        yield span


async def _within(answer: asyncio.Future[bytes], seconds: float, late: Callable[[], Unavailable]) -> bytes:
    """What comes in time. Raises what `late` says."""

    def give_up() -> None:
        if not answer.done():
            answer.set_exception(late())

    timer = answer.get_loop().call_later(seconds, give_up)
    try:
        return await answer
    finally:
        timer.cancel()


def _no_answer() -> Unavailable:
    return Unavailable("timeout", "服务未在时限内应答", "the service did not answer in time")


def _no_confirm() -> Unavailable:
    return Unavailable("timeout", "消息总线未及时确认", "the bus did not confirm in time")


def _read(raw: bytes, reply: type[R]) -> R:
    body = json.loads(raw)
    error = body.get("error")
    if error:
        if "fault" in error:
            raise WireFault.model_validate(error["fault"]).to_fault()
        raise Unavailable("fault", "服务内部故障, 已记录", "an internal fault, recorded")
    return reply.model_validate(body["result"])

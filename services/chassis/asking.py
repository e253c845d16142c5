"""The gateway's side of the bus: two native threads speak AMQP, asyncio waits on futures.

A thread and a connection for each call cost the standalone proxies most of their time; here one window of open
confirms serves all. This module must never import the engine of the services.
"""

import asyncio
import contextlib
import json
import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Self, TypeVar
from uuid import uuid4

from opentelemetry.trace import SpanKind, StatusCode
from pydantic import BaseModel

from contracts.base import Delivery, Request
from contracts.faults import Fault, Unavailable, WireFault
from services.chassis import messages, tracing
from services.chassis.links import LOST, ConfirmedChannel, Outgoing, connect
from services.chassis.logs import describe
from services.chassis.topology import REQUESTS

_log = logging.getLogger(__name__)
R = TypeVar("R", bound=BaseModel)
_WINDOW = 256
_MAX_WAITING = 4096


def _away() -> Unavailable:
    return Unavailable("bus_away", "消息总线暂时不可用", "the message bus is away")


class Bus:
    """Ask services and publish deliveries from asyncio. `async with Bus(url, "gateway") as bus: await bus.ask(…)`."""

    def __init__(self, url: str, name: str = "gateway") -> None:
        self._sender = _Sender(url, f"{name} sender")
        self._listener = _Listener(url, f"{name} replies", name)

    @property
    def connected(self) -> bool:
        """Whether both directions stand."""
        return self._sender.connected and self._listener.connected

    async def start(self) -> None:
        """Begin connecting; waits up to 5 s for the broker and goes on without it."""
        self._sender.start()
        self._listener.start()
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
        with tracing.tracer.start_as_current_span(
            f"ask {target}.{request.method}",
            kind=SpanKind.CLIENT,
            attributes={"rpc.system": "nameko", "rpc.service": target, "rpc.method": request.method},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                return await self._ask(request, target, timeout)
            except Unavailable as fault:
                span.set_attribute("error.type", fault.code)
                span.set_status(StatusCode.ERROR)
                raise

    async def _ask(self, request: Request[R], target: str, timeout: float) -> R:
        if not self._listener.connected:
            raise _away()
        correlation = str(uuid4())
        headers: dict[str, object] = {"x-deadline": int((time.time() + timeout) * 1000)}
        carried = tracing.traceparent()
        if carried:
            headers["traceparent"] = carried
        body = b'{"args":[' + request.model_dump_json().encode() + b'],"kwargs":{}}'
        message = Outgoing(
            REQUESTS,
            f"{target}.{request.method}",
            body,
            correlation,
            headers,
            correlation_id=correlation,
            reply_to=self._listener.address,
            expires_ms=int(timeout * 1000),
        )
        answer = self._listener.expect(correlation)
        try:
            await asyncio.wait_for(self._sender.send(message), timeout)
            raw = await asyncio.wait_for(asyncio.wrap_future(answer), timeout)
        except TimeoutError:
            raise Unavailable("timeout", "服务未在时限内应答", "the service did not answer in time") from None
        finally:
            self._listener.forget(correlation)
        return _read(raw, request.reply())

    async def publish(self, event: Delivery, id: str, timeout: float = 2.0) -> None:
        """Safe with the broker when this returns; Unavailable otherwise (in doubt: publish again, same id)."""
        with tracing.tracer.start_as_current_span(
            f"publish {event.wire}",
            kind=SpanKind.PRODUCER,
            attributes={"messaging.system": "rabbitmq", "messaging.destination.name": event.wire},
            record_exception=False,
        ):
            if not self._sender.connected:
                raise _away()
            message = messages.delivery(event, id, tracing.traceparent())
            try:
                await asyncio.wait_for(self._sender.send(message), timeout)
            except TimeoutError:
                raise Unavailable("timeout", "消息总线未及时确认", "the bus did not confirm in time") from None


def _read(raw: bytes, reply: type[R]) -> R:
    body = json.loads(raw)
    error = body.get("error")
    if error:
        if "fault" in error:
            raise WireFault.model_validate(error["fault"]).to_fault()
        raise Unavailable("fault", "服务内部故障, 已记录", "an internal fault, recorded")
    return reply.model_validate(body["result"])


class _Worker:
    """A native thread with a connection that comes back by itself."""

    def __init__(self, name: str) -> None:
        self.name, self.connected = name, False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self.wake()
        self._thread.join(5)

    def wake(self) -> None:
        """Interrupt a wait."""

    def _session(self) -> None:
        """One connection's life. Raises LOST."""
        raise NotImplementedError

    def _run(self) -> None:
        pause = 0.1
        while not self._stopping:
            try:
                self._session()
                pause = 0.1
            except LOST as error:
                pause = 0.1 if self.connected else min(pause * 2, 2.0)
                _log.warning("bus away", extra={"link": self.name, "error": type(error).__name__, "retry_s": pause})
                self.connected = False
                self.lost()
                time.sleep(pause)
            except Exception as error:
                _log.critical("bus thread died", extra={"link": self.name, **describe(error)})
                os._exit(70)
        self.connected = False

    def lost(self) -> None:
        """Tell those who wait."""


class _Sender(_Worker):
    """Publishes with up to 256 confirms open."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(name)
        self._url = url
        self._waiting: deque[tuple[Outgoing, Future[None]]] = deque()
        self._open: dict[int, Future[None]] = {}
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def send(self, message: Outgoing) -> asyncio.Future[None]:
        """Done when the broker has confirmed it."""
        if len(self._waiting) >= _MAX_WAITING:
            raise Unavailable("bus_busy", "消息总线繁忙, 请稍后再试", "the message bus is busy")
        done: Future[None] = Future()
        self._waiting.append((message, done))
        self.wake()
        return asyncio.wrap_future(done)

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"x")

    def lost(self) -> None:
        for done in [*self._open.values(), *(done for _, done in self._waiting)]:
            _fail(done, _away())
        self._open.clear()
        self._waiting.clear()

    def _session(self) -> None:
        channel = ConfirmedChannel(self._url, self.name)
        try:
            self.connected = True
            while not (self._stopping and not self._waiting and not self._open):
                self._turn(channel)
        finally:
            channel.close()

    def _turn(self, channel: ConfirmedChannel) -> None:
        while self._waiting and channel.open < _WINDOW:
            message, done = self._waiting.popleft()
            if done.set_running_or_notify_cancel():
                try:
                    self._open[channel.send(message)] = done
                except LOST:
                    _fail(done, _away())
                    raise
        sources: list[Any] = [channel.sock] if channel.open >= _WINDOW else [channel.sock, self._wake_read]
        ready, _, _ = select.select(sources, [], [], 1.0)
        if self._wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 65536)
        while channel.sock in ready:
            channel.drain(0.05)
            ready, _, _ = select.select([channel.sock], [], [], 0)
        while channel.settled:
            tag, error = channel.settled.popleft()
            _settle(self._open.pop(tag), error)
        channel.beat()


class _Listener(_Worker):
    """Consumes the replies on an exclusive queue."""

    def __init__(self, url: str, name: str, owner: str) -> None:
        super().__init__(name)
        self._url = url
        self.address = str(uuid4())
        self._queue = f"rpc.reply-{owner}-{self.address}"
        self._expected: dict[str, Future[bytes]] = {}

    def expect(self, correlation: str) -> Future[bytes]:
        """Where the reply will be."""
        found: Future[bytes] = Future()
        self._expected[correlation] = found
        return found

    def forget(self, correlation: str) -> None:
        """Nobody waits any more."""
        self._expected.pop(correlation, None)

    def lost(self) -> None:
        for found in list(self._expected.values()):
            _fail(found, _away())

    def _session(self) -> None:
        connection = connect(self._url, self.name)
        try:
            channel = connection.channel()
            channel.queue_declare(self._queue, durable=False, exclusive=True, auto_delete=True)
            channel.queue_bind(self._queue, REQUESTS, self.address)
            channel.basic_consume(self._queue, no_ack=True, callback=self._take)
            self.connected = True
            beat_at = 0.0
            while not self._stopping:
                with contextlib.suppress(TimeoutError):
                    connection.drain_events(timeout=0.5)
                if time.monotonic() - beat_at > 1:
                    beat_at = time.monotonic()
                    connection.heartbeat_check()
        finally:
            with contextlib.suppress(*LOST):
                connection.collect(1)

    def _take(self, message: Any) -> None:
        found = self._expected.get(str(message.properties.get("correlation_id")))
        if found and not found.done():
            body = message.body
            found.set_result(body.encode() if isinstance(body, str) else bytes(body))


_ERRORS: dict[str, Callable[[], Fault]] = {
    "unroutable": lambda: Unavailable("service_away", "服务尚未就绪", "the service is not there"),
    "nacked": lambda: Unavailable("bus_full", "消息队列已满, 请稍后再试", "the queue is full"),
}


def _settle(done: Future[None], error: str | None) -> None:
    if error is None:
        if not done.done():
            done.set_result(None)
        return
    _fail(done, _ERRORS.get(error, _away)())


def _fail(done: Future[Any], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)

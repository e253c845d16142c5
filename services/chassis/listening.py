"""`@on(Event)`: read, apply, write, acknowledge, in this order; no path falls through to an acknowledgement."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any, TypeVar, cast

from eventlet.event import Event as Signal
from eventlet.greenthread import sleep
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint
from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode

from contracts.base import Event
from contracts.faults import Fault, Unavailable
from services.chassis import context, crash, tracing
from services.chassis.afterlife import Afterlife
from services.chassis.line import Delivery, Line
from services.chassis.messages import Received, Undecodable, decode
from services.chassis.rerun import rerun_stale
from services.chassis.stores import AWAY
from services.chassis.topology import event_queue

_log = logging.getLogger(__name__)
H = TypeVar("H", bound=Callable[..., None])
_SINGLE_PREFETCH = 32
_PAUSE_S = 0.5
LEAD = "messaging.batch.lead"


class PartlyFailed(Exception):
    """Of a batch that was rerun one by one, these failed (by place)."""

    def __init__(self, failed: dict[int, Exception]) -> None:
        super().__init__(f"{len(failed)} failed")
        self.failed = failed


def on(event: type[Event], *, batch: int | None = None, wait: float = 0.05) -> Callable[[H], H]:
    """Hear an event: `handler(self, Received[E])`, or with `batch` `handler(self, list[Received[E]])`.

    A batch is handed over when it is full or `wait` seconds after its first message; one batch at a time.
    """

    def decorate(handler: H) -> H:
        apply = _batched(handler, event) if batch else _single(handler, event)
        return cast("H", Listen.decorator(event, batch, wait)(apply))

    return decorate


class Listen(Entrypoint):
    """The queue of one event at one service."""

    line = Line()
    afterlife = Afterlife()

    def __init__(self, event: type[Event], batch: int | None, wait: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.event, self.batch, self.wait = event, batch, wait
        self.prefetch = batch * 2 if batch else _SINGLE_PREFETCH
        self._applying = False
        self._burying = 0
        self._buffer: deque[tuple[Delivery, object]] = deque()
        self._first_at = 0.0
        self._wake = Signal()
        self._finishing = False

    @property
    def busy(self) -> bool:
        """Whether work is under way that may still be acknowledged."""
        return self._applying or self._burying > 0

    def setup(self) -> None:
        self.queue = self.name_of_queue(self.container.service_name)
        self.line.receivers.append(self)

    def start(self) -> None:
        self.container.spawn_managed_thread(self._work, identifier=f"listen {self.queue}")

    def stop(self) -> None:
        self.line.stop()

    def name_of_queue(self, service: str) -> str:
        """Which queue this hears."""
        return event_queue(service, self.event.wire)

    def read(self, delivery: Delivery) -> object:
        """What the handler gets. Raises Undecodable."""
        return decode(self.event, delivery.body, delivery.headers, delivery.properties.get("message_id"))

    def finish(self) -> None:
        """Begin nothing more."""
        self._finishing = True
        self._nudge()

    def deliver(self, delivery: Delivery) -> None:
        """Keep it until the worker comes round."""
        crash.point("received", self.queue)
        try:
            received = self.read(delivery)
        except Undecodable as error:
            self._burying += 1
            self.container.spawn_managed_thread(partial(self._bury, delivery, error), identifier="bury")
            return
        if not self._buffer:
            self._first_at = time.monotonic()
        self._buffer.append((delivery, received))
        self._nudge()

    def _nudge(self) -> None:
        if not self._wake.ready():
            self._wake.send()

    def _bury(self, delivery: Delivery, error: Exception) -> None:
        self.afterlife.settle([(delivery, error)], self.queue)
        self._burying -= 1

    def _work(self) -> None:
        size = self.batch or _SINGLE_PREFETCH
        while not self._finishing:
            if not self._buffer:
                self._wake.wait()
                self._wake = Signal()
                continue
            left = self._first_at + self.wait - time.monotonic()
            if self.batch and len(self._buffer) < size and left > 0:
                sleep(min(left, 0.01))
                continue
            taken = [self._buffer.popleft() for _ in range(min(size, len(self._buffer)))]
            self._first_at = time.monotonic()
            fresh = [item for item in taken if item[0].current]
            if fresh:
                self._applying = True
                self._apply(fresh)
                self._applying = False

    def _apply(self, items: list[tuple[Delivery, object]]) -> None:
        """Work until everything is acknowledged, parked or lost with its connection."""
        while items and items[0][0].current:
            if self.batch:
                error = self._run([received for _, received in items])
                outcomes = self._spread(error, len(items))
            else:
                outcomes = self._run_each([received for _, received in items])
            waiting = [item for item, fault in zip(items, outcomes, strict=True) if _away(fault)]
            settled = [
                (delivery, fault) for (delivery, _), fault in zip(items, outcomes, strict=True) if not _away(fault)
            ]
            crash.point("before_ack", self.queue)
            self.afterlife.settle(settled, self.queue)
            items = waiting
            if items:
                # the store is away: nobody's fault, so no attempt is used up
                sleep(_PAUSE_S)

    def _spread(self, error: Exception | None, count: int) -> list[Exception | None]:
        if isinstance(error, PartlyFailed):
            return [error.failed.get(place) for place in range(count)]
        return [error] * count

    def _run_each(self, received: Sequence[object]) -> list[Exception | None]:
        done = [Signal() for _ in received]
        for one, signal in zip(received, done, strict=True):
            self._spawn(one, signal)
        return [signal.wait() for signal in done]

    def _run(self, argument: object) -> Exception | None:
        done = Signal()
        self._spawn(argument, done)
        return cast("Exception | None", done.wait())

    def _spawn(self, argument: object, done: Signal) -> None:
        def handle_result(_worker: object, result: object, exc_info: Any) -> tuple[object, Any]:
            done.send(exc_info[1] if exc_info else None)
            return result, exc_info

        try:
            self.container.spawn_worker(self, (argument,), {}, handle_result=handle_result)
        except ContainerBeingKilled:
            done.send(Unavailable("stopping", "服务正在停止", "the service is stopping"))


def _single(handler: Callable[..., None], event: type[Event]) -> Callable[..., None]:
    @wraps(handler)
    def apply(service: object, received: Received[Any]) -> None:
        with context.applying(received.id, received.correlation_id or received.id, event.wire):
            if not tracing.recorded(received.traceparent):
                rerun_stale(lambda: handler(service, received))
                return
            with tracing.tracer.start_as_current_span(
                f"process {event.wire}",
                tracing.extract({"traceparent": received.traceparent or ""}),
                SpanKind.CONSUMER,
                _attributes(event, received.id),
                record_exception=False,
            ) as span:
                inside = received.within(span)
                rerun_stale(lambda: handler(service, inside))

    return apply


def _batched(handler: Callable[..., None], event: type[Event]) -> Callable[..., None]:
    @wraps(handler)
    def apply(service: object, batch: list[Received[Any]]) -> None:
        spans = _spans(event, batch)
        inside = [item.within(spans[place]) if place in spans else item for place, item in enumerate(batch)]
        lead = next(iter(spans.values()), INVALID_SPAN)
        try:
            with tracing.use(lead), context.applying(None, None, event.wire):
                _whole_or_one_by_one(lambda part: handler(service, part), inside)
        except PartlyFailed as error:
            for place in error.failed.keys() & spans.keys():
                spans[place].set_status(StatusCode.ERROR)
            raise
        finally:
            for span in spans.values():
                span.end()

    return apply


def _spans(event: type[Event], batch: Sequence[Received[Any]]) -> dict[int, Span]:
    """By place: one for each message whose trace somebody records."""
    told = [(place, item) for place, item in enumerate(batch) if tracing.recorded(item.traceparent)]
    spans: dict[int, Span] = {}
    for place, item in told:
        # the store is spoken to once for all, in the span of the first: the others say where
        lead = next(iter(spans.values()), None)
        links = [Link(lead.get_span_context(), {LEAD: True})] if lead else _company([one for _, one in told])
        parent = tracing.extract({"traceparent": item.traceparent or ""})
        about = _attributes(event, item.id, len(batch))
        spans[place] = tracing.tracer.start_span(f"process {event.wire}", parent, SpanKind.CONSUMER, about, links)
    return spans


def _company(batch: Sequence[Received[Any]]) -> list[Link]:
    return [Link(found) for found in (tracing.remote(item.traceparent) for item in batch[1:33]) if found]


def _whole_or_one_by_one(handle: Callable[[list[Received[Any]]], None], batch: list[Received[Any]]) -> None:
    """Only the culprit leaves the batch."""
    try:
        rerun_stale(lambda: handle(batch))
    except Exception as whole:
        if _away(whole):
            raise
        failed: dict[int, Exception] = {}
        for place, item in enumerate(batch):
            try:
                rerun_stale(lambda item=item: handle([item]))  # type: ignore[misc]
            except Exception as error:
                failed[place] = error
        if failed:
            raise PartlyFailed(failed) from whole


def _away(error: Exception | None) -> bool:
    return isinstance(error, AWAY) or (isinstance(error, Fault) and error.retryable)


def _attributes(event: type[Event], message_id: str, count: int = 1) -> dict[str, str | int]:
    found: dict[str, str | int] = {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": "process",
        "messaging.destination.name": event.wire,
        "messaging.message.id": message_id,
    }
    if count > 1:
        found["messaging.batch.message_count"] = count
    return found

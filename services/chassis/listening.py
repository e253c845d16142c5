"""`@on(Event)`: read, apply, write, acknowledge, in this order; no path falls through to an acknowledgement."""

import logging
import time
from collections import deque
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, cast

from eventlet.event import Event as Signal
from eventlet.greenthread import sleep
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint
from opentelemetry.trace import SpanKind

from contracts.base import Event
from contracts.faults import Fault, Unavailable
from services.chassis import context, crash, metrics, tracing
from services.chassis.afterlife import Afterlife
from services.chassis.company import company
from services.chassis.line import Delivery, Line
from services.chassis.messages import Received, decode
from services.chassis.rerun import rerun_stale
from services.chassis.stores import AWAY
from services.chassis.topology import event_queue

_log = logging.getLogger(__name__)
H = TypeVar("H", bound=Callable[..., None])
_SINGLES = 32
_PAUSE_S = 0.5


class PartlyFailed(Exception):
    """Of a batch that was rerun one by one, these failed (by place)."""

    def __init__(self, failed: dict[int, Exception]) -> None:
        super().__init__(f"{len(failed)} failed")
        self.failed = failed


def on(event: type[Event], *, batch: int | None = None, wait: float = 0.05, at_once: int = 1) -> Callable[[H], H]:
    """Hear an event: `handler(self, Received[E])`, or with `batch` `handler(self, list[Received[E]])`.

    A batch is handed over when it is full or `wait` seconds after its first message; `at_once`: so many batches at a
    time, so that one can be computed while another is written. Single messages do not wait for one another.
    """

    def decorate(handler: H) -> H:
        apply = _batched(handler, event) if batch else _single(handler, event)
        return cast("H", Listen.decorator(event, batch, wait, at_once=at_once)(apply))

    return decorate


class Listen(Entrypoint):
    """The queue of one event at one service."""

    line = Line()
    afterlife = Afterlife()

    def __init__(
        self, event: type[Event], batch: int | None, wait: float, *, at_once: int = 1, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        self.event, self.batch, self.wait = event, batch, wait
        self._size, self._most_under_way = (batch, at_once) if batch else (1, _SINGLES)
        self.prefetch = self._size * (at_once + 1) if batch else _SINGLES
        self._under_way = 0
        self._burying = 0
        self._buffer: deque[tuple[Delivery, object]] = deque()
        self._first_at = 0.0
        self._wake = Signal()
        self._finishing = False

    @property
    def busy(self) -> bool:
        """Whether work is under way that may still be acknowledged."""
        return self._under_way > 0 or self._burying > 0

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
        except Exception as error:  # also a fault of our own reading, which must not end the process
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
        while not self._finishing:
            if not self._buffer or self._under_way >= self._most_under_way:
                self._wake.wait()
                self._wake = Signal()
                continue
            left = self._first_at + self.wait - time.monotonic()
            if self.batch and len(self._buffer) < self._size and left > 0:
                sleep(min(left, 0.01))
                continue
            taken = [self._buffer.popleft() for _ in range(min(self._size, len(self._buffer)))]
            self._first_at = time.monotonic()
            fresh = [item for item in taken if item[0].current]
            if fresh:
                self._under_way += 1
                self._tell_age(*fresh[0])
                self.container.spawn_managed_thread(partial(self._handle, fresh), identifier=f"handle {self.queue}")

    def _tell_age(self, delivery: Delivery, received: object) -> None:
        # what comes by a retry queue is late on purpose: a retry, a redrive, a replay
        if isinstance(received, Received) and received.time and "x-death" not in delivery.headers:
            metrics.AGE.labels(self.queue).observe(max((context.now() - received.time).total_seconds(), 0.0))

    def _handle(self, items: list[tuple[Delivery, object]]) -> None:
        self._apply(items)
        self._under_way -= 1
        self._nudge()

    def _apply(self, items: list[tuple[Delivery, object]]) -> None:
        """Work until everything is acknowledged, parked or lost with its connection."""
        while items and items[0][0].current:
            received = [each for _, each in items]
            began = time.perf_counter()
            outcomes = self._spread(self._run(received if self.batch else received[0]), len(items))
            metrics.HANDLING.labels(self.queue).observe(time.perf_counter() - began)
            waiting = [item for item, fault in zip(items, outcomes, strict=True) if _away(fault)]
            settled = [
                (delivery, fault) for (delivery, _), fault in zip(items, outcomes, strict=True) if not _away(fault)
            ]
            crash.point("before_ack", self.queue)
            self.afterlife.settle(settled, self.queue)
            items = waiting
            if items:
                # the store is away: nobody's fault, so no attempt is used up
                metrics.MESSAGES.labels(self.queue, "postponed").inc(len(items))
                sleep(_PAUSE_S)

    def _spread(self, error: Exception | None, count: int) -> list[Exception | None]:
        if isinstance(error, PartlyFailed):
            return [error.failed.get(place) for place in range(count)]
        return [error] * count

    def _run(self, argument: object) -> Exception | None:
        done = Signal()

        def handle_result(_worker: object, result: object, exc_info: Any) -> tuple[object, Any]:
            done.send(exc_info[1] if exc_info else None)
            return result, exc_info

        try:
            self.container.spawn_worker(self, (argument,), {}, handle_result=handle_result)
        except ContainerBeingKilled:
            return Unavailable("stopping", "服务正在停止", "the service is stopping")
        return cast("Exception | None", done.wait())


def _single(handler: Callable[..., None], event: type[Event]) -> Callable[..., None]:
    @wraps(handler)
    def apply(service: object, received: Received[Any]) -> None:
        with context.applying(received.id, received.correlation_id or received.id, event.wire):
            if not tracing.recorded(received.traceparent):
                rerun_stale(lambda: handler(service, received))
                return
            with tracing.tracer.start_as_current_span(
                f"process {event.wire}",
                tracing.parent(received.traceparent),
                SpanKind.CONSUMER,
                {**_attributes(event), **received.about},
                record_exception=False,
            ) as span:
                inside = received.within(span)
                rerun_stale(lambda: handler(service, inside))

    return apply


def _batched(handler: Callable[..., None], event: type[Event]) -> Callable[..., None]:
    @wraps(handler)
    def apply(service: object, batch: list[Received[Any]]) -> None:
        with (
            company(f"process {event.wire}", batch, _attributes(event, len(batch))) as together,
            context.applying(None, None, event.wire),
        ):
            try:
                _whole_or_one_by_one(lambda part: handler(service, part), together.members)
            except PartlyFailed as error:
                together.failed(list(error.failed))
                raise

    return apply


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


def _attributes(event: type[Event], count: int = 1) -> dict[str, str | int]:
    more = {"messaging.batch.message_count": count} if count > 1 else {}
    return tracing.messaging("process", event.wire) | more

"""Two native threads between an event loop and the broker: one publishes with a window of confirms, one hears replies.

Whatever crosses between a thread and the loop crosses in bursts: all that a turn of the loop sent goes over with one
wake-up, all that one read of the socket settled comes back with one call. This module must never import the engine of
the services.
"""

import asyncio
import contextlib
import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from contracts.faults import Fault, Unavailable
from services.chassis.frames import Inbound
from services.chassis.links import LOST, ConfirmedChannel, Outgoing, away, connect
from services.chassis.logs import describe
from services.chassis.topology import REQUESTS

_log = logging.getLogger(__name__)
_WINDOW = 256
_MAX_WAITING = 4096

Answer = asyncio.Future[bytes]


_ERRORS: dict[str, Callable[[], Fault]] = {
    "unroutable": lambda: Unavailable("service_away", "服务尚未就绪", "the service is not there"),
    "nacked": lambda: Unavailable("bus_full", "消息队列已满, 请稍后再试", "the queue is full"),
}


class Courier:
    """A thread with a connection that comes back by itself."""

    def __init__(self, name: str) -> None:
        self.name, self.connected = name, False
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin connecting; futures belong to `loop`."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Finish what is open, at most five seconds long."""
        self._stopping = True
        self.wake()
        self._thread.join(5)

    def wake(self) -> None:
        """Interrupt a wait."""

    def lost(self) -> None:
        """Tell those who wait."""

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
                pause = 0.1 if self.connected else min(pause * 2, 1.0)
                _log.warning("bus away", extra={"link": self.name, "error": type(error).__name__, "retry_s": pause})
                self.connected = False
                self.lost()
                time.sleep(pause)
            except Exception as error:
                _log.critical("bus thread died", extra={"link": self.name, **describe(error)})
                os._exit(70)
        self.connected = False

    def _call(self, work: Callable[[Any], None], burst: object) -> None:
        # the loop is closed when it did not wait for the end
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(work, burst)


class Sender(Courier):
    """Publishes with up to 256 confirms open."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(name)
        self._url = url
        self._gathered: list[tuple[Outgoing, Answer]] = []
        self._waiting: deque[tuple[Outgoing, Answer]] = deque()
        self._open: dict[int, tuple[Outgoing, Answer]] = {}
        self._asleep = False
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def send(self, message: Outgoing, done: Answer) -> None:
        """Settle `done` when the broker has confirmed; for a request only if the broker refuses it."""
        if len(self._waiting) + len(self._gathered) >= _MAX_WAITING:
            raise Unavailable("bus_busy", "消息总线繁忙, 请稍后再试", "the message bus is busy")
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append((message, done))

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"x")

    def lost(self) -> None:
        left = [*self._open.values(), *self._waiting]
        self._open.clear()
        self._waiting.clear()
        self._call(_settle, [(message, done, "lost") for message, done in left])

    def _hand_over(self) -> None:
        self._waiting.extend(self._gathered)
        self._gathered.clear()
        if self._asleep:
            self._asleep = False
            self.wake()

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
            # who has given up is not sent any more
            if not done.done():
                try:
                    self._open[channel.send(message)] = message, done
                except LOST:
                    self._call(_settle, [(message, done, "lost")])
                    raise
        channel.flush()
        self._wait(channel)
        if channel.settled:
            self._call(_settle, [(*self._open.pop(tag), error) for tag, error in channel.settled])
            channel.settled.clear()
        channel.beat()

    def _wait(self, channel: ConfirmedChannel) -> None:
        full = channel.open >= _WINDOW
        self._asleep = not full
        # looked at after saying so: whoever adds a message from here on wakes us
        pause = 1.0 if full or not self._waiting else 0.0
        sources: list[Any] = [channel.sock] if full else [channel.sock, self._wake_read]
        ready, _, _ = select.select(sources, [], [], pause)
        self._asleep = False
        if self._wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 65536)
        if channel.sock in ready:
            channel.drain(0)


class Listener(Courier):
    """Consumes the replies on an exclusive queue."""

    def __init__(self, url: str, name: str, queue: str, address: str) -> None:
        super().__init__(name)
        self._url, self._queue, self._address = url, queue, address
        self._expected: dict[str, Answer] = {}
        self._heard: list[tuple[str, bytes]] = []

    def expect(self, correlation: str, answer: Answer) -> None:
        """Where the reply will be."""
        self._expected[correlation] = answer

    def forget(self, correlation: str) -> None:
        """Nobody waits any more."""
        self._expected.pop(correlation, None)

    def lost(self) -> None:
        self._call(self._fail, None)

    def _session(self) -> None:
        connection = connect(self._url, self.name)
        try:
            channel = connection.channel()
            channel.queue_declare(self._queue, durable=False, exclusive=True, auto_delete=True)
            channel.queue_bind(self._queue, REQUESTS, self._address)
            channel.basic_consume(self._queue, no_ack=True, callback=self._take)
            inbound = Inbound(connection)
            self.connected = True
            while not self._stopping:
                inbound.read(0.5)
                if self._heard:
                    heard, self._heard = self._heard, []
                    self._call(self._hand_over, heard)
                inbound.beat()
        finally:
            with contextlib.suppress(*LOST):
                connection.collect(1)

    def _take(self, message: Any) -> None:
        body = message.body
        correlation = str(message.properties.get("correlation_id"))
        self._heard.append((correlation, body.encode() if isinstance(body, str) else bytes(body)))

    def _hand_over(self, heard: list[tuple[str, bytes]]) -> None:
        for correlation, body in heard:
            answer = self._expected.get(correlation)
            if answer and not answer.done():
                answer.set_result(body)

    def _fail(self, _: None) -> None:
        for answer in self._expected.values():
            if not answer.done():
                answer.set_exception(away())


def _settle(burst: list[tuple[Outgoing, Answer, str | None]]) -> None:
    for message, done, error in burst:
        if done.done():
            continue
        if error:
            done.set_exception(_ERRORS.get(error, away)())
        elif not message.reply_to:
            done.set_result(b"")

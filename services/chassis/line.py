"""The one connection on which a service receives: a channel for each queue, acknowledgements after the work."""

import contextlib
import logging
import threading
import time
from collections.abc import Sequence
from hashlib import sha256
from itertools import takewhile
from typing import Any, Protocol

from eventlet.event import Event as Signal
from eventlet.greenthread import sleep
from kombu import Connection
from nameko.extensions import SharedExtension

from services.chassis.frames import Inbound
from services.chassis.links import LOST, connect
from services.chassis.settings import settings

_log = logging.getLogger(__name__)


class Delivery:
    """A message in our hands. It belongs to one connection: after a loss the broker delivers it anew."""

    __slots__ = ("_line", "_tag_channel", "body", "headers", "properties", "routing_key", "tag")

    def __init__(self, line: "Line", channel: Any, message: Any) -> None:
        self._line, self._tag_channel = line, channel
        self.tag: int = message.delivery_info["delivery_tag"]
        self.routing_key: str = message.delivery_info["routing_key"]
        self.properties: dict[str, Any] = message.properties
        self.headers: dict[str, Any] = self.properties.get("application_headers") or {}
        body = message.body
        self.body: bytes = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)

    @property
    def id(self) -> str:
        """The sender's message id, else one made of the body: the same at every delivery."""
        named = self.properties.get("message_id")
        return str(named) if named else sha256(self.body).hexdigest()[:32]

    @property
    def current(self) -> bool:
        """Whether its connection still stands."""
        return self._line.owns(self._tag_channel)

    def ack(self) -> None:
        """Done; silently nothing when the connection was lost (the broker delivers again, the work is known)."""
        self._line.ack(self._tag_channel, [self.tag])

    @staticmethod
    def ack_all(done: "Sequence[Delivery]") -> None:
        """The same for several of one queue."""
        if done:
            # after a loss there are two channels: the tags of the old one mean nothing any more
            channel = done[-1]._tag_channel
            done[-1]._line.ack(channel, [each.tag for each in done if each._tag_channel is channel])


class Receiver(Protocol):
    """What an entrypoint offers to the line."""

    queue: str
    prefetch: int

    @property
    def busy(self) -> bool:
        """Whether work is under way that may still be acknowledged."""

    def finish(self) -> None:
        """Begin nothing more."""

    def deliver(self, delivery: Delivery) -> None:
        """Take it without blocking."""


class Line(SharedExtension):
    """Connects, consumes, reconnects with back-off; only lost connections are caught."""

    def __init__(self) -> None:
        super().__init__()
        self.connected = False
        self._stopping = False
        self._lock = threading.Lock()
        # the tags that are not acknowledged yet, oldest first
        self._channels: dict[Any, dict[int, None]] = {}
        self._ended = Signal()
        self._started = False
        self.receivers: list[Receiver] = []

    def start(self) -> None:
        if not self._started:
            self._started = True
            self.container.spawn_managed_thread(self._run, identifier="line")

    def stop(self) -> None:
        self._stopping = True
        if self._started:
            self._ended.wait()

    def kill(self) -> None:
        self._stopping = True

    def owns(self, channel: Any) -> bool:
        """Whether the channel belongs to the present connection."""
        return channel in self._channels

    def take(self, channel: Any, message: Any) -> Delivery | None:
        """A message is in our hands; None when its connection was given up while it was being read."""
        still_open = self._channels.get(channel)
        if still_open is None:
            return None
        delivery = Delivery(self, channel, message)
        still_open[delivery.tag] = None
        return delivery

    def ack(self, channel: Any, tags: Sequence[int]) -> None:
        """Acknowledge on a channel of the present connection: all at once as far as nothing older is still open."""
        still_open = self._channels.get(channel)
        if still_open is None:
            return
        done = set(tags)
        oldest = list(takewhile(done.__contains__, still_open))
        for tag in tags:
            still_open.pop(tag, None)
        try:
            with self._lock:
                if oldest:
                    channel.basic_ack(oldest[-1], multiple=True)
                for tag in sorted(done.difference(oldest)):
                    channel.basic_ack(tag)
        except LOST as error:
            _log.warning("bus away", extra={"error": type(error).__name__})
            self._channels = {}

    def _run(self) -> None:
        pause = 0.2
        while not self._stopping:
            connection = None
            try:
                connection = connect(settings().amqp_url, f"{self.container.service_name} line")
                self._consume(connection)
                pause = 0.2
                self._drain(connection)
            except LOST as error:
                _log.warning("bus away", extra={"error": type(error).__name__, "retry_s": pause})
                sleep(pause)
                pause = min(pause * 2, 1.0)
            finally:
                self.connected = False
                self._channels = {}
                if connection is not None:
                    _discard(connection)
        self._ended.send()

    def _consume(self, connection: Connection) -> None:
        for receiver in self.receivers:
            channel = connection.channel()
            channel.basic_qos(0, receiver.prefetch, False)
            self._channels[channel] = {}
            channel.basic_consume(receiver.queue, callback=_into(self, channel, receiver))
        self.connected = True

    def _drain(self, connection: Connection) -> None:
        inbound = Inbound(connection)
        while not self._stopping and self._channels:
            inbound.read(0.5)
            # a socket that is never empty must not keep the workers waiting
            sleep(0)
            with self._lock:
                inbound.beat()
        if self._stopping:
            self._wind_down(inbound)

    def _wind_down(self, inbound: Inbound) -> None:
        # what is not begun goes back when the connection closes; what runs may still acknowledge
        for receiver in self.receivers:
            receiver.finish()
        until = time.monotonic() + 8
        while any(receiver.busy for receiver in self.receivers) and time.monotonic() < until:
            inbound.read(0.05)


def _into(line: Line, channel: Any, receiver: Receiver) -> Any:
    def received(message: Any) -> None:
        delivery = line.take(channel, message)
        if delivery is not None:
            receiver.deliver(delivery)

    return received


def _discard(connection: Connection) -> None:
    with contextlib.suppress(*LOST):
        connection.collect(1)

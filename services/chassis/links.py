"""AMQP connections that publish with confirms. Knows kombu, not the engine: the gateway uses it in native threads."""

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from amqp import serialization
from amqp.exceptions import AMQPError
from kombu import Connection

from contracts.faults import Unavailable

LOST = (OSError, AMQPError)
HEARTBEAT_S = 20


def _text(value: str | bytes) -> str:
    """A property of a message, whatever its bytes are."""
    return value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")


# the client reads properties strictly, so that one message id that is not UTF-8 ended every process that received it
serialization.pstr_t = _text


class Outgoing(NamedTuple):
    """A message on its way out. Without `expires_ms` it is persistent."""

    exchange: str
    routing_key: str
    body: bytes
    message_id: str
    headers: Mapping[str, object]
    content_type: str = "application/json"
    correlation_id: str | None = None
    reply_to: str | None = None
    expires_ms: int | None = None
    mandatory: bool = True

    def properties(self) -> dict[str, object]:
        """AMQP basic properties."""
        found: dict[str, object] = {"message_id": self.message_id, "delivery_mode": 1 if self.expires_ms else 2}
        if self.correlation_id:
            found["correlation_id"] = self.correlation_id
        if self.reply_to:
            found["reply_to"] = self.reply_to
        if self.expires_ms:
            found["expiration"] = str(self.expires_ms)
        return found


def connect(url: str, name: str) -> Connection:
    """An open connection that shows `name` to the broker's operators. Raises LOST."""
    connection = Connection(
        url,
        heartbeat=HEARTBEAT_S,
        connect_timeout=5,
        transport_options={"client_properties": {"connection_name": name}, "confirm_publish": False},
    )
    connection.connect()
    return connection


class ConfirmedChannel:
    """A channel with a window of open confirms; not for use by two threads at once."""

    def __init__(self, url: str, name: str) -> None:
        self._connection = connect(url, name)
        self._channel = self._connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(lambda tag, multiple: self._settle(tag, multiple, None))
        self._channel.events["basic_nack"].add(lambda tag, multiple: self._settle(tag, multiple, "nacked"))
        self._channel.events["basic_return"].add(self._returned)
        self._tag = 0
        self._open: dict[int, str] = {}
        self._unroutable: set[str] = set()
        self._beat_at = 0.0
        self.settled: deque[tuple[int, str | None]] = deque()

    @property
    def open(self) -> int:
        """How many messages the broker has not answered for yet."""
        return len(self._open)

    @property
    def sock(self) -> socket.socket:
        """For select."""
        found: socket.socket = self._connection.connection.transport.sock
        return found

    def send(self, message: Outgoing) -> int:
        """Write it to the socket; the tag comes back in `settled`. Raises LOST."""
        self._tag += 1
        self._open[self._tag] = message.message_id
        prepared = self._channel.prepare_message(
            message.body,
            content_type=message.content_type,
            headers=dict(message.headers),
            properties=message.properties(),
        )
        self._channel._basic_publish(
            prepared, exchange=message.exchange, routing_key=message.routing_key, mandatory=message.mandatory
        )
        return self._tag

    def drain(self, timeout: float) -> None:
        """Read what the broker has said, waiting at most `timeout` seconds for something. Raises LOST."""
        try:
            self._connection.drain_events(timeout=timeout)
        except TimeoutError:
            return

    def beat(self) -> None:
        """Keep the connection alive; call it about every second. Raises LOST when the broker is silent."""
        if time.monotonic() - self._beat_at > 1:
            self._beat_at = time.monotonic()
            self._connection.heartbeat_check()

    def close(self) -> None:
        """Drop the connection, whatever its state."""
        with contextlib.suppress(*LOST):
            self._connection.collect(1)

    def _settle(self, tag: int, multiple: bool, error: str | None) -> None:
        for settled in [tag] if not multiple else [open_ for open_ in self._open if open_ <= tag]:
            message_id = self._open.pop(settled, None)
            if message_id is None:
                continue
            returned = message_id in self._unroutable
            self._unroutable.discard(message_id)
            self.settled.append((settled, "unroutable" if returned else error))

    def _returned(self, _error: object, _exchange: str, _routing_key: str, message: object) -> None:
        self._unroutable.add(message.properties["message_id"])  # type: ignore[attr-defined]


class Publisher:
    """Publishes batches and waits until the broker has answered for each; one at a time, reconnects by itself."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._channel: ConfirmedChannel | None = None
        self._lock = threading.Lock()

    def publish(self, messages: Sequence[Outgoing], timeout: float = 10.0) -> list[str | None]:
        """For each message None when it is safe, else why not (`unroutable`, `nacked`, `unanswered`).

        Raises Unavailable when there is no connection. After a fault in the middle nothing is known: send again
        under the same message ids.
        """
        if not messages:
            return []
        with self._lock:
            try:
                return self._publish(messages, timeout)
            except LOST as error:
                self._drop()
                raise Unavailable("bus_away", "消息总线暂时不可用", "the message bus is away") from error

    def close(self) -> None:
        """Drop the connection."""
        with self._lock:
            self._drop()

    def _publish(self, messages: Sequence[Outgoing], timeout: float) -> list[str | None]:
        channel = self._channel = self._channel or ConfirmedChannel(self._url, self._name)
        channel.settled.clear()
        try:
            places = {channel.send(message): place for place, message in enumerate(messages)}
        except LOST:
            # an idle connection that the broker closed is noticed at the first write
            self._drop()
            channel = self._channel = ConfirmedChannel(self._url, self._name)
            places = {channel.send(message): place for place, message in enumerate(messages)}
        answers: list[str | None] = ["unanswered"] * len(messages)
        until = time.monotonic() + timeout
        while channel.open and time.monotonic() < until:
            channel.drain(max(0.01, until - time.monotonic()))
        if channel.open:
            self._drop()
        for tag, error in channel.settled:
            if tag in places:
                answers[places[tag]] = error
        return answers

    def _drop(self) -> None:
        if self._channel:
            self._channel.close()
        self._channel = None

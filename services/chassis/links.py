"""AMQP connections that publish with confirms. Knows kombu, not the engine: the gateway uses it in native threads."""

import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import NamedTuple

from amqp import serialization
from amqp.exceptions import AMQPError
from kombu import Connection

from contracts.faults import Unavailable
from services.chassis import frames

LOST = (OSError, AMQPError)
HEARTBEAT_S = 20


def _text(value: str | bytes) -> str:
    """A property of a message, whatever its bytes are; never longer than these, so that it can be sent on."""
    return value if isinstance(value, str) else value.decode("utf-8", "replace").replace("\ufffd", "?")


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


def away() -> Unavailable:
    """There is no connection."""
    return Unavailable("bus_away", "消息总线暂时不可用", "the message bus is away")


def connect(url: str, name: str) -> Connection:
    """An open connection that shows `name` to the broker's operators. Raises LOST."""
    connection = Connection(
        url,
        heartbeat=HEARTBEAT_S,
        connect_timeout=5,
        transport_options={"client_properties": {"connection_name": name}, "confirm_publish": False},
    )
    # twice at once, an old socket may be in the way; `connect()` would sleep two seconds in between
    connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, reraise_as_library_errors=False)
    return connection


class ConfirmedChannel:
    """A channel with a window of open confirms; not for use by two threads at once."""

    def __init__(self, url: str, name: str) -> None:
        self._connection = connect(url, name)
        channel = self._connection.channel()
        channel.confirm_select()
        channel.events["basic_return"].add(self._returned)
        self._number = channel.channel_id
        self._inbound = frames.Inbound(self._connection, self._settle)
        self._unsent: list[bytes] = []
        self._tag = 0
        self._open: dict[int, str] = {}
        self._unroutable: set[str] = set()
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
        """Ready to go with the next `flush`; the tag comes back in `settled`. Raises LOST."""
        self._unsent.append(frames.published(message, self._number, self._connection.connection.frame_max))
        self._tag += 1
        self._open[self._tag] = message.message_id
        return self._tag

    def flush(self) -> None:
        """Write what was sent to the socket, all at once. Raises LOST."""
        if self._unsent:
            burst, self._unsent = b"".join(self._unsent), []
            self.sock.sendall(burst)
            self._connection.connection.bytes_sent += 1

    def drain(self, timeout: float) -> None:
        """Read what the broker has said, waiting at most `timeout` seconds for something. Raises LOST."""
        self._inbound.read(timeout)

    def beat(self) -> None:
        """Keep the connection alive; call it about every second. Raises LOST when the broker is silent."""
        self._inbound.beat()

    def close(self) -> None:
        """Drop the connection, whatever its state."""
        with contextlib.suppress(*LOST):
            self._connection.collect(1)

    def _settle(self, tag: int, multiple: bool, error: str | None) -> None:
        # tags were opened in order
        for settled in list(takewhile(lambda open_: open_ <= tag, self._open)) if multiple else [tag]:
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
                raise away() from error

    def close(self) -> None:
        """Drop the connection."""
        with self._lock:
            self._drop()

    def _publish(self, messages: Sequence[Outgoing], timeout: float) -> list[str | None]:
        try:
            channel, places = self._sent(messages)
        except LOST:
            # an idle connection that the broker closed is noticed when it is used again
            self._drop()
            channel, places = self._sent(messages)
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

    def _sent(self, messages: Sequence[Outgoing]) -> tuple[ConfirmedChannel, dict[int, int]]:
        if self._channel:
            self._channel.drain(0)
        channel = self._channel = self._channel or ConfirmedChannel(self._url, self._name)
        channel.settled.clear()
        places = {channel.send(message): place for place, message in enumerate(messages)}
        channel.flush()
        return channel, places

    def _drop(self) -> None:
        if self._channel:
            self._channel.close()
        self._channel = None

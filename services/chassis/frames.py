"""AMQP frames in bursts: one system call for many messages, where the library makes one or more for each frame.

Every call gives the interpreter lock away, which is what a thread beside an event loop has least of. Publishes and
confirms pass here; the handshake, channels, heartbeats, deliveries and whatever is rare stay with the library.
"""

import time
from collections.abc import Callable, Mapping
from ssl import SSLWantReadError
from struct import Struct, pack
from typing import TYPE_CHECKING, Any

from amqp.exceptions import FrameSyntaxError, UnexpectedFrame
from amqp.serialization import dumps
from kombu import Connection

if TYPE_CHECKING:
    from services.chassis.links import Outgoing

_CHUNK = 65_536
_METHOD, _HEADER, _BODY, _END = 1, 2, 3, b"\xce"
_HEAD = Struct(">BHI")
# type, channel and size before the payload, one octet after it
_AROUND = 8
_BASIC = 60
_PUBLISH = pack(">HHH", _BASIC, 40, 0)
_ACK, _NACK = pack(">HH", _BASIC, 80), pack(">HH", _BASIC, 120)
_CONFIRM = Struct(">QB")
_BEAT_EVERY_S = 1.0

Confirmed = Callable[[int, bool, str | None], None]


def published(message: "Outgoing", channel: int, frame_max: int) -> bytes:
    """basic.publish with header and body. Raises FrameSyntaxError for a name of more than 255 octets."""
    mandatory = b"\x01" if message.mandatory else b"\x00"
    route = _PUBLISH + _short(message.exchange) + _short(message.routing_key) + mandatory
    body, most = message.body, frame_max - _AROUND
    frames = [_framed(_METHOD, channel, route), _framed(_HEADER, channel, _content(message))]
    frames += (_framed(_BODY, channel, body[at : at + most]) for at in range(0, len(body), most))
    return b"".join(frames)


class Inbound:
    """Reads whatever has arrived at once. Takes the reading over from the library for the rest of the connection."""

    def __init__(self, connection: Connection, confirmed: Confirmed | None = None) -> None:
        self._amqp: Any = connection.connection
        self._sock = self._amqp.transport.sock
        self._confirmed = confirmed
        self._rest = b""
        self._beat_at = 0.0

    def read(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for something and handle all that is there. Raises LOST."""
        self._sock.settimeout(timeout)
        try:
            chunk = self._sock.recv(_CHUNK)
        except (TimeoutError, BlockingIOError, SSLWantReadError):
            return
        finally:
            self._sock.settimeout(None)
        if not chunk:
            raise ConnectionResetError("the broker closed the connection")
        found = self._rest + chunk
        at, size = 0, len(found)
        while size - at >= _AROUND:
            kind, channel, length = _HEAD.unpack_from(found, at)
            end = at + _AROUND + length
            if end > size:
                break
            if found[end - 1 : end] != _END:
                raise UnexpectedFrame("a frame without its end")
            self._handle(kind, channel, found[at + _AROUND - 1 : end - 1])
            at = end
        self._rest = found[at:]

    def beat(self) -> None:
        """Keep the connection alive; call it about every second. Raises LOST when the broker is silent."""
        if time.monotonic() - self._beat_at > _BEAT_EVERY_S:
            self._beat_at = time.monotonic()
            self._amqp.heartbeat_tick()

    def _handle(self, kind: int, channel: int, payload: bytes) -> None:
        method = payload[:4]
        if self._confirmed and kind == _METHOD and method in (_ACK, _NACK):
            self._amqp.bytes_recv += 1
            tag, bits = _CONFIRM.unpack_from(payload, 4)
            self._confirmed(tag, bool(bits & 1), None if method == _ACK else "nacked")
        else:
            self._amqp.on_inbound_frame((kind, channel, payload))


def _framed(kind: int, channel: int, payload: bytes) -> bytes:
    return b"".join((_HEAD.pack(kind, channel, len(payload)), payload, _END))


def _content(message: "Outgoing") -> bytes:
    """The content header; each flag is a property that is present, in the order of the protocol."""
    flags = 1 << 15 | 1 << 13 | 1 << 12 | 1 << 7
    parts = [_short(message.content_type), _table(message.headers), b"\x01" if message.expires_ms else b"\x02"]
    if message.correlation_id:
        flags |= 1 << 10
        parts.append(_short(message.correlation_id))
    if message.reply_to:
        flags |= 1 << 9
        parts.append(_short(message.reply_to))
    if message.expires_ms:
        flags |= 1 << 8
        parts.append(_short(str(message.expires_ms)))
    parts.append(_short(message.message_id))
    return b"".join((pack(">HHQH", _BASIC, 0, len(message.body), flags), *parts))


def _short(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > 255:
        raise FrameSyntaxError("a short string of more than 255 octets")
    return bytes((len(raw),)) + raw


def _table(headers: Mapping[str, object]) -> bytes:
    parts: list[bytes] = []
    for name, value in headers.items():
        if type(value) is not str:
            return bytes(dumps("F", [dict(headers)]))
        raw = value.encode()
        parts += (_short(name), b"S", len(raw).to_bytes(4), raw)
    table = b"".join(parts)
    return len(table).to_bytes(4) + table

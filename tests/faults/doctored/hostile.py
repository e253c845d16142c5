"""Messages that nobody can read, for every queue that is heard, and why each must be refused."""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import uuid4

from kombu import Connection

from contracts.base import Delivery, Event
from services.chassis.links import Outgoing
from services.chassis.messages import MAX_BODY, STRUCTURED

TOO_LARGE = b" " * (MAX_BODY + 1)
# more than the store takes in one document
ENORMOUS = b" " * (17 * 1024 * 1024)
DEEP: Mapping[str, object] = json.loads('{"a":' * 40 + "1" + "}" * 40)


class Hostile(NamedTuple):
    """A message and how the reason of its dead letter begins."""

    name: str
    reason: str
    message: Outgoing


def for_queue(queue: str, event: type[Event]) -> list[Hostile]:
    """All of them, addressed to this queue alone."""
    return _binary(queue) if issubclass(event, Delivery) else _structured(queue, event)


def publish(url: str, messages: Iterable[Hostile]) -> None:
    """Each confirmed. With the library's own publisher, which sends bytes where ours wants text."""
    with Connection(url, transport_options={"confirm_publish": True}) as connection:
        channel = connection.channel()
        for one in messages:
            content_type, headers = one.message.content_type, dict(one.message.headers)
            properties = {"message_id": one.message.message_id, "delivery_mode": 2}
            message = channel.prepare_message(
                one.message.body, content_type=content_type, headers=headers, properties=properties
            )
            channel.basic_publish(message, exchange="", routing_key=one.message.routing_key)


def enormous(queue: str) -> Hostile:
    """A body beyond what the store takes."""
    return _to(queue, "enormous", "body_too_large", ENORMOUS)


def _structured(queue: str, event: type[Event]) -> list[Hostile]:
    def changed(**fields: object) -> bytes:
        whole = {"specversion": "1.0", "id": uuid4().hex, "source": "/nobody", "type": event.wire, "subject": "nothing"}
        told = {**whole, "time": "2026-01-01T00:00:00Z", "sequence": 1, "data": {}, **fields}
        return json.dumps({name: value for name, value in told.items() if value is not ...}).encode()

    return [
        _to(queue, "not JSON", "json_invalid", b'{"specversion"'),
        _to(queue, "empty", "json_invalid", b""),
        _to(queue, "not UTF-8", "json_invalid", b'{"id":"\xff\xfe"}'),
        _to(queue, "lone surrogate", "text_invalid", b'{"id":"\\ud800"}'),
        _to(queue, "no number", "json_invalid", b'{"id":NaN}'),
        _to(queue, "depth bomb", "json_too_deep", b"[" * 100_000),
        _to(queue, "too deep", "json_too_deep", changed(data=DEEP)),
        _to(queue, "no object", "schema_invalid", b"[]"),
        _to(queue, "wrong schema", "schema_invalid", changed()),
        _to(queue, "wrong time", "schema_invalid", changed(time="yesterday")),
        _to(queue, "wrong type", "type_unexpected", changed(type="nobody.heard_of.v1")),
        _to(queue, "no id", "message_id_missing", changed(id=...)),
        _to(queue, "too large", "body_too_large", TOO_LARGE),
        _to(queue, "properties that are no text", "json_invalid", b"{", message_id=_no_text(), headers=_NO_TEXT),
    ]


def _binary(queue: str) -> list[Hostile]:
    whole = {"x-report": "r", "x-adapter": "hikvision", "x-source": "s", "x-received-at": "2026-01-01T00:00:00Z"}
    return [
        _to(queue, "no headers", "schema_invalid", b"<a/>"),
        _to(queue, "wrong time", "schema_invalid", b"<a/>", headers={**whole, "x-received-at": "yesterday"}),
        _to(queue, "wrong header", "schema_invalid", b"<a/>", headers={**whole, "x-report": 5}),
        _to(queue, "no id", "message_id_missing", b"<a/>", message_id="", headers=whole),
        _to(queue, "too large", "body_too_large", TOO_LARGE, headers=whole),
        _to(queue, "properties that are no text", "schema_invalid", b"{", message_id=_no_text(), headers=_NO_TEXT),
    ]


_NO_TEXT: Mapping[str, object] = {"x-a\0b": "1", "x-$c.d": b"\xed\xa0\x80", "x-death": ["forged"], "x-reason": 5}


def _no_text() -> bytes:
    """As long as a property can be, and not UTF-8."""
    return b"\xff" * 223 + uuid4().hex.encode()


def _to(
    queue: str,
    name: str,
    reason: str,
    body: bytes,
    *,
    message_id: str | bytes | None = None,
    headers: Mapping[str, object] | None = None,
) -> Hostile:
    id = uuid4().hex if message_id is None else message_id
    return Hostile(name, f"undecodable: {reason}", Outgoing("", queue, body, id, headers or {}, STRUCTURED))  # type: ignore[arg-type]

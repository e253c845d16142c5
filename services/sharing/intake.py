"""Looks at data events one by one: what is good becomes an entry of the log, what is bad a fault with its place."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from pydantic import JsonValue
from pydantic_core import to_json

from contracts.faults import Invalid
from contracts.sharing import CloudEvent, RecordFault
from services.chassis import safe_json
from services.sharing.schemas import Checker

MOST_BYTES = 256 * 1024
MARK, KEY_MARK = 16, 8
_LONGEST_KEY = 200


class Entry(NamedTuple):
    """A good event. `mark` identifies it by source and id (16 bytes), `key_mark` its key (8); `data` is JSON text."""

    mark: bytes
    id: str
    source: str
    type: str
    key: str
    key_mark: bytes
    data: str
    extensions: dict[str, JsonValue]


def digest(*parts: str) -> str:
    """A short identity of several texts."""
    return mark(*parts).hex()


def mark(*parts: str) -> bytes:
    """The same in 16 bytes."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).digest()[:MARK]


def key_mark(key: str) -> bytes:
    """8 bytes for the key of a record."""
    return mark(key)[:KEY_MARK]


def examine(events: Sequence[CloudEvent], checker: Checker, key_field: str) -> tuple[list[Entry], list[RecordFault]]:
    """Good entries in order, and the first fault of each bad event."""
    good: list[Entry] = []
    bad: list[RecordFault] = []
    # one look at the whole batch, and at each alone only when somewhere in it something is not clean
    clean = safe_json.is_clean([part for event in events for part in (*_attributes(event), event.data)])
    for index, event in enumerate(events):
        try:
            good.append(_entry(event, event.data if clean else _cleaned(event), checker, key_field))
        except Invalid as fault:
            place = fault.errors[0].pointer if fault.errors else ""
            bad.append(
                RecordFault(
                    index=index,
                    id=event.id,
                    code=fault.code,
                    pointer=place.encode("utf-8", "replace").decode(),
                    message=f"{fault.zh} / {fault.en}",
                )
            )
    return good, bad


def _attributes(event: CloudEvent) -> list[JsonValue]:
    return [event.id, event.source, event.type, event.subject, event.extensions]


def _cleaned(event: CloudEvent) -> JsonValue:
    try:
        safe_json.clean(_attributes(event))
    except Invalid:
        zh, en = "CloudEvents 属性含有不允许的字符", "an attribute of the CloudEvent is not acceptable"
        raise Invalid("attribute_invalid", zh, en) from None
    return safe_json.clean(event.data)


def _entry(event: CloudEvent, data: JsonValue, checker: Checker, key_field: str) -> Entry:
    if not isinstance(data, dict):
        raise Invalid.field("", "not_an_object", "数据必须是 JSON 对象", "the data must be a JSON object")
    text = to_json(data).decode()
    if len(text) > MOST_BYTES:
        raise Invalid.field("", "record_too_large", f"单条数据超过 {MOST_BYTES} 字符", f"over {MOST_BYTES} characters")
    if not checker.fits(data):
        finding = next(checker.findings(data))
        raise Invalid.field(finding.pointer, finding.code, finding.zh, finding.en)
    key = _key(data, key_field)
    return Entry(
        mark(event.source, event.id),
        event.id,
        event.source,
        event.type,
        key,
        key_mark(key),
        text,
        event.extensions,
    )


def _key(data: dict[str, JsonValue], key_field: str) -> str:
    value = data.get(key_field)
    key = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not 0 < len(key) <= _LONGEST_KEY:
        raise Invalid.field(
            f"/{key_field}",
            "key_invalid",
            f"主键字段 {key_field} 必须是 1 至 {_LONGEST_KEY} 个字符的文本或整数",
            f"the key field {key_field} must be a text of 1 to {_LONGEST_KEY} characters or an integer",
        )
    return key

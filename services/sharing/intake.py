"""Looks at data events one by one: what is good becomes an entry of the log, what is bad a fault with its place."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from contracts.faults import Invalid
from contracts.sharing import CloudEvent, RecordFault
from services.chassis import safe_json
from services.sharing.schemas import Checker

MOST_BYTES = 256 * 1024
_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """A good event. `digest` identifies it by source and id; `data` and `extensions` are JSON texts."""

    digest: str
    id: str
    source: str
    type: str
    key: str
    data: str
    extensions: str | None


def digest(*parts: str) -> str:
    """A short identity of several texts."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def examine(events: Sequence[CloudEvent], checker: Checker, key_field: str) -> tuple[list[Entry], list[RecordFault]]:
    """Good entries in order, and the first fault of each bad event."""
    good: list[Entry] = []
    bad: list[RecordFault] = []
    for index, event in enumerate(events):
        try:
            good.append(_entry(event, checker, key_field))
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


def _entry(event: CloudEvent, checker: Checker, key_field: str) -> Entry:
    _attributes(event)
    data = safe_json.clean(event.data)
    if not isinstance(data, dict):
        raise Invalid.field("", "not_an_object", "数据必须是 JSON 对象", "the data must be a JSON object")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if len(text) > MOST_BYTES:
        raise Invalid.field("", "record_too_large", f"单条数据超过 {MOST_BYTES} 字符", f"over {MOST_BYTES} characters")
    if not checker.fits(data):
        finding = next(checker.findings(data))
        raise Invalid.field(finding.pointer, finding.code, finding.zh, finding.en)
    extensions = json.dumps(event.extensions, ensure_ascii=False) if event.extensions else None
    return Entry(
        digest(event.source, event.id),
        event.id,
        event.source,
        event.type,
        _key(data, key_field),
        text,
        extensions,
    )


def _attributes(event: CloudEvent) -> None:
    try:
        safe_json.clean([event.id, event.source, event.type, event.subject])
        safe_json.clean(event.extensions)
    except Invalid:
        zh, en = "CloudEvents 属性含有不允许的字符", "an attribute of the CloudEvent is not acceptable"
        raise Invalid("attribute_invalid", zh, en) from None


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

"""CloudEvents 1.0 over HTTP: binary, structured and batch, each event judged by itself."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from pydantic import JsonValue, TypeAdapter, ValidationError
from starlette.datastructures import Headers

from contracts.faults import FieldFault, Invalid
from contracts.sharing import CloudEvent, Published, RecordFault
from services.chassis import safe_json
from services.gateway.problems import Turned
from services.gateway.wording import invalid

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
MOST = 1000
NOTHING = Published(accepted=0, duplicates=0, rejected=[])
KNOWN = frozenset({"id", "source", "type", "subject", "time", "data", "specversion"})
NAME = re.compile(r"[a-z0-9]{1,40}")
# how many levels lie around an event on its way over the bus: what is deeper with them would not be read there
CARRIED = 4
EVENTS = TypeAdapter(list[CloudEvent])


@dataclass(frozen=True)
class Reading:
    """The events of one post with their places in it, and what is wrong with the others."""

    events: list[tuple[int, CloudEvent]]
    faults: list[RecordFault]
    batch: bool


def read(headers: Headers, body: bytes) -> Reading:
    """Raises Turned 415 for what is no CloudEvent at all, Invalid for a body that is not JSON or a batch too long."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type.startswith("application/cloudevents"):
        if media_type not in {STRUCTURED, BATCH}:
            raise Turned(
                415, "media_type_unsupported", f"不支持 {media_type[:80]}", f"no support for {media_type[:80]}"
            )
        return _batch(body) if media_type == BATCH else _one(safe_json.parse(body))
    if "ce-specversion" not in headers:
        raise Turned(
            415,
            "cloudevent_expected",
            f"须为 CloudEvents 1.0: ce-* 请求头, 或 {STRUCTURED}, 或 {BATCH}",
            f"send CloudEvents 1.0: ce-* headers, or {STRUCTURED}, or {BATCH}",
        )
    return _one(_from_headers(headers, media_type, body), keys_checked=False)


def merged(reading: Reading, published: Published) -> Published:
    """The service's answer with places as in the caller's post, and the door's own findings."""
    places = [place for place, _ in reading.events]
    moved = [fault.model_copy(update={"index": places[fault.index]}) for fault in published.rejected]
    faults = sorted([*reading.faults, *moved], key=lambda fault: fault.index)
    return published.model_copy(update={"rejected": faults})


def status_of(outcome: Published, reading: Reading) -> int:
    """200 when all is well, 207 when some is. Raises Invalid naming each record when nothing was taken."""
    if not outcome.rejected:
        return 200
    if outcome.accepted or outcome.duplicates:
        return 207
    raise Invalid(
        outcome.rejected[0].code if not reading.batch else "records_invalid",
        "没有一条记录可以接收, 详见 errors",
        "no record could be taken, see errors",
        [_pointed(fault, batch=reading.batch) for fault in outcome.rejected],
        rejected=[fault.model_dump() for fault in outcome.rejected],
    )


def purpose_of(headers: Headers) -> str:
    """X-Purpose. Raises Invalid without one: no purpose, no data."""
    purpose = headers.get("x-purpose", "").strip()
    if not purpose:
        raise Invalid("purpose_missing", "须在 X-Purpose 中说明使用目的", "name the purpose in X-Purpose")
    return purpose


def _pointed(fault: RecordFault, *, batch: bool) -> FieldFault:
    pointer = f"/{fault.index}{fault.pointer}" if batch else fault.pointer
    return FieldFault(pointer=pointer, code=fault.code, zh=fault.message, en=fault.message)


def _one(value: JsonValue, *, keys_checked: bool = True) -> Reading:
    return _judged([value], batch=False, keys_checked=keys_checked)


def _batch(body: bytes) -> Reading:
    values = safe_json.parse(body)
    if not isinstance(values, list):
        raise Invalid.field("", "array_expected", "批量上报须为 JSON 数组", "a batch is a JSON array")
    if len(values) > MOST:
        raise Invalid.field("", "batch_too_long", f"一批最多 {MOST} 条", f"at most {MOST} events in a batch")
    return _judged(values, batch=True)


def _judged(values: list[JsonValue], *, batch: bool, keys_checked: bool = True) -> Reading:
    faults: list[RecordFault] = []
    shaped: list[tuple[int, dict[str, JsonValue]]] = []
    # one look at the whole batch, and at each alone only when somewhere in it something is not clean
    clean = safe_json.is_clean(values, depth=CARRIED - 1, keys_checked=keys_checked)
    for place, value in enumerate(values):
        try:
            cleaned = value if clean else safe_json.clean(value, depth=CARRIED, keys_checked=keys_checked)
            shaped.append((place, _shaped(cleaned)))
        except Invalid as fault:
            faults.append(_named(place, value, fault))
    try:
        events = EVENTS.validate_python([attributes for _, attributes in shaped])
    except ValidationError:
        return _one_by_one(shaped, faults, batch=batch)
    return Reading([(place, event) for (place, _), event in zip(shaped, events, strict=True)], faults, batch)


def _one_by_one(shaped: list[tuple[int, dict[str, JsonValue]]], faults: list[RecordFault], *, batch: bool) -> Reading:
    events: list[tuple[int, CloudEvent]] = []
    for place, attributes in shaped:
        try:
            events.append((place, CloudEvent.model_validate(attributes)))
        except ValidationError as error:
            faults.append(_named(place, attributes, invalid(error)))
    return Reading(events, faults, batch)


def _named(place: int, value: JsonValue, fault: Invalid) -> RecordFault:
    first = fault.errors[0] if fault.errors else FieldFault(pointer="", code=fault.code, zh=fault.zh, en=fault.en)
    name = value.get("id") if isinstance(value, dict) else None
    return RecordFault(
        index=place,
        id=name[:200].encode("utf-8", "replace").decode() if isinstance(name, str) else None,
        code=first.code,
        pointer=first.pointer,
        message=f"{first.zh} / {first.en}",
    )


def _shaped(value: JsonValue) -> dict[str, JsonValue]:
    """The attributes by the names of our model."""
    if not isinstance(value, dict):
        raise Invalid.field("", "object_expected", "事件须为 JSON 对象", "an event is a JSON object")
    if value.get("specversion") != "1.0":
        raise Invalid.field(
            "/specversion", "specversion_unsupported", "只接受 CloudEvents 1.0", "only CloudEvents 1.0 is taken"
        )
    extensions = {name: value[name] for name in value.keys() - KNOWN}
    if "data_base64" in extensions:
        raise Invalid.field("/data_base64", "data_not_json", "data 须为 JSON", "data must be JSON")
    for name, part in extensions.items():
        if not NAME.fullmatch(name) or isinstance(part, (dict, list, float)):
            raise Invalid.field(
                f"/{name[:40]}", "extension_invalid", "扩展属性须为小写字母数字名与标量值", "not an extension attribute"
            )
    return {**value, "extensions": extensions}


def _from_headers(headers: Headers, media_type: str, body: bytes) -> JsonValue:
    """Binary mode as the same JSON that structured mode carries."""
    event: dict[str, JsonValue] = {}
    for name, value in headers.items():
        if name.startswith("ce-") and name != "ce-data":
            event[name[3:]] = unquote(value.encode("latin-1").decode("utf-8", "replace"), errors="replace")
    if media_type in {"", "application/json"} or media_type.endswith("+json"):
        event["data"] = safe_json.loads(body) if body else None
    else:
        event["data_base64"] = ""
    return event

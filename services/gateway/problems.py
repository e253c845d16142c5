"""Every refusal as application/problem+json (RFC 9457), in the caller's language, and the one table fault → HTTP."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue
from starlette.responses import Response

from contracts.faults import Conflict, Fault, FieldFault, Forbidden, Invalid, NotFound, Refused, Unavailable

MEDIA_TYPE = "application/problem+json"
# seconds after which a caller may well try again
RETRY_AFTER = 2
RESERVED = frozenset({"type", "title", "status", "detail", "code", "errors", "trace_id"})


class Row(NamedTuple):
    """How one kind of fault looks from outside."""

    status: int
    zh: str
    en: str


TABLE: dict[type[Fault], Row] = {
    NotFound: Row(404, "未找到", "Not found"),
    Refused: Row(409, "当前状态不允许此操作", "Refused by a rule"),
    Conflict: Row(409, "与他人的更改冲突", "Conflict"),
    Invalid: Row(422, "内容不符合要求", "Invalid input"),
    Forbidden: Row(403, "无权进行此操作", "Forbidden"),
    Unavailable: Row(503, "服务暂不可用, 请稍后再试", "Unavailable, try again later"),
}
TITLES = {
    400: ("请求有误", "Bad request"),
    401: ("需要有效密钥", "A valid key is required"),
    404: ("未找到", "Not found"),
    405: ("此地址不支持该方法", "Method not allowed"),
    408: ("请求超时", "The body came too slowly"),
    412: ("前提条件不成立", "Precondition failed"),
    413: ("内容过大", "Content too large"),
    415: ("不支持的内容类型", "Unsupported media type"),
    500: ("内部错误", "Internal error"),
}


class Turned(Fault):
    """Turned away at the door, with a status of HTTP's own that no service would name."""

    kind = "turned"

    def __init__(self, status: int, code: str, zh: str, en: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code, zh, en)
        self.status, self.headers = status, dict(headers or {})


def status_of(fault: Fault, *, conditional: bool = False) -> int:
    """The HTTP status of a fault. A version that went stale under the caller's own If-Match is 412."""
    if isinstance(fault, Turned):
        return fault.status
    if conditional and fault.code == "version_stale":
        return 412
    return next((row.status for kind, row in TABLE.items() if isinstance(fault, kind)), 500)


def problem(fault: Fault, accept_language: str, trace_id: str | None, *, conditional: bool = False) -> Response:
    """The document for a fault; `facts` become members of their own."""
    english = prefers_english(accept_language)
    status = status_of(fault, conditional=conditional)
    row = next((row for kind, row in TABLE.items() if isinstance(fault, kind)), None)
    title = TITLES[status] if row is None or status == 412 else (row.zh, row.en)
    document: dict[str, JsonValue] = {
        "type": f"urn:yiwang:problem:{fault.code}",
        "title": title[english],
        "status": status,
        "detail": fault.en if english else fault.zh,
        "code": fault.code,
        "errors": [_error(error, english) for error in fault.errors],
        "trace_id": trace_id,
        **{name: value for name, value in fault.facts.items() if name not in RESERVED},
    }
    headers = dict(fault.headers) if isinstance(fault, Turned) else {}
    if status == 503 or fault.code == "idempotency_running":
        headers["Retry-After"] = str(RETRY_AFTER)
    headers["Content-Language"] = "en" if english else "zh-CN"
    return Response(json.dumps(document, ensure_ascii=False).encode(), status, headers, MEDIA_TYPE)


def prefers_english(accept_language: str) -> bool:
    """Whether the header ranks English above Chinese; Chinese without a word about either."""
    ranks = {"zh": 0.0, "en": 0.0}
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";q=")
        language = tag.strip().lower().partition("-")[0]
        if language in ranks:
            try:
                ranks[language] = max(ranks[language], float(quality or 1))
            except ValueError:
                continue
    return ranks["en"] > ranks["zh"]


def internal() -> Fault:
    """What a caller is told of a fault of ours: nothing but where to ask."""
    return Turned(500, "internal", "系统内部错误, 请把追踪号告知运维", "a fault of ours; tell operations the trace id")


def store_away() -> Unavailable:
    """The gateway's own database does not answer."""
    return Unavailable("store_away", "网关数据库暂不可用", "the gateway's database is away")


def of_status(status: int, headers: Mapping[str, str] | None) -> Fault:
    """For a status that the framework itself decided on (no such path, no such method)."""
    zh, en = TITLES.get(status, TITLES[400])
    code = {404: "path_unknown", 405: "method_not_allowed"}.get(status, "request_invalid")
    return Turned(status, code, zh, en, headers)


def _error(error: FieldFault, english: bool) -> JsonValue:
    return {"pointer": error.pointer, "code": error.code, "detail": error.en if english else error.zh}

"""How much a caller may send, and how slowly; and the conditions that a request may carry."""

import asyncio
import re

from starlette.requests import Request
from starlette.types import Receive

from services.gateway.problems import Turned

ORDINARY = 1024 * 1024
INTAKE = 256 * 1024
# of what comes with pictures: a picture, and all of it
PICTURE, WITH_PICTURES = 8 * 1024 * 1024, 16 * 1024 * 1024
IMPORT = 16 * 1024 * 1024
BODY_SECONDS = 30.0
ETAG = re.compile(r'^\s*(W/)?"([\x21\x23-\x7e]*)"\s*$')


async def read_body(receive: Receive, declared: str, limit: int) -> bytes:
    """The body, counted while it is read; `declared` is the Content-Length.

    Raises Turned 413 beyond `limit` bytes, 408 when it takes too long, 400 when it breaks off.
    """
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Turned(400, "body_incomplete", "请求体不完整", "the body is not complete")
                part: bytes = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise too_large(limit)
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise Turned(408, "body_too_slow", "请求体传输超时", "the body came too slowly", CLOSE) from None


def expected_version(request: Request) -> int | None:
    """The version that If-Match demands; None for no header or `*`.

    Raises Turned 400 for a header that is not one entity tag, 412 for a tag that no version of ours can have.
    """
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    tag = ETAG.match(header)
    if tag is None:
        raise Turned(
            400, "if_match_invalid", 'If-Match 须为一个实体标签, 如 "3"', 'If-Match must be one entity tag, as "3"'
        )
    if tag[1] or not re.fullmatch(r"[1-9]\d{0,9}", tag[2]):
        raise Turned(412, "if_match_unknown", "If-Match 不是本服务给出的标签", "If-Match is no tag of ours")
    return int(tag[2])


CLOSE = {"Connection": "close"}


def too_large(limit: int) -> Turned:
    """413, and the connection closes: what is left of the body is not read."""
    return Turned(
        413, "body_too_large", f"请求体超过 {limit // 1024} KiB", f"the body is larger than {limit // 1024} KiB", CLOSE
    )

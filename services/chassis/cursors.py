"""Opaque cursors: the last sort key of a page."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64

from contracts.faults import Invalid

Parts = list[str | int | float | None]


def encode(*parts: str | int | float | None) -> str:
    """Text for `Page.next`."""
    return urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, length: int) -> Parts:
    """The parts again; Invalid when the text is not a cursor of that length."""
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, BadBase64):
        parts = None
    plain = isinstance(parts, list) and all(isinstance(part, (str, int, float, type(None))) for part in parts)
    if not plain or len(parts) != length:
        raise invalid()
    return list(parts)


def invalid() -> Invalid:
    """The text is not a cursor of the list."""
    return Invalid.field("/cursor", "cursor_invalid", "游标无效, 请从第一页重新开始", "not a cursor of this list")

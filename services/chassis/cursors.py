"""Opaque cursors: the last sort key of a page."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Sequence
from typing import Any

from contracts.faults import Invalid

Document = dict[str, Any]
Parts = list[str | int | float | None]


def encode(*parts: str | int | float | None) -> str:
    """Text for `Page.next`."""
    return urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def cut(found: Sequence[Document], limit: int, place: str = "_id") -> tuple[Sequence[Document], str | None]:
    """The documents of a page, and the cursor of the next by their field `place`; one more was looked for than fits."""
    shown = found[:limit]
    return shown, encode(shown[-1][place]) if len(found) > limit else None


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

"""multipart bodies as adapters read them: what cannot be split is Unreadable."""

from services.alerts.adapters.wire import Unreadable
from services.chassis import multipart
from services.chassis.multipart import MAX_PARTS, Part, is_multipart, without_media

__all__ = ["Part", "is_multipart", "parts", "without_media"]


def parts(body: bytes, content_type: str) -> list[Part]:
    """The parts; empty when no boundary is found in the body. Raises Unreadable."""
    try:
        return multipart.parts(body, content_type)
    except multipart.TooManyParts:
        raise Unreadable(
            "too_many_parts", f"multipart 超过 {MAX_PARTS} 个部分", f"over {MAX_PARTS} parts in a multipart"
        ) from None

"""What devices send along with a report: pictures leave it here, before it goes on the bus."""

import asyncio

from services.chassis import multipart
from services.gateway.limits import INTAKE, PICTURE, WITH_PICTURES, too_large


def most(content_type: str) -> int:
    """How many bytes a post of this media type may have."""
    return WITH_PICTURES if content_type.lstrip()[:10].lower() == "multipart/" else INTAKE


async def replaced(body: bytes, content_type: str) -> bytes:
    """A multipart with a reference (type, size, SHA-256) in the place of each picture.

    Raises Turned 413 for a picture over 8 MiB, and for more than 256 KiB of anything else.
    """
    # larger ones are split and hashed in a thread: everybody else waits for this one
    large = len(body) > INTAKE
    kept = await asyncio.to_thread(_replaced, body, content_type) if large else _replaced(body, content_type)
    if len(kept) > INTAKE:
        raise too_large(INTAKE)
    return kept


def _replaced(body: bytes, content_type: str) -> bytes:
    if len(body) > PICTURE and _largest(body, content_type) > PICTURE:
        raise too_large(PICTURE)
    return multipart.without_media(body, content_type)


def _largest(body: bytes, content_type: str) -> int:
    try:
        found = multipart.parts(body, content_type)
    except multipart.TooManyParts:
        return 0
    return max((len(part.body) for part in found if not part.is_text), default=0)

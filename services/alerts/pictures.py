"""影像 by reference: what is told of a picture to everybody, and what to those who look. Pure.

A reference is `image/jpeg;size=…;sha256=…` for what came with the report (its bytes are kept nowhere), and an address
for what stays where it is.
"""

import re
from hashlib import sha256

from contracts.alerts import Media

_CAME_ALONG = re.compile(r"[^;:]{1,100};size=\d+;sha256=([0-9a-f]{64})")
_CLIPS = (".mp4", ".m3u8", ".flv", ".mkv", ".avi", ".mov", ".ts")


def told(reference: str) -> str:
    """Without its address: `link;sha256=<of the address>`."""
    return reference if _CAME_ALONG.fullmatch(reference) else f"link;sha256={sha256(reference.encode()).hexdigest()}"


def shown(reference: str) -> Media:
    """As it is shown to who looks."""
    came_along = _CAME_ALONG.fullmatch(reference)
    path = reference.lower().partition("?")[0]
    moving = path.startswith("video/") if came_along else path.endswith(_CLIPS)
    return Media(kind="clip" if moving else "picture", ref=reference, sha256=came_along[1] if came_along else None)

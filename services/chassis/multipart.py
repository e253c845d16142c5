"""multipart bodies from devices, split at the boundary: declared lengths lie. Pictures leave them at the door."""

import re
from hashlib import sha256
from typing import NamedTuple

MAX_PARTS = 32

_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;,"]{1,200}))""", re.IGNORECASE)
_FIRST_LINE = re.compile(rb"^\s{0,8}--([^\r\n\s]{1,200})[ \t]*\r?\n")
_ANY_LINE = re.compile(rb"^[ \t]{0,8}--([^\r\n\s]{1,200})[ \t]*\r?\n(?=content-)", re.IGNORECASE | re.MULTILINE)
_TEXT = (b"<", b"{", b"[")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_TYPE = re.compile(rb"^content-type\s*:\s*([^\r\n;]{1,100})", re.IGNORECASE | re.MULTILINE)
_PLAIN_TYPE = re.compile(r"[a-z0-9][a-z0-9.+\-]*(?:/[a-z0-9.+\-]+)?")
_REFERENCE = re.compile(rb"[a-z0-9.+/\-]{1,100};size=\d{1,10};sha256=[0-9a-f]{64}")


class TooManyParts(ValueError):
    """More than MAX_PARTS."""


class Part(NamedTuple):
    """One part: its headers as they came, its media type in lower case, its bytes."""

    headers: bytes
    content_type: str
    body: bytes

    @property
    def is_text(self) -> bool:
        """Whether it may hold a report; anything else is media. Some devices name no type: pictures hold a NUL soon."""
        if self._is_reference:
            return False
        written = self.content_type.startswith("text/") or self.content_type.endswith(("xml", "json"))
        nameless = not self.content_type and b"\0" not in self.body[:64]
        return written or nameless or self.body.lstrip()[:1] in _TEXT

    @property
    def reference(self) -> str:
        """What is kept of media: type, length in bytes, hash. Of a part that is a reference already, itself."""
        if self._is_reference:
            return self.body.decode("ascii")
        named = self.content_type if _PLAIN_TYPE.fullmatch(self.content_type) else "unknown"
        return f"{named};size={len(self.body)};sha256={sha256(self.body).hexdigest()}"

    @property
    def _is_reference(self) -> bool:
        return bool(_REFERENCE.fullmatch(self.body[:300]))


def is_multipart(body: bytes, content_type: str) -> bool:
    """Whether the sender says so, or the body looks like one (some devices announce another type)."""
    return content_type.lstrip()[:10].lower() == "multipart/" or bool(_ANY_LINE.search(body))


def parts(body: bytes, content_type: str) -> list[Part]:
    """The parts; empty when no boundary is found in the body (some devices announce one and send bare XML).

    What stands before the first boundary is one of them where it is text: a stream that was cut goes on there.
    Raises TooManyParts.
    """
    boundary = _boundary(body, content_type)
    if boundary is None or boundary not in body:
        return []
    pieces = body.split(boundary, MAX_PARTS + 2)
    if len(pieces) > MAX_PARTS + 2:
        raise TooManyParts
    before = _part(pieces[0])
    found = [before] if before.body.strip() and before.is_text else []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        found.append(_part(piece))
    return found


def without_media(body: bytes, content_type: str) -> bytes:
    """The body with each media part replaced by its reference, again and again the same: pictures are not ours to keep.

    A body that cannot be split, or holds text alone, stays as it is to the last byte.
    """
    if not is_multipart(body, content_type):
        return body
    try:
        found = parts(body, content_type)
    except TooManyParts:
        return body
    if all(part.is_text for part in found):
        return body
    boundary = _boundary(body, content_type) or b""
    kept = [part.headers + b"\r\n\r\n" + (part.body if part.is_text else part.reference.encode()) for part in found]
    return b"".join(boundary + b"\r\n" + part + b"\r\n" for part in kept) + boundary + b"--\r\n"


def _boundary(body: bytes, content_type: str) -> bytes | None:
    named = _BOUNDARY.search(content_type[:400])
    if named:
        boundary = b"--" + (named[1] or named[2]).encode("utf-8", "replace")
        if boundary in body:
            return boundary
    seen = _FIRST_LINE.match(body) or _ANY_LINE.search(body)
    return b"--" + seen[1] if seen else None


def _part(piece: bytes) -> Part:
    headers, content = _headed(piece)
    named = _TYPE.search(headers)
    return Part(headers, named[1].strip().decode("latin-1").lower() if named else "", content)


def _headed(piece: bytes) -> tuple[bytes, bytes]:
    piece = piece.lstrip(b" \t").removeprefix(b"\r\n").removeprefix(b"\n")
    if piece.lstrip()[:1] in _TEXT:
        return b"", piece.lstrip().rstrip(b"\r\n")
    end = _HEADER_END.search(piece[:4096])
    if end is None:
        return b"", piece.rstrip(b"\r\n")
    return piece[: end.start()], piece[end.end() :].removesuffix(b"\n").removesuffix(b"\r")

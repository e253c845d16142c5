"""What is left of a multipart without its pictures says the same of them, however often they are taken out."""

from hypothesis import given
from hypothesis import strategies as st

from services.chassis import multipart

CUT = "multipart/form-data; boundary=cut"
TYPES = st.one_of(st.sampled_from([b"image/jpeg", b"application/xml", b"{x", b"<", b""]), st.binary(max_size=20))
BODIES = st.one_of(st.binary(max_size=60), st.just(b"<a/>"), st.just(b'{"a": 1}'), st.just(b"--cut--"))
PARTS = st.lists(st.tuples(TYPES, BODIES, st.booleans()), max_size=multipart.MAX_PARTS + 2)


def written(parts: list[tuple[bytes, bytes, bool]]) -> bytes:
    pieces = (
        b"--cut\r\n" + (b"Content-Type: %b\r\n\r\n" % kind if headed else b"") + body + b"\r\n"
        for kind, body, headed in parts
    )
    return b"".join(pieces) + b"--cut--\r\n"


@given(PARTS, st.sampled_from([CUT, "", "multipart/mixed", "application/xml"]))
def test_pictures_are_taken_out_once(parts: list[tuple[bytes, bytes, bool]], content_type: str) -> None:
    kept = multipart.without_media(written(parts), content_type)
    assert multipart.without_media(kept, content_type) == kept


@given(st.binary(max_size=400), st.sampled_from([CUT, "", "multipart/mixed"]))
def test_any_bytes_survive(body: bytes, content_type: str) -> None:
    kept = multipart.without_media(body, content_type)
    assert multipart.without_media(kept, content_type) == kept


def test_the_reference_is_that_of_the_picture() -> None:
    body = written([(b"application/xml", b"<a/>", True), (b"image/jpeg", b"\xff\xd8 picture", True)])
    kept = multipart.without_media(body, CUT)
    first, again = ([part.reference for part in multipart.parts(one, CUT) if not part.is_text] for one in (body, kept))
    assert first == again and first[0].startswith("image/jpeg;size=10;sha256=")
    assert [part.body for part in multipart.parts(kept, CUT) if part.is_text] == [b"<a/>"]


def test_text_without_a_type_is_no_picture() -> None:
    """As some cameras stream: a boundary, hardly a header, and lines."""
    line, picture = b"Code=VideoMotion;action=Start;index=0", b"\xff\xd8\xff\xe0\x00\x10JFIF"
    body = written([(b"text/plain", line, True), (b"", line, False), (b"", picture, False)])
    kept = multipart.without_media(body, CUT)
    assert kept.count(line) == 2 and picture not in kept
    assert multipart.without_media(kept, CUT) == kept
    stream = line + b"\r\n" + written([(b"text/plain", line, True)]) + b"--cut and so on"
    assert [part.body for part in multipart.parts(stream, CUT)] == [line, line]
    assert multipart.without_media(stream, CUT) == stream

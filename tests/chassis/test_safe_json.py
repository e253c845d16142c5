"""JSON from outside, cleaned or refused with a place; never an exception of another kind."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from contracts.faults import Invalid
from services.chassis import cursors, safe_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "json_invalid"),
        (b"\xff\xfe", "json_invalid"),
        (b"NaN", "json_invalid"),
        (b"[" * 100_000, "json_too_deep"),
        (b"[" * 40 + b"]" * 40, "json_too_deep"),
        (b'{"a": {"$where": 1}}', "key_invalid"),
        (b'{"a.b": 1}', "key_invalid"),
        (b'{"a": "\\ud800"}', "text_invalid"),
        (b'{"a": "\\u0000"}', "text_invalid"),
        (b"1e999", "number_invalid"),
        ('{"a": ["桃\\u0000"]}'.encode(), "text_invalid"),
        ('{"a": ["桃\\udfff"]}'.encode(), "text_invalid"),
        ('{"桃.a": 1}'.encode(), "key_invalid"),
    ],
)
def test_what_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        safe_json.loads(body)
    assert code in {refused.value.code, *(error.code for error in refused.value.errors)}


def test_text_is_composed() -> None:
    assert safe_json.loads('{"e\u0301": "e\u0301"}') == {"é": "é"}


@given(VALUES)
def test_anything_is_cleaned_or_refused(value: object) -> None:
    try:
        cleaned = safe_json.loads(json.dumps(value))
    except Invalid:
        return
    assert safe_json.loads(json.dumps(cleaned)) == cleaned


@given(VALUES)
def test_what_is_clean_is_not_copied_and_nothing_else_passes(value: JsonValue) -> None:
    try:
        slow = safe_json._cleaned(value, "", 0, True)
    except Invalid:
        assert not safe_json.is_clean(value)
        return
    assert safe_json.is_clean(value) == (slow == value)
    assert (safe_json.clean(value) is value) == safe_json.is_clean(value)


@given(VALUES | st.text(), st.booleans(), st.booleans())
def test_it_is_read_as_the_standard_library_reads_it(value: JsonValue, ascii_only: bool, padded: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=1 if padded else None)
    try:
        read = safe_json.parse(text)
    except Invalid:
        assert "NaN" in text or "Infinity" in text
        return
    assert json.dumps(read) == json.dumps(json.loads(text))


@pytest.mark.parametrize(
    "text", ["-0", "-0.0", "1e5", "1E22", "5e-324", "9007199254740993", "1" * 40, '"\\ud83d\\ude00"', '{"a":1,"a":2}']
)
def test_numbers_and_pairs_are_read_as_the_standard_library_reads_them(text: str) -> None:
    assert repr(safe_json.parse(text)) == repr(json.loads(text))


def test_depth_counts_what_lies_around() -> None:
    assert safe_json.clean([[1]], depth=safe_json.MAX_DEPTH - 2) == [[1]]
    with pytest.raises(Invalid):
        safe_json.clean([[1]], depth=safe_json.MAX_DEPTH - 1)


@given(st.binary(max_size=200))
def test_any_bytes_are_cleaned_or_refused(body: bytes) -> None:
    try:
        safe_json.loads(body)
    except Invalid:
        return


@given(st.lists(st.none() | st.integers() | st.text(max_size=20), max_size=3))
def test_cursors_come_back(parts: list[str | int | None]) -> None:
    assert cursors.decode(cursors.encode(*parts), len(parts)) == parts


@given(st.text(max_size=40))
def test_a_cursor_of_somebody_s_own_making_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        cursors.decode(text, 7)

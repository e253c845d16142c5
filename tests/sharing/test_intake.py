"""Each event of a batch is judged alone, and nothing that can be sent raises."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.sharing import CloudEvent
from services.sharing.intake import MOST_BYTES, digest, examine
from services.sharing.schemas import Checker
from tests.sharing.scene import CANARY_ID_CARD, SCHEMA, event, household

CHECKER = Checker(SCHEMA)
ANYTHING = Checker({})


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_good_ones_stay_in_order_and_bad_ones_are_named() -> None:
    batch = [event(1), event(2, household(2, members=0)), event(3), event(4, {"household": "H4"})]
    good, bad = examine(batch, CHECKER, "household")
    assert [entry.key for entry in good] == ["H1", "H3"]
    assert [(fault.index, fault.id, fault.code, fault.pointer) for fault in bad] == [
        (1, "e2", "minimum", "/members"),
        (3, "e4", "required", ""),
    ]
    assert all(" / " in fault.message for fault in bad)


@pytest.mark.parametrize(
    ("data", "code", "pointer"),
    [
        ({"household": "1", "$where": 1}, "key_invalid", ""),
        ({"household": "1", "a": {"b.c": 1}}, "key_invalid", "/a"),
        ({"household": "1", "a\x00": 1}, "key_invalid", ""),
        ({"household": "1", "a": deep(40)}, "json_too_deep", None),
        ({"household": "1", "a": float("nan")}, "number_invalid", "/a"),
        ({"household": "1", "a": [float("inf")]}, "number_invalid", "/a/0"),
        ({"household": "1", "a": "\ud800"}, "text_invalid", "/a"),
        ({"household": "1", "\udfff": 1}, "text_invalid", ""),
        ({"household": "1", "a": "x" * MOST_BYTES}, "record_too_large", ""),
        ([1], "not_an_object", ""),
        (None, "not_an_object", ""),
        ("text", "not_an_object", ""),
        ({}, "key_invalid", "/household"),
        ({"household": ""}, "key_invalid", "/household"),
        ({"household": True}, "key_invalid", "/household"),
        ({"household": 1.5}, "key_invalid", "/household"),
        ({"household": "x" * 201}, "key_invalid", "/household"),
    ],
)
def test_what_does_not_go_in(data: Any, code: str, pointer: str | None) -> None:
    hostile = CloudEvent(id="bad", source="s", type="t", data=data)
    good, bad = examine([hostile, event(1)], ANYTHING, "household")
    assert [entry.id for entry in good] == ["e1"]
    assert (bad[0].index, bad[0].code) == (0, code)
    assert pointer is None or bad[0].pointer == pointer


def test_attributes_are_looked_at_too() -> None:
    hostile = [event(1, id="a\x00"), event(2, source="a\x00b"), event(3, extensions={"$gt": "\ud800"}), event(4)]
    good, bad = examine(hostile, CHECKER, "household")
    assert [entry.id for entry in good] == ["e4"]
    assert [fault.code for fault in bad] == ["attribute_invalid"] * 3
    assert [fault.model_dump_json() for fault in bad]


def test_a_whole_number_of_any_size_and_extensions_survive() -> None:
    good, bad = examine([event(1, {"household": 10**30}, extensions={"grid": "桃南"})], ANYTHING, "household")
    assert not bad
    assert (good[0].key, good[0].extensions) == (str(10**30), {"grid": "桃南"})


def test_faults_never_repeat_a_value() -> None:
    batch = [event(1, household(1, id_card=CANARY_ID_CARD + "1")), event(2, household(2, members=CANARY_ID_CARD))]
    _, bad = examine(batch, CHECKER, "household")
    assert len(bad) == 2
    assert not any(CANARY_ID_CARD in fault.model_dump_json() for fault in bad)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=3),
    max_leaves=8,
)


@given(data=JSON)
def test_anything_is_either_good_or_bad(data: Any) -> None:
    good, bad = examine(
        [CloudEvent.model_construct(id="i", source="s", type="t", data=data, extensions={})], ANYTHING, "k"
    )
    assert len(good) + len(bad) == 1
    assert all(fault.model_dump_json() for fault in bad)


def test_an_event_is_known_by_source_and_id() -> None:
    assert digest("a", "bc") != digest("ab", "c")

"""Which alerts a silence hits, and who may put one into force."""

import time
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.alerts import CreateSilence, Matcher, SilenceAction, SilenceState
from contracts.faults import Forbidden, Invalid, Refused
from services.alerts import silencing
from services.alerts.silencing import Muting

from .scene import CALLER, NOON

FIELDS = silencing.told({"device": "cam-1", "channel": "1", "type": "motion", "severity": 4, "target": None})
HOUR = NOON + timedelta(hours=1)


def matcher(field: str, op: str, value: str) -> Matcher:
    return Matcher.model_validate({"field": field, "op": op, "value": value})


def create(**fields: Any) -> CreateSilence:
    told = {"matchers": [matcher("device", "=", "cam-1")], "reason": "路口施工", "ends_at": HOUR, **fields}
    return CreateSilence(caller=CALLER, **told)


@pytest.mark.parametrize(
    ("field", "op", "value", "hit"),
    [
        ("device", "=", "cam-1", True),
        ("device", "=", "cam", False),
        ("device", "!=", "cam-1", False),
        ("device", "!=", "cam-2", True),
        ("device", "=~", "cam", False),
        ("device", "=~", "cam-[0-9]|x", True),
        ("device", "!~", "cam-.*", False),
        ("severity", "=", "4", True),
        ("type", "!~", "pir|motion", False),
        # what the alert does not have
        ("target", "=", "", False),
        ("target", "=~", ".*", False),
        ("target", "!=", "human", True),
        ("target", "!~", ".*", True),
        ("grid", "!=", "230902001001001", True),
    ],
)
def test_a_condition_is_about_the_whole_value(field: str, op: str, value: str, hit: bool) -> None:
    assert silencing.matches(matcher(field, op, value), FIELDS) is hit


def test_it_holds_from_its_beginning_until_its_end_and_all_conditions_must() -> None:
    both = [matcher("device", "=", "cam-1"), matcher("type", "=", "motion")]
    muting = Muting("s", both, NOON, HOUR)
    assert muting.hits(FIELDS, NOON)
    assert not muting.hits(FIELDS, HOUR)
    assert not muting.hits(FIELDS, NOON - timedelta(seconds=1))
    other = Muting("o", [*both, matcher("channel", "=", "2")], NOON, HOUR)
    assert silencing.first([other, muting], FIELDS, NOON) == "s"
    assert silencing.first([other], FIELDS, NOON) is None


@pytest.mark.parametrize("expression", ["(a+)+$", "(a|a)*b", "(.*){9}x", "(?:a?){30}a{30}"])
def test_a_hostile_expression_is_no_slower_than_another(expression: str) -> None:
    began = time.process_time()
    silencing.matches(matcher("device", "=~", expression), {"device": "a" * 200})
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize("expression", ["(", "(?<=a)b", r"\1", "(a{1000}){1000}", r"(\pL{100}){9}"])
def test_an_expression_that_cannot_be_used_is_named(expression: str) -> None:
    with pytest.raises(Invalid) as found:
        silencing.check(create(matchers=[matcher("device", "=", "x"), matcher("type", "=~", expression)]), NOON)
    assert [error.pointer for error in found.value.errors] == ["/matchers/1/value"]


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"ends_at": NOON}, ["/ends_at"]),
        ({"ends_at": NOON + timedelta(days=7, seconds=1)}, ["/ends_at"]),
        ({"starts_at": NOON + timedelta(days=8), "ends_at": NOON + timedelta(days=9)}, ["/starts_at"]),
        ({"starts_at": HOUR, "ends_at": NOON}, ["/ends_at"]),
    ],
)
def test_it_lasts_seven_days_at_most_and_ends_after_it_begins(fields: dict[str, Any], pointers: list[str]) -> None:
    with pytest.raises(Invalid) as found:
        silencing.check(create(**fields), NOON)
    assert [error.pointer for error in found.value.errors] == pointers
    assert silencing.check(create(ends_at=NOON + timedelta(days=7)), NOON) == (NOON, NOON + timedelta(days=7))


@pytest.mark.parametrize(
    ("matchers", "gravest"),
    [
        ([("device", "=", "x")], True),
        ([("severity", "!=", "1")], False),
        ([("severity", "=", "4")], False),
        ([("severity", "=~", "[12]"), ("device", "=", "x")], True),
        ([("severity", "!~", "1|2")], False),
        ([("severity", "!=", "2"), ("severity", "!=", "1")], False),
    ],
)
def test_only_what_it_says_of_the_severity_keeps_it_from_severity_one(
    matchers: list[tuple[str, str, str]], gravest: bool
) -> None:
    assert silencing.hits_gravest([matcher(*one) for one in matchers]) is gravest


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SilenceAction), st.sampled_from(["甲", "乙"])), max_size=6))
def test_nothing_that_waits_comes_into_force_by_its_maker(steps: list[tuple[SilenceAction, str]]) -> None:
    state = SilenceState.PENDING
    for action, actor in steps:
        legal = silencing.allowed_actions(state)
        try:
            state = silencing.step(state, action, actor, "甲")
        except Refused as refused:
            assert action not in legal
            assert refused.facts["allowed_actions"] == [one.value for one in legal]
        except Forbidden:
            assert (action, actor) == (SilenceAction.APPROVE, "甲")
        else:
            assert action in legal
            assert state is not SilenceState.ACTIVE or actor == "乙"
    assert silencing.allowed_actions(SilenceState.ENDED) == []

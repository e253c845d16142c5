"""The machine of an incident."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.alerts import ActOnIncident, IncidentAction, IncidentResult, IncidentState
from contracts.faults import Invalid, Refused
from services.alerts import handling

from .scene import CALLER

S, A = IncidentState, IncidentAction
ORDER = (S.CANDIDATE, S.OPEN, S.DISPATCHED, S.HANDLING, S.RESOLVED, S.CLOSED)


@given(st.lists(st.sampled_from(list(A))), st.sampled_from([S.CANDIDATE, S.OPEN]))
def test_any_actions_go_forward_or_end_and_what_is_refused_says_what_is_legal(tried: list[A], state: S) -> None:
    for action in tried:
        legal = handling.allowed_actions(state)
        if action not in legal:
            with pytest.raises(Refused) as refused:
                handling.walk(state, action)
            assert refused.value.facts["allowed_actions"] == [one.value for one in legal]
            continue
        for taken in handling.walk(state, action):
            after = handling.STEPS[state, taken]
            assert state not in handling.ENDED
            assert after in handling.ENDED or ORDER.index(after) == ORDER.index(state) + 1
            state = after
    assert (handling.allowed_actions(state) == []) == (state in handling.ENDED)


@given(st.sampled_from(list(S)), st.sampled_from(ORDER))
def test_the_way_of_a_case_leads_there_or_nowhere(state: S, until: S) -> None:
    steps = handling.way(state, until)
    for action in steps:
        state = handling.STEPS[state, action]
    assert state is until or not steps


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        ({"action": A.MERGE}, "/into"),
        ({"action": A.CLOSE}, "/result"),
        ({"action": A.ANSWER, "into": "J"}, "/into"),
        ({"action": A.ANSWER, "result": IncidentResult.OVER}, "/result"),
        ({"action": A.MERGE, "into": "I"}, "/into"),
    ],
)
def test_what_an_action_needs_is_named(told: dict[str, object], pointer: str) -> None:
    with pytest.raises(Invalid) as wrong:
        handling.check(ActOnIncident.model_validate({"caller": CALLER, "id": "I", **told}))
    assert [fault.pointer for fault in wrong.value.errors] == [pointer]

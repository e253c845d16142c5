"""The machine of items against a model, and the rules of their content."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.catalogue import ItemAction, ItemPublished, ItemRetired, ItemState, ItemType, SaveItem
from contracts.faults import Conflict, Invalid, Refused
from contracts.shared import Caller, Scope
from services.catalogue.domain.items import (
    STEPS,
    Content,
    allowed,
    check_available,
    check_editable,
    is_visible,
    step_events,
    take_step,
)

CALLER = Caller(client="office", scopes=frozenset({Scope.CATALOGUE_HANDLE}))
CONTENT = Content(name="临时救助", type=ItemType.GRANT, department="区民政局")


def save(**told: object) -> SaveItem:
    return SaveItem.model_validate(
        {"caller": CALLER, "code": "511B", "name": "临时救助", "type": "grant", "department": "区民政局", **told}
    )


class ItemLife(RuleBasedStateMachine):
    """Any order of steps: only what the machine allows happens, and what the others hear adds up."""

    def __init__(self) -> None:
        super().__init__()
        self.state = ItemState.DRAFT
        self.version = 1
        self.heard: list[str] = []

    @rule(action=st.sampled_from(ItemAction))
    def step(self, action: ItemAction) -> None:
        if action not in allowed(self.state):
            with pytest.raises(Refused) as refused:
                take_step(self.state, action)
            assert refused.value.code == "illegal_step"
            assert refused.value.facts == {"allowed_actions": allowed(self.state), "state": self.state}
            return
        self.state = take_step(self.state, action)
        self.version += 1
        for event in step_events("511B", CONTENT, 1, self.state, self.version):
            assert event.version == self.version
            self.heard.append(type(event).wire)

    @invariant()
    def may_be_applied_for_exactly_when_the_last_event_says_so(self) -> None:
        retired = ItemRetired.wire in self.heard
        assert retired == (self.state is ItemState.RETIRED)
        if self.state is ItemState.PUBLISHED:
            assert self.heard[-1] == ItemPublished.wire
            check_available("511B", self.state, 1, 1)
        else:
            with pytest.raises(Conflict):
                check_available("511B", self.state, 1, 1)

    @invariant()
    def only_a_draft_is_edited(self) -> None:
        if self.state is ItemState.DRAFT:
            check_editable(self.state)
        else:
            with pytest.raises(Refused):
                check_editable(self.state)


TestItemLife = ItemLife.TestCase
TestItemLife.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)


def test_every_state_is_reached_and_only_the_retired_is_final() -> None:
    reached = {to for steps in STEPS.values() for to in steps.values()} | {ItemState.DRAFT}
    assert reached == set(ItemState)
    assert [state for state in ItemState if not STEPS[state]] == [ItemState.RETIRED]


def test_everything_that_is_wrong_comes_at_once() -> None:
    with pytest.raises(Invalid) as invalid:
        Content.of(
            save(
                legal_limit_days=5,
                promised_limit_days=6,
                online_depth="IV",
                visits=1,
                body_code="11511301008778183X",
                form_schema={"type": "array"},
            )
        )
    assert {fault.pointer: fault.code for fault in invalid.value.errors} == {
        "/promised_limit_days": "promised_over_legal",
        "/visits": "visits_not_needed",
        "/body_code": "credit_code_invalid",
        "/form_schema/type": "form_schema_invalid",
    }
    assert all(fault.zh and fault.en for fault in invalid.value.errors)


def test_what_is_right_is_kept() -> None:
    told = {"legal_limit_days": 20, "promised_limit_days": 20, "visits": 0, "online_depth": "IV", "channels": ["web"]}
    content = Content.of(save(**told, body_code="11511301008778183N", themes=["救助"], object="自然人"))
    assert content.model_dump(include=set(told)) == told
    assert content.limit_days == 20
    assert Content.of(save(legal_limit_days=7)).limit_days == 7
    assert Content.of(save(promised_limit_days=0, legal_limit_days=7)).limit_days == 0
    assert Content.of(save(body_code="083372204")).limit_days is None


def test_an_older_version_cannot_be_applied_for_and_the_current_one_is_named() -> None:
    with pytest.raises(Conflict) as conflict:
        check_available("511B", ItemState.PUBLISHED, 3, 2)
    assert conflict.value.code == "item_not_available"
    assert conflict.value.facts["current_version_no"] == 3
    assert conflict.value.facts["item_state"] == "published"


def test_what_was_never_served_is_for_those_who_handle() -> None:
    reader = Caller(client="portal", scopes=frozenset({Scope.CATALOGUE_READ}))
    assert [state for state in ItemState if is_visible(state, reader)] == ["published", "suspended", "retired"]
    assert all(is_visible(state, CALLER) for state in ItemState)

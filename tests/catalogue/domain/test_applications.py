"""The machine of applications against a model; what each step needs; who may take it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.catalogue import (
    ActOnApplication,
    ApplicationAction,
    ApplicationState,
    CorrectionAsked,
    Decided,
    ItemType,
)
from contracts.faults import Forbidden, Invalid, Refused
from contracts.shared import Caller, Scope
from services.catalogue.domain.applications import (
    APPLICANT_STEPS,
    STEPS,
    Matter,
    Pinned,
    allowed,
    check_actor,
    is_visible,
    take_step,
    urgency,
)
from services.catalogue.domain.items import Content

CALLER = Caller(client="office", scopes=frozenset({Scope.CATALOGUE_HANDLE}))
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
FORM = {"type": "object", "required": ["reason"], "properties": {"reason": {"type": "string", "title": "事由"}}}
FINAL = {ApplicationState.NOT_ACCEPTED, ApplicationState.DELIVERED, ApplicationState.WITHDRAWN}


def matter(state: ApplicationState, **told: Any) -> Matter:
    content = Content.model_validate(
        {"name": "临时救助", "type": ItemType.GRANT, "department": "区民政局", "form_schema": FORM, **told}
    )
    return Matter("2026", state, Pinned("A", 3, content), True, "web", {"reason": "失业"})


def act(action: ApplicationAction, **told: Any) -> ActOnApplication:
    return ActOnApplication(caller=CALLER, app_no="2026", action=action, **told)


class ApplicationLife(RuleBasedStateMachine):
    """Any order of complete steps."""

    @initialize(instant=st.booleans())
    def begin(self, instant: bool) -> None:
        self.instant = instant
        self.state = ApplicationState.DRAFT
        self.version = 1
        self.seen = [self.state]
        self.heard: list[str] = []

    @rule(action=st.sampled_from(ApplicationAction), decision=st.sampled_from(["approved", "refused"]))
    def step(self, action: ApplicationAction, decision: str) -> None:
        case_type = "instant" if self.instant else "promised"
        present = matter(self.state, case_type=case_type, promised_limit_days=5)
        command = act(action, decision=decision, reason="不符合条件", missing=["照片"])
        if action not in allowed(self.state, self.instant):
            with pytest.raises(Refused) as refused:
                take_step(present, command, NOW)
            assert refused.value.facts["allowed_actions"] == allowed(self.state, self.instant)
            return
        step = take_step(present, command, NOW)
        self.state = step.to
        self.version += 1
        self.seen.append(step.to)
        for event in step.event(present, self.version):
            assert (event.app_no, event.item_version_no, event.state) == ("2026", 3, step.to)
            assert event.version == self.version
            self.heard.append(type(event).wire)

    @invariant()
    def the_law_holds(self) -> None:
        seen = self.seen
        assert seen.count(ApplicationState.CORRECTING) <= 1
        assert self.heard.count(CorrectionAsked.wire) <= 1
        decided = [state for state in seen if state in (ApplicationState.APPROVED, ApplicationState.REFUSED)]
        assert len(decided) == self.heard.count(Decided.wire) <= 1
        if decided:
            assert ApplicationState.ACCEPTED in seen
            assert ApplicationState.REVIEWING in seen or self.instant
            assert ApplicationState.WITHDRAWN not in seen
        if ApplicationState.DELIVERED in seen:
            assert decided
        assert not FINAL & set(seen[:-1])


TestApplicationLife = ApplicationLife.TestCase
TestApplicationLife.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)


def test_every_state_is_reached_and_the_final_ones_end() -> None:
    reached = {to for steps in STEPS.values() for to in steps.values()}
    assert set(ApplicationState) - reached == {ApplicationState.DRAFT, ApplicationState.REFUSED}
    assert {state for state in ApplicationState if not STEPS[state]} == FINAL
    before = set(ApplicationState) - FINAL - {ApplicationState.APPROVED, ApplicationState.REFUSED}
    assert {state for state in ApplicationState if ApplicationAction.WITHDRAW in STEPS[state]} == before


@pytest.mark.parametrize(
    ("state", "action", "told", "pointers"),
    [
        ("submitted", "not_accept", {}, ["/reason"]),
        ("submitted", "not_accept", {"reason": " "}, ["/reason"]),
        ("submitted", "ask_correction", {}, ["/missing"]),
        ("submitted", "ask_correction", {"missing": [" ", ""]}, ["/missing"]),
        ("reviewing", "decide", {}, ["/decision"]),
        ("reviewing", "decide", {"decision": "refused"}, ["/reason"]),
        ("draft", "submit", {"form": {}}, ["/form/reason"]),
        ("correcting", "correct", {"form": {"reason": 3}}, ["/form/reason"]),
    ],
)
def test_a_step_that_lacks_something_says_what(state: Any, action: Any, told: Any, pointers: list[str]) -> None:
    with pytest.raises(Invalid) as invalid:
        take_step(matter(ApplicationState(state)), act(ApplicationAction(action), **told), NOW)
    assert [fault.pointer for fault in invalid.value.errors] == pointers


def test_the_applicant_and_the_form_are_missed_at_once() -> None:
    empty = matter(ApplicationState.DRAFT)._replace(has_applicant=False, form={})
    with pytest.raises(Invalid) as invalid:
        take_step(empty, act(ApplicationAction.SUBMIT), NOW)
    assert [fault.pointer for fault in invalid.value.errors] == ["/applicant", "/form/reason"]


def test_acceptance_starts_the_clock() -> None:
    accepted = take_step(matter(ApplicationState.SUBMITTED, promised_limit_days=5), act(ApplicationAction.ACCEPT), NOW)
    assert accepted.changes == {"accepted_at": NOW, "due_at": datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC)}
    late = datetime(2026, 12, 25, tzinfo=UTC)
    missing = take_step(matter(ApplicationState.SUBMITTED, legal_limit_days=9), act(ApplicationAction.ACCEPT), late)
    assert missing.changes == {"accepted_at": late, "clock_fault": "calendar_missing_2027"}
    free = take_step(matter(ApplicationState.SUBMITTED), act(ApplicationAction.ACCEPT), NOW)
    assert free.changes == {"accepted_at": NOW}


@pytest.mark.parametrize(
    ("state", "now", "said"),
    [
        (ApplicationState.ACCEPTED, "2026-11-24T15:59Z", "in_time"),
        # a Thursday, and it is due on Friday at midnight (UTC+8)
        (ApplicationState.ACCEPTED, "2026-11-26T01:00Z", "soon"),
        (ApplicationState.REVIEWING, "2026-11-27T15:59Z", "soon"),
        (ApplicationState.REVIEWING, "2026-11-27T16:00Z", "overdue"),
        (ApplicationState.APPROVED, "2026-11-27T16:00Z", None),
        (ApplicationState.WITHDRAWN, "2026-11-27T16:00Z", None),
    ],
)
def test_how_a_clock_stands(state: ApplicationState, now: str, said: str | None) -> None:
    due_at = datetime(2026, 11, 27, 15, 59, 59, tzinfo=UTC)
    assert urgency(state, due_at, datetime.fromisoformat(now)) == said
    assert urgency(state, None, due_at) is None


def test_what_steps_leave_behind() -> None:
    asked = take_step(
        matter(ApplicationState.SUBMITTED), act(ApplicationAction.ASK_CORRECTION, missing=[" 照片 ", "", "户口簿"]), NOW
    )
    assert (asked.changes, asked.note) == ({"correction": ["照片", "户口簿"]}, "照片; 户口簿")
    refused = take_step(
        matter(ApplicationState.REVIEWING), act(ApplicationAction.DECIDE, decision="refused", reason="收入超标"), NOW
    )
    assert (refused.to, refused.changes["decision_reason"], refused.note) == ("refused", "收入超标", "收入超标")
    given = take_step(matter(ApplicationState.REFUSED), act(ApplicationAction.DELIVER, delivery="EMS 邮寄"), NOW)
    assert given.changes == {"delivery": "EMS 邮寄"}
    usual = take_step(matter(ApplicationState.APPROVED), act(ApplicationAction.DELIVER), NOW)
    assert usual.changes == {"delivery": "web"}


def test_who_may_do_what() -> None:
    applicant = Caller(client="portal", scopes=frozenset({Scope.CATALOGUE_APPLY}))
    reader = Caller(client="portal", scopes=frozenset({Scope.CATALOGUE_READ}))
    for action in ApplicationAction:
        check_actor(CALLER, action)
        if action in APPLICANT_STEPS:
            check_actor(applicant, action)
        else:
            with pytest.raises(Forbidden):
                check_actor(applicant, action)
        with pytest.raises(Forbidden):
            check_actor(reader, action)
    assert is_visible("portal", applicant)
    assert is_visible("elsewhere", CALLER)
    assert not is_visible("elsewhere", applicant)

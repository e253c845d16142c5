"""Whatever is tried in whatever order: the machine keeps its promises, and a refusal says what would be legal."""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.cases import CaseAction, CaseState, Feedback
from contracts.faults import Refused
from services.cases import machine
from services.cases.clocks import StageClock
from services.cases.domain import STEPS, allowed_actions
from tests.cases.scene import COMMUNITY, COUNTY, MONDAY, STREET, reported, take

S = CaseState
RUNNING = {S.FILED: "dispatch", S.RETURNED: "dispatch", S.DISPATCHED: "sign", S.AWAITING_CALLBACK: "callback"}
RESTING = {S.REPORTED, S.VERIFIED, S.RESOLVED, S.CLOSED, S.REJECTED, S.WITHDRAWN}
feedback = st.booleans().map(lambda solved: Feedback(responded=True, solved=solved))
orgs = st.sampled_from([COMMUNITY, STREET, COUNTY])


class Life(RuleBasedStateMachine):
    """One case, many hands, passing time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = MONDAY
        self.record = reported()
        self.states: list[tuple[str | None, str | None]] = [(None, S.REPORTED)]
        self.told: list[tuple[str, str, object]] = []

    @rule(minutes=st.integers(1, 3000))
    def wait(self, minutes: int) -> None:
        """Time passes, and the scan comes round."""
        self.now += timedelta(minutes=minutes)
        while (moment := machine.next_look(self.record, self.now)) and moment <= self.now:
            self._keep(machine.look(self.record, self.now))

    @rule(minutes=st.integers(1, 3000))
    def down(self, minutes: int) -> None:
        """Time passes while nobody scans."""
        self.now += timedelta(minutes=minutes)

    @rule(pick=st.integers(0, 50), said=feedback, org=orgs, found=st.booleans())
    def legal(self, pick: int, said: Feedback, org: str, *, found: bool) -> None:
        """What is called legal is done."""
        actions = allowed_actions(self.record, self.now)
        if not actions:
            return
        action = actions[pick % len(actions)]
        if action is CaseAction.TRANSFER and org == self.record.owner_org:
            org = next(one for one in (COMMUNITY, STREET) if one != org)
        before = self.record.clock("handling")
        outcome = take(self.record, action, self.now, org=org, feedback=said, confirmed=found)
        assert outcome.record.state in STEPS[action].outcomes
        self._keep(outcome)
        if before and action not in (CaseAction.EXTEND, CaseAction.RESUME):
            self._same_limit(before)

    @rule(pick=st.integers(0, 50))
    def illegal(self, pick: int) -> None:
        """What is not called legal is refused, with the legal list."""
        actions = [one for one in CaseAction if one not in allowed_actions(self.record, self.now)]
        with pytest.raises(Refused) as refused:
            take(self.record, actions[pick % len(actions)], self.now)
        assert refused.value.facts["allowed_actions"] == allowed_actions(self.record, self.now)
        assert refused.value.facts["state"] == self.record.state

    def _same_limit(self, before: StageClock) -> None:
        same = [one for one in self.record.clocks if one.started_at == before.started_at and one.stage == "handling"]
        assert [(one.due_at, one.hours, one.left) for one in same] == [(before.due_at, before.hours, before.left)]

    def _keep(self, outcome: machine.Outcome) -> None:
        assert outcome.record.version == self.record.version + 1
        assert len(outcome.events) <= 1
        assert all(event.version == outcome.record.version for event in outcome.events)
        for event in outcome.events:
            if event.wire in ("cases.due_soon.v1", "cases.overdue.v1"):
                fields = event.model_dump()
                self.told.append((event.wire, fields["stage"], fields["due_at"]))
        self.states += [(entry.from_state, entry.to_state) for entry in outcome.entries]
        self.record = outcome.record

    @invariant()
    def the_timeline_has_no_gap(self) -> None:
        """Each entry begins where the last ended."""
        for (_, before), (start, _) in zip(self.states, self.states[1:], strict=False):
            assert start == before
        assert self.states[-1][1] == self.record.state

    @invariant()
    def nothing_is_done_more_often_than_allowed(self) -> None:
        """Returns and transfers, extensions, reopenings."""
        assert len(self.record.returned_by) <= 2
        assert len(set(self.record.returned_by)) == len(self.record.returned_by)
        assert self.record.extensions <= 2
        assert self.record.reopened_count <= 2

    @invariant()
    def the_right_clocks_run(self) -> None:
        """Those of the state, and the handling clock of a case that was passed on; none where nobody has to act."""
        running = [clock.stage for clock in self.record.clocks if clock.running]
        state = self.record.state
        if state in RESTING:
            assert running == []
        elif state is S.SUSPENDED:
            assert running == []
            assert self.record.suspended_until is not None
        elif state is S.HANDLING:
            assert running == ["handling"]
        else:
            assert RUNNING[state] in running
            assert set(running) <= {RUNNING[state], "handling"}
            assert len(running) == len(set(running))

    @invariant()
    def a_notice_is_given_once(self) -> None:
        """Each clock and kind."""
        assert len(self.told) <= 2 * len(self.record.clocks)
        for clock in self.record.clocks:
            assert not clock.overdue or clock.due_soon

    @invariant()
    def an_owner_exists_where_somebody_has_to_act(self) -> None:
        """From dispatch to closing."""
        if self.record.state in (S.DISPATCHED, S.HANDLING, S.SUSPENDED, S.RESOLVED, S.AWAITING_CALLBACK):
            assert self.record.owner_org is not None
            assert self.record.owner_path[-1] == self.record.owner_org
        assert (self.record.closed_at is not None) == (self.record.state is S.CLOSED)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=50, deadline=None)

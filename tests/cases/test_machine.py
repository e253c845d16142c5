"""Each condition of the table, by example."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from contracts.cases import CaseState, Feedback, Place
from contracts.faults import Fault, Forbidden, Invalid, Refused
from contracts.shared import Caller, Scope
from services.cases import machine
from services.cases.calendar import PUBLISHED_YEARS, SHANGHAI
from services.cases.domain import REOPEN_WITHIN, CaseRecord, allowed_actions
from services.cases.effects import Setting
from tests.cases.scene import (
    CHECKER,
    COMMUNITY,
    COUNTY,
    DESK,
    GRID,
    LIMITS,
    MONDAY,
    PATH,
    RESIDENT,
    ROSTERS,
    STREET,
    WORKER,
    after,
    command,
    reported,
    take,
)

TO_HANDLING = ("file", "dispatch", "sign")
TO_CALLBACK = (*TO_HANDLING, "resolve", "pass")
UNSOLVED = Feedback(responded=True, solved=False)
LAST = max(PUBLISHED_YEARS)


def refusal(record: CaseRecord, action: str, now: datetime = MONDAY, **fields: object) -> Fault:
    """How a step is refused."""
    with pytest.raises(Fault) as caught:
        take(record, action, now, **fields)  # type: ignore[arg-type]
    return caught.value


def test_the_straight_way_from_report_to_closing() -> None:
    record, told = reported(), []
    for action in ("verify", "file", "dispatch", "sign", "resolve", "pass", "call_back"):
        outcome = take(record, action)
        assert outcome.record.version == record.version + 1
        told += [(event.wire, event.version) for event in outcome.events]
        [entry] = outcome.entries
        assert (entry.from_state, entry.to_state) == (record.state, outcome.record.state)
        record = outcome.record
    assert record.state is CaseState.CLOSED
    assert record.closed_at == MONDAY
    assert [wire for wire, _ in told] == [
        f"cases.{name}.v1" for name in ("filed", "dispatched", "signed", "resolved", "checked", "closed")
    ]
    assert [version for _, version in told] == [3, 4, 5, 6, 7, 8]


def test_an_illegal_step_names_the_legal_ones() -> None:
    fault = refusal(reported(), "sign")
    assert isinstance(fault, Refused)
    assert fault.code == "illegal_step"
    assert fault.facts == {"allowed_actions": ["verify", "file", "reject", "withdraw"], "state": "reported"}


def test_every_missing_field_is_named_at_once() -> None:
    fault = refusal(reported(), "reject", reason=" ", result=None)
    assert isinstance(fault, Invalid)
    assert [error.pointer for error in fault.errors] == ["/reason", "/result"]
    fault = refusal(after(*TO_CALLBACK), "call_back", feedback=Feedback(responded=True))
    assert [error.pointer for error in fault.errors] == ["/feedback/solved"]


def test_filing_waits_for_the_look_on_the_spot_where_it_is_demanded() -> None:
    record = reported(site_check_required=True)
    assert refusal(record, "file").code == "site_check_required"
    assert take(take(record, "verify").record, "file").record.state is CaseState.FILED


def test_what_was_not_found_on_the_spot_is_rejected_with_a_reply() -> None:
    assert refusal(reported(), "verify", confirmed=False, result=None).code == "field_missing"
    outcome = take(reported(), "verify", confirmed=False, result="现场未发现")
    assert (outcome.record.state, outcome.record.result) == (CaseState.REJECTED, "现场未发现")
    assert [event.wire for event in outcome.events] == ["cases.rejected.v1"]


def test_dispatch_goes_to_the_grids_community_and_its_worker() -> None:
    record = after("file", "dispatch")
    assert (record.owner_org, record.assignee, record.assigned_by) == (COMMUNITY, "W1", "grid_worker")


def test_dispatch_to_a_territory_above_finds_its_own_people() -> None:
    record = take(after("file"), "dispatch", org=f"{STREET}000").record
    assert (record.owner_org, record.assignee, record.assigned_by) == (STREET, "S1", "street_supervisor")
    named = take(after("file"), "dispatch", org=COUNTY, assignee="X9").record
    assert (named.owner_org, named.assignee, named.assigned_by) == (COUNTY, "X9", "named")
    assert take(after("file"), "dispatch", org=COUNTY).record.assigned_by == "none"


def test_an_org_must_cover_the_place() -> None:
    assert refusal(after("file"), "dispatch", org="230903").code == "org_does_not_cover"


def test_a_place_without_a_grid_needs_an_org() -> None:
    record = replace(after("file"), place=Place(address="建设路 1 号"))
    assert refusal(record, "dispatch").code == "org_required"
    assert refusal(record, "dispatch", org=STREET).code == "org_does_not_cover"
    setting = Setting(DESK, MONDAY, LIMITS, ROSTERS, org_path=PATH[:4])
    outcome = machine.act(record, command("dispatch", DESK, org=STREET), setting)
    assert (outcome.record.owner_org, outcome.record.assignee) == (STREET, "S1")


@pytest.mark.parametrize(
    ("caller", "may"),
    [
        (WORKER, True),
        (Caller(client="c", territory=COMMUNITY, scopes=WORKER.scopes), True),
        (Caller(client="c", department=COMMUNITY, scopes=WORKER.scopes), True),
        (DESK, True),
        (Caller(client="c", territory=STREET, scopes=WORKER.scopes), False),
        (Caller(client="c", actor="W2", scopes=WORKER.scopes), False),
        (Caller(client="c", actor="W1"), False),
    ],
)
def test_signing_is_for_the_owner_the_assignee_or_the_desk(caller: Caller, *, may: bool) -> None:
    record = after("file", "dispatch")
    if may:
        outcome = take(record, "sign", caller=caller)
        assert outcome.entries[0].actor == caller.who
    else:
        assert isinstance(refusal(record, "sign", caller=caller), Forbidden)


def test_only_the_desk_files() -> None:
    assert refusal(reported(), "file", caller=RESIDENT).code == "scope_missing"


def test_who_resolved_may_not_check() -> None:
    record = take(after(*TO_HANDLING), "resolve", caller=DESK).record
    for action in ("pass", "fail"):
        fault = refusal(record, action, caller=DESK)
        assert isinstance(fault, Forbidden)
        assert fault.code == "checker_is_handler"
    assert take(record, "pass", caller=CHECKER).record.state is CaseState.AWAITING_CALLBACK


def test_evidence_where_the_category_wants_it() -> None:
    record = after(*TO_HANDLING, evidence_required=True)
    assert refusal(record, "resolve", evidence=[]).code == "evidence_required"
    assert take(record, "resolve").record.evidence == ("photo:1",)


def test_a_return_is_once_for_each_org_and_twice_in_all() -> None:
    first = after("file", "dispatch", "return")
    assert (first.owner_org, first.assignee, first.returned_by) == (None, None, (COMMUNITY,))
    again = take(first, "dispatch").record
    assert refusal(again, "return").code == "returned_before"
    second = take(take(first, "dispatch", org=STREET).record, "return").record
    third = take(second, "dispatch", org=COUNTY).record
    assert refusal(third, "return").code == "returns_exhausted"
    assert "return" not in allowed_actions(third, MONDAY)


def test_a_transfer_counts_as_a_return_and_the_handling_clock_runs_on() -> None:
    handling = after(*TO_HANDLING)
    assert refusal(handling, "transfer", org=COMMUNITY).code == "org_is_owner"
    passed = take(handling, "transfer", MONDAY + timedelta(hours=1), org=STREET).record
    assert (passed.state, passed.owner_org, passed.assignee) == (CaseState.DISPATCHED, STREET, "S1")
    signed = take(passed, "sign", MONDAY + timedelta(hours=2)).record
    assert signed.clock("handling") == handling.clock("handling")
    twice = take(take(signed, "transfer", org=COUNTY).record, "sign").record
    assert refusal(twice, "transfer", org=COMMUNITY).code == "returns_exhausted"


def test_rework_never_resets_the_clock() -> None:
    handling = after(*TO_HANDLING)
    resolved = take(handling, "resolve", MONDAY + timedelta(hours=1)).record
    assert resolved.clock("handling") != handling.clock("handling")
    failed = take(resolved, "fail", MONDAY + timedelta(hours=20)).record
    assert failed.clock("handling") == handling.clock("handling")
    assert failed.rework_count == 1


def test_an_extension_comes_from_above_in_time_and_twice() -> None:
    handling = after(*TO_HANDLING)
    before = handling.clock("handling")
    assert before is not None
    assert before.due_at is not None
    assert refusal(handling, "extend", caller=DESK).code == "not_from_above"
    same = DESK.model_copy(update={"territory": COMMUNITY})
    assert refusal(handling, "extend", caller=same).code == "not_from_above"
    assert refusal(handling, "extend", before.due_at).code == "already_overdue"
    admin = Caller(client="root", scopes=frozenset({Scope.ADMIN}))
    once = take(handling, "extend", caller=admin, hours=7).record
    after_once = once.clock("handling")
    assert after_once is not None
    assert after_once.due_at == before.due_at + timedelta(days=1)
    twice = take(once, "extend").record
    assert refusal(twice, "extend").code == "extensions_exhausted"


def test_a_suspension_stops_the_clock_and_ends_by_itself() -> None:
    handling = after(*TO_HANDLING)
    held = take(handling, "suspend", MONDAY, hours=7).record
    assert held.suspended_until == MONDAY + timedelta(hours=8)
    assert allowed_actions(held, MONDAY) == ["resume", "withdraw"]
    late = MONDAY + timedelta(days=3)
    outcome = machine.look(held, late)
    clock, before = outcome.record.clock("handling"), handling.clock("handling")
    assert clock is not None
    assert before is not None
    assert before.due_at is not None
    assert outcome.record.state is CaseState.HANDLING
    assert [event.wire for event in outcome.events] == ["cases.resumed.v1"]
    assert clock.due_at == before.due_at + timedelta(days=1)  # seven hours, one working day; not three
    assert machine.next_look(outcome.record, late) == clock.soon_at


def test_unsolved_goes_back_once_and_then_one_level_up() -> None:
    back = take(after(*TO_CALLBACK), "call_back", feedback=UNSOLVED).record
    assert (back.state, back.owner_org, back.assignee) == (CaseState.HANDLING, COMMUNITY, "W1")
    again = take(take(back, "resolve").record, "pass").record
    up = take(again, "call_back", feedback=UNSOLVED).record
    assert (up.state, up.owner_org, up.assignee) == (CaseState.HANDLING, STREET, "S1")
    assert up.clock("handling") == after(*TO_HANDLING).clock("handling")


def test_closing_tells_whether_it_was_solved() -> None:
    [event] = take(after(*TO_CALLBACK), "call_back").events
    assert event.model_dump()["solved"] is True


def test_reopening_is_within_72_hours_of_the_stored_closing_and_twice() -> None:
    closed = after(*TO_CALLBACK, "call_back")
    assert refusal(closed, "reopen", MONDAY + REOPEN_WITHIN + timedelta(seconds=1)).code == "reopen_too_late"
    record = closed
    for count in (1, 2):
        record = take(record, "reopen", MONDAY + REOPEN_WITHIN).record
        assert (record.state, record.reopened_count, record.closed_at) == (CaseState.FILED, count, None)
        for action in ("dispatch", "sign", "resolve", "pass", "call_back"):
            record = take(record, action).record
    assert refusal(record, "reopen").code == "reopenings_exhausted"


def test_only_the_reporter_withdraws() -> None:
    record = after("file", "dispatch")
    other = RESIDENT.model_copy(update={"actor": "R2"})
    for caller in (other, DESK):
        assert refusal(record, "withdraw", caller=caller).code == "not_the_reporter"
    withdrawn = take(record, "withdraw").record
    assert withdrawn.state is CaseState.WITHDRAWN
    assert all(clock.stopped_at for clock in withdrawn.clocks)
    assert refusal(after(*TO_HANDLING, "resolve"), "withdraw").code == "illegal_step"


def test_looks_tell_each_notice_once_also_after_downtime() -> None:
    record, told = after("file"), []
    late = MONDAY + timedelta(days=30)
    while (moment := machine.next_look(record, late)) and moment <= late:
        outcome = machine.look(record, late)
        told += [(event.wire, event.version, event.model_dump()["stage"]) for event in outcome.events]
        record = outcome.record
    assert told == [("cases.due_soon.v1", 3, "dispatch"), ("cases.overdue.v1", 4, "dispatch")]
    assert record.clock("dispatch") is not None
    assert machine.look(record, late).events == []


def test_a_case_is_not_lost_over_a_calendar() -> None:
    late = datetime(LAST, 12, 31, 16, 30, tzinfo=SHANGHAI)
    outcome = take(reported(), "file", late)
    clock = outcome.record.clock("dispatch")
    assert clock is not None
    assert (clock.due_at, clock.fault) == (None, f"calendar_missing_{LAST + 1}")
    assert [entry.action for entry in outcome.entries] == ["file", "calendar_missing"]
    assert outcome.entries[1].note == f"calendar_missing_{LAST + 1}: dispatch"
    handling = take(take(outcome.record, "dispatch", late).record, "sign", late).record
    assert refusal(handling, "extend", late).code == "due_unknown"
    assert refusal(handling, "suspend", late).code == f"calendar_missing_{LAST + 1}"
    assert take(handling, "resolve", late).record.state is CaseState.RESOLVED


def test_events_hold_no_person_but_the_staff_number() -> None:
    [event] = take(after("file"), "dispatch").events
    assert event.model_dump(mode="json") == {
        "case_no": "20260302230902000000011",
        "state": "dispatched",
        "category": "livelihood.water",
        "grid": GRID,
        "alert": None,
        "incident": None,
        "assignee": "W1",
        "owner_org": COMMUNITY,
        "version": 3,
    }

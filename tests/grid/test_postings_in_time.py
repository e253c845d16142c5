"""Whatever is done to a roster and whenever: its rules hold, and it knows later what it answered then."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.faults import Fault
from contracts.grid import ActOnAssignment, Posting, Responsible, Role
from contracts.shared import Caller
from services.grid.rosters import (
    Roster,
    acted,
    advanced,
    allowed_actions,
    as_of,
    assigned,
    next_at,
    responsible,
    roles_held,
    vacancies,
)
from services.grid.rosters.timing import overlapping, present

GRID = "230902001001001"
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
CALLER = Caller(client="tester")
STAFF = st.sampled_from(["S1", "S2", "S3"])
ROLE = st.sampled_from([Role.WORKER, Role.CHIEF])


def order(data: st.DataObject, roster: Roster, now: datetime) -> Posting | ActOnAssignment:
    """A posting to be given, or a step that the machine admits."""
    steps = [(one, action) for one in advanced(roster, now).postings for action in allowed_actions(one)]
    if not steps or data.draw(st.integers(0, 2)) == 0:
        hours = st.none() | st.integers(-1, 12).map(lambda count: now + timedelta(hours=count))
        starts_at = data.draw(hours)
        return Posting(
            staff_no=data.draw(STAFF),
            role=data.draw(ROLE),
            primary=data.draw(st.booleans()),
            # one that began before it was told would change what was answered meanwhile
            starts_at=max(starts_at, now) if starts_at else None,
            ends_at=data.draw(hours),
        )
    posting, action = data.draw(st.sampled_from(steps))
    seat = {"staff_no": posting.staff_no, "role": posting.role, "post": posting.post}
    backup = data.draw(st.none() | STAFF)
    return ActOnAssignment(caller=CALLER, target=GRID, action=action, vacant=not backup, backup=backup, **seat)


def done(roster: Roster, told: Posting | ActOnAssignment, now: datetime) -> Roster:
    """One order carried out; the roster as it was where it is refused."""
    try:
        if isinstance(told, ActOnAssignment):
            return acted(roster, told, now)
        return assigned(GRID, roster, told, now) or roster
    except Fault:
        return roster


def answers(postings: list[Posting], at: datetime) -> list[list[Responsible]]:
    return [responsible([(GRID, None)], {GRID: postings}, role, at) for role in (None, Role.WORKER, Role.CHIEF)]


def there(postings: list[Posting], at: datetime) -> list[tuple[str, str, str, str | None]]:
    """Who holds what, and whether they are there."""
    return sorted(
        (one.staff_no, one.role, one.post, "on_leave" if one.state == "on_leave" else one.backup_for or "")
        for one in as_of(Roster(postings), at)
        if one.state != "ended"
    )


def check(before: Roster, roster: Roster, now: datetime) -> None:
    everyone = [*roster.postings, *roster.past]
    for one, other in combinations([one for one in everyone if one.primary and one.state != "cancelled"], 2):
        assert one.role is not other.role or not overlapping(one, other)
    # what is over stays as it is
    assert list(roster.past)[: len(before.past)] == list(before.past)
    assert {one.state for one in roster.past} <= {"ended", "cancelled"}
    turned = advanced(roster, now)
    assert {one.state for one in turned.postings} <= {"planned", "current", "on_leave"}
    assert roles_held(turned.postings) == sorted({one.role for one in everyone if present(one, now)})
    standing_in = {(one.backup_for, one.role, one.post): one.staff_no for one in turned.postings if one.backup_for}
    away = {(one.staff_no, one.role, one.post): one for one in turned.postings if one.state == "on_leave"}
    assert standing_in == {seat: one.leaves[-1].backup for seat, one in away.items() if one.leaves[-1].backup}
    assert not {staff_no for staff_no, _, _ in away} & set(standing_in.values())
    unfilled = {one.role for one in vacancies(GRID, turned.postings, now)}
    for seat, one in away.items():
        assert seat in standing_in or one.role in unfilled or one.role in roles_held(turned.postings)
    assert len({(one.staff_no, one.role, one.post, one.backup_for) for one in roster.postings}) == len(roster.postings)
    moment = next_at(turned)
    assert moment is None or moment > now


@settings(deadline=None)
@given(st.data(), st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=8, max_size=20))
def test_the_rules_hold_and_history_repeats_what_was_answered(
    data: st.DataObject, moments: list[tuple[int, bool]]
) -> None:
    roster, now = Roster(), START
    said: dict[datetime, tuple[object, object]] = {}
    for later, clock in moments:
        now += timedelta(hours=later)
        before = advanced(roster, now) if clock else roster
        roster = done(before, order(data, before, now), now)
        check(before, roster, now)
        standing = list(roster.postings)
        assert answers(standing, now) == answers(list(advanced(roster, now).postings), now)
        said[now] = answers(standing, now), there(standing, now)
    everything = [*roster.postings, *roster.past]
    assert said == {at: (answers(everything, at), there(everything, at)) for at in said}

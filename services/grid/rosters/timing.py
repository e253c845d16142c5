"""Postings in time: which stand at a moment, what the clock makes of them, and what they were."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from contracts.grid import Leave, Posting

KEPT, LEAVES_KEPT = 200, 100
"""Postings that are over, for each roster (27 to 41 kB of its document), and leaves of one posting: some four years of
a grid where somebody stands in every week. Of times before that the answers are incomplete."""
EVER = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)


class Roster(NamedTuple):
    """The postings of one target: those that stand or are to come, and those that are over, the oldest first."""

    postings: Sequence[Posting] = ()
    past: Sequence[Posting] = ()


def period(posting: Posting) -> tuple[datetime, datetime]:
    """From when, and to when exclusively; without a beginning it has stood for ever."""
    return posting.starts_at or EVER, posting.ends_at or NEVER


def stands(posting: Posting, at: datetime) -> bool:
    """Whether the person holds the post at that time, be it on leave; whether the clock has come round or not."""
    begins, ends = period(posting)
    return posting.state != "cancelled" and begins <= at < ends


def leave_at(posting: Posting, at: datetime) -> Leave | None:
    """The leave that the person is on at that time."""
    over = (leave for leave in posting.leaves if leave.starts_at <= at < (leave.ended_at or NEVER))
    return next(over, None)


def present(posting: Posting, at: datetime) -> bool:
    """Whether the person holds the post and is there."""
    return stands(posting, at) and leave_at(posting, at) is None


def overlapping(one: Posting, other: Posting) -> bool:
    """Whether there is a moment at which both stand."""
    (begins, ends), (other_begins, other_ends) = period(one), period(other)
    return max(begins, other_begins) < min(ends, other_ends)


def over(posting: Posting, at: datetime) -> Posting:
    """The posting as it is when it has ended, with the leave that ends with it."""
    return posting.model_copy(update={"state": "ended", "ends_at": at, "leaves": returned(posting, at)})


def returned(posting: Posting, at: datetime) -> list[Leave]:
    """The leaves, none of them open any more."""
    return [one if one.ended_at else one.model_copy(update={"ended_at": at}) for one in posting.leaves]


def advanced(roster: Roster, now: datetime) -> Roster:
    """What the clock makes of it: what was planned begins, and what has an end is over from that end on."""
    begun = [one.model_copy(update={"state": "current"}) if _begins(one, now) else one for one in roster.postings]
    ended = sorted((one for one in begun if period(one)[1] <= now), key=lambda one: period(one)[1])
    standing = [one for one in begun if period(one)[1] > now]
    return Roster(standing, [*roster.past, *(over(one, period(one)[1]) for one in ended)][-KEPT:])


def next_at(roster: Roster) -> datetime | None:
    """When the clock has something to do here."""
    begins = [one.starts_at for one in roster.postings if one.state == "planned" and one.starts_at]
    return min([*begins, *(one.ends_at for one in roster.postings if one.ends_at)], default=None)


def as_of(roster: Roster, at: datetime) -> list[Posting]:
    """The postings that had begun at that time, each as it was then."""
    known = [one for one in (*roster.postings, *roster.past) if one.state != "cancelled"]
    return [_as_it_was(one, at) for one in known if period(one)[0] <= at]


def _begins(posting: Posting, now: datetime) -> bool:
    return posting.state == "planned" and period(posting)[0] <= now


def _as_it_was(posting: Posting, at: datetime) -> Posting:
    leaves = [
        one.model_copy(update={"ended_at": None}) if one.ended_at and one.ended_at > at else one
        for one in posting.leaves
        if one.starts_at <= at
    ]
    if not stands(posting, at):
        return posting.model_copy(update={"state": "ended", "leaves": returned(posting, at)})
    state = "on_leave" if leave_at(posting, at) else "current"
    # what was later given an end did not have it yet
    ends_at = None if posting.state == "ended" else posting.ends_at
    return posting.model_copy(update={"state": state, "leaves": leaves, "ends_at": ends_at})

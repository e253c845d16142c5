"""The machine of a posting, and how one comes to be."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from contracts.faults import Conflict, Invalid, Refused
from contracts.grid import AssignmentAction, Posting, Role
from services.grid.rosters.timing import KEPT, Roster, advanced, over, overlapping, period

Seat = tuple[str, Role, str, str]

LEGAL: Mapping[str, Sequence[AssignmentAction]] = {
    "planned": [AssignmentAction.CANCEL],
    "current": [AssignmentAction.START_LEAVE, AssignmentAction.END],
    "on_leave": [AssignmentAction.END_LEAVE, AssignmentAction.END],
}


def seat(posting: Posting) -> Seat:
    """What no two standing postings of a roster share: who stands in for two people has two."""
    return posting.staff_no, posting.role, posting.post, posting.backup_for or ""


def allowed_actions(posting: Posting) -> list[AssignmentAction]:
    """The legal steps; a stand-in can only be ended."""
    legal = LEGAL.get(posting.state, ())
    return [action for action in legal if not posting.backup_for or action is AssignmentAction.END]


class Draft:
    """A roster while it is changed."""

    def __init__(self, roster: Roster) -> None:
        self._past = list(roster.past)
        self._standing = {seat(one): one for one in roster.postings}

    def at(self, wanted: Seat) -> Posting | None:
        """The standing posting of a seat."""
        return self._standing.get(wanted)

    def standing(self) -> list[Posting]:
        """All that stand or are to come."""
        return list(self._standing.values())

    def put(self, posting: Posting) -> None:
        """Take its seat."""
        self._standing[seat(posting)] = posting

    def end(self, posting: Posting, now: datetime) -> None:
        """It has been."""
        self._leave(posting, over(posting, now))

    def cancel(self, posting: Posting, now: datetime) -> None:
        """It never came to be."""
        self._leave(posting, posting.model_copy(update={"state": "cancelled", "ends_at": now}))

    def roster(self) -> Roster:
        """As it now is."""
        ordered = sorted(self._standing.values(), key=lambda one: (one.role, seat(one)))
        return Roster(ordered, self._past[-KEPT:])

    def _leave(self, posting: Posting, left: Posting) -> None:
        del self._standing[seat(posting)]
        self._past.append(left)


def found(roster: Roster, wanted: tuple[str, Role, str], action: AssignmentAction | None = None) -> Posting | None:
    """The posting that a person has in a role and post: one that admits the action, their own before a stand-in's.

    Without any that stands, the one that ended last.
    """
    mine = [one for one in roster.postings if seat(one)[:3] == wanted]
    mine.sort(key=lambda one: (action not in allowed_actions(one), seat(one)))
    return next(iter(mine), None) or next((one for one in reversed(roster.past) if seat(one)[:3] == wanted), None)


def assigned(target: str, roster: Roster, wanted: Posting, now: datetime) -> Roster | None:
    """The roster with this posting on it, at once or from `starts_at`; None when it stands so already.

    Whoever has the role and post already keeps them, since when they had them: what is said anew may give them an end,
    and may change `primary`, with which one posting ends and the next begins. Conflict assignment_overlap where
    another is primary in that role at the same time, Invalid period_invalid, Refused illegal_step.
    """
    draft = Draft(advanced(roster, now))
    begins = wanted.starts_at or now
    state = "planned" if begins > now else "current"
    standing = draft.at(seat(wanted))
    ends_at = wanted.ends_at or (standing.ends_at if standing else None)
    posting = wanted.model_copy(update={"state": state, "starts_at": begins, "ends_at": ends_at})
    if standing and standing.state != "planned":
        if (posting.primary, ends_at) == (standing.primary, standing.ends_at):
            return None
        if standing.state == "on_leave" or (state == "planned" and posting.primary != standing.primary):
            raise illegal_step(standing, "assign")
        if posting.primary == standing.primary:
            posting = standing.model_copy(update={"ends_at": ends_at})
        else:
            draft.end(standing, now)
            posting = posting.model_copy(update={"starts_at": now})
    elif posting == standing:
        return None
    others = [one for one in draft.standing() if seat(one) != seat(posting)]
    _check(target, posting, [*others, *draft.roster().past], now)
    draft.put(posting)
    return draft.roster()


def illegal_step(posting: Posting, action: str) -> Refused:
    """A step that the machine does not know; the answer names the legal ones."""
    return Refused(
        "illegal_step",
        f"工号 {posting.staff_no} 的任职处于 {posting.state}, 不能 {action}",
        f"the posting of staff number {posting.staff_no} is {posting.state}; {action} is not possible",
        state=posting.state,
        allowed_actions=[legal.value for legal in allowed_actions(posting)],
    )


def _check(target: str, posting: Posting, others: Iterable[Posting], now: datetime) -> None:
    begins, ends = period(posting)
    if ends <= max(begins, now):
        raise Invalid.field(
            "/ends_at",
            "period_invalid",
            "任职的结束时间必须晚于开始时间和当前时间",
            "a posting ends after it begins, and not in the past",
        )
    rivals = (one for one in others if one.primary and one.role is posting.role and one.state != "cancelled")
    holder = next((one for one in rivals if overlapping(one, posting)), None)
    if posting.primary and holder:
        raise Conflict(
            "assignment_overlap",
            f"{target} 已有主责 {posting.role}: 工号 {holder.staff_no}",
            f"{target} already has a primary {posting.role}: staff number {holder.staff_no}",
            target=target,
            role=posting.role.value,
            holder=holder.staff_no,
        )

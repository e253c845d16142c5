"""What people do to postings: leaves with who stands in, returns, ends."""

from datetime import datetime

from contracts.faults import Invalid, NotFound, Refused
from contracts.grid import ActOnAssignment, AssignmentAction, Leave, Posting
from services.grid.rosters.machine import Draft, allowed_actions, found, illegal_step
from services.grid.rosters.timing import LEAVES_KEPT, Roster, advanced, returned


def acted(roster: Roster, command: ActOnAssignment, now: datetime) -> Roster:
    """The roster after one step of the machine.

    Who goes on leave has a `backup`, who gets a posting of its own for as long (and takes over for whom the absent one
    stood in), or leaves the place `vacant`. Whoever ends while on leave ends the leave with it. A stand-in who ends may
    name who follows as `backup`. Faults: posting_unknown, illegal_step, backup_required, backup_invalid,
    backup_on_leave, until_invalid.
    """
    roster = advanced(roster, now)
    posting = found(roster, (command.staff_no, command.role, command.post), command.action)
    if posting is None:
        raise posting_unknown(command)
    if command.action not in allowed_actions(posting):
        raise illegal_step(posting, command.action)
    draft = Draft(roster)
    match command.action:
        case AssignmentAction.START_LEAVE:
            _start_leave(draft, posting, command, now)
        case AssignmentAction.END_LEAVE:
            draft.put(posting.model_copy(update={"state": "current", "leaves": returned(posting, now)}))
            _end_stand_in(draft, posting, now)
        case AssignmentAction.CANCEL:
            draft.cancel(posting, now)
        case AssignmentAction.END if posting.backup_for:
            _check_backup(draft, command)
            _pass_on(draft, posting, command.backup, now)
        case AssignmentAction.END:
            draft.end(posting, now)
            _end_stand_in(draft, posting, now)
    return draft.roster()


def posting_unknown(command: ActOnAssignment) -> NotFound:
    """Nobody of that number has or had this role here."""
    return NotFound(
        "posting_unknown",
        f"工号 {command.staff_no} 在 {command.target} 没有 {command.role} 任职",
        f"staff number {command.staff_no} has no posting as {command.role} at {command.target}",
        staff_no=command.staff_no,
        target=command.target,
    )


def _start_leave(draft: Draft, posting: Posting, command: ActOnAssignment, now: datetime) -> None:
    if command.backup is None and not command.vacant:
        raise Refused(
            "backup_required",
            "休假必须指定顶岗人员, 或明确说明空缺 (vacant)",
            "a leave needs a backup, or say that the place is vacant",
        )
    if command.until and command.until <= now:
        raise Invalid.field("/until", "until_invalid", "休假结束时间必须晚于当前时间", "a leave ends after it begins")
    _check_backup(draft, command)
    leave = Leave(starts_at=now, until=command.until, backup=command.backup)
    leaves = [*posting.leaves, leave][-LEAVES_KEPT:]
    draft.put(posting.model_copy(update={"state": "on_leave", "leaves": leaves}))
    _stand_in(draft, posting, command.backup, now)
    for one in draft.standing():
        if one.staff_no == posting.staff_no and one.backup_for:
            _pass_on(draft, one, command.backup, now)


def _check_backup(draft: Draft, command: ActOnAssignment) -> None:
    if command.backup is None:
        return
    if command.backup == command.staff_no:
        raise Invalid.field("/backup", "backup_invalid", "不能由本人顶岗", "nobody stands in for themselves")
    if any(one.staff_no == command.backup and one.state == "on_leave" for one in draft.standing()):
        raise Refused(
            "backup_on_leave",
            f"工号 {command.backup} 在 {command.target} 也在休假",
            f"staff number {command.backup} is on leave at {command.target} as well",
            staff_no=command.backup,
        )


def _stand_in(draft: Draft, absent: Posting, backup: str | None, now: datetime) -> None:
    """Somebody holds the place of an absent person until they are back, or their own time is over."""
    if backup:
        draft.put(
            Posting(
                staff_no=backup,
                role=absent.role,
                post=absent.post,
                backup_for=absent.staff_no,
                starts_at=now,
                ends_at=absent.ends_at,
            )
        )


def _end_stand_in(draft: Draft, absent: Posting, now: datetime) -> None:
    for one in draft.standing():
        if (one.backup_for, one.role, one.post) == (absent.staff_no, absent.role, absent.post):
            draft.end(one, now)


def _pass_on(draft: Draft, stand_in: Posting, backup: str | None, now: datetime) -> None:
    """An absent person's place goes to another stand-in, or is vacant."""
    draft.end(stand_in, now)
    absent = draft.at((str(stand_in.backup_for), stand_in.role, stand_in.post, ""))
    if absent:
        *earlier, leave = absent.leaves
        passed_on = leave.model_copy(update={"backup": backup})
        draft.put(absent.model_copy(update={"leaves": [*earlier, passed_on]}))
        _stand_in(draft, absent, backup, now)

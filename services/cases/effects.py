"""What each step changes in a case. Conditions have been checked; the machine counts the version and keeps the record.

Raises CalendarMissing only where a person asks for a time that cannot be computed (extend, suspend): a stage's own
clock carries its fault instead.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contracts.cases import ActOnCase, CaseAction, CaseState, Category, Stage
from contracts.faults import Invalid
from contracts.shared import Caller
from services.cases import clocks
from services.cases.calendar import CITY_CALENDAR, WorkingCalendar
from services.cases.clocks import StageClock
from services.cases.domain import CaseRecord
from services.cases.responsible import NAMED, responsible, rosters_needed
from services.chassis.rosters import Rosters
from services.chassis.territories import significant, way_down, way_to

A, S = CaseAction, CaseState


@dataclass(frozen=True)
class Setting:
    """What surrounds a step. `org_path`: the way down to the command's org where the place lies in no grid."""

    caller: Caller
    now: datetime
    limits: Category
    rosters: Rosters
    org_path: Sequence[str] = ()
    calendar: WorkingCalendar = CITY_CALENDAR
    trace_id: str | None = None


def verify(record: CaseRecord, command: ActOnCase, _: Setting) -> CaseRecord:
    """核实: what was not found on the spot is rejected."""
    if command.confirmed:
        return replace(record, state=S.VERIFIED)
    return replace(record, state=S.REJECTED, result=command.result)


def file(record: CaseRecord, _: ActOnCase, setting: Setting) -> CaseRecord:
    """立案: the dispatch clock starts."""
    return _start(replace(record, state=S.FILED), "dispatch", setting)


def reject(record: CaseRecord, command: ActOnCase, setting: Setting) -> CaseRecord:
    """不予受理, with the reply as its result."""
    return replace(record, state=S.REJECTED, result=command.result, clocks=_stopped(record, setting.now))


def dispatch(record: CaseRecord, command: ActOnCase, setting: Setting) -> CaseRecord:
    """派单: to an organisation that covers the place, the grid's community unless another is named."""
    way = _way_to_owner(record, command, setting)
    owned = _owned_by(record, way, setting, command.assignee)
    return _start(replace(owned, state=S.DISPATCHED, clocks=_stopped(owned, setting.now, "dispatch")), "sign", setting)


def sign(record: CaseRecord, _: ActOnCase, setting: Setting) -> CaseRecord:
    """签收: the handling clock starts, unless a transfer left it running."""
    signed = replace(record, state=S.HANDLING, clocks=_stopped(record, setting.now, "sign"))
    running = signed.clock("handling")
    return signed if running and running.running else _start(signed, "handling", setting)


def give_back(record: CaseRecord, _: ActOnCase, setting: Setting) -> CaseRecord:
    """退单: back to the desk, which has to dispatch it again within its limit."""
    returned = replace(
        _left(record), state=S.RETURNED, assignee=None, assigned_by=None, clocks=_stopped(record, setting.now, "sign")
    )
    return _start(returned, "dispatch", setting)


def transfer(record: CaseRecord, command: ActOnCase, setting: Setting) -> CaseRecord:
    """转办: another organisation has to sign; the handling clock runs on."""
    way = _way_to_owner(record, command, setting)
    if significant(way[-1]) == significant(str(record.owner_org)):
        raise Invalid.field("/org", "org_is_owner", "不能转给本单位", "it is with this organisation already")
    passed_on = _owned_by(_left(record), way, setting, command.assignee)
    return _start(replace(passed_on, state=S.DISPATCHED), "sign", setting)


def extend(record: CaseRecord, command: ActOnCase, setting: Setting) -> CaseRecord:
    """延期: the handling clock gets more hours."""
    return replace(
        _handling(record, lambda clock: clocks.extend(clock, command.hours or 0, setting.calendar)),
        extensions=record.extensions + 1,
    )


def suspend(record: CaseRecord, command: ActOnCase, setting: Setting) -> CaseRecord:
    """挂账: the clock stands still, for so many working hours at most."""
    until = setting.calendar.advance(setting.now, timedelta(hours=command.hours or 0))
    held = _handling(record, lambda clock: clocks.pause(clock, setting.now))
    return replace(held, state=S.SUSPENDED, suspended_until=until)


def resume(record: CaseRecord, _: ActOnCase, setting: Setting) -> CaseRecord:
    """恢复: the clock runs again, from the end of the suspension where that has passed unnoticed."""
    return resumed(record, setting.now, setting.calendar)


def resumed(record: CaseRecord, now: datetime, calendar: WorkingCalendar) -> CaseRecord:
    """The case back in handling."""
    since = min(now, record.suspended_until or now)
    running = _handling(record, lambda clock: clocks.resume(clock, since, calendar))
    return replace(running, state=S.HANDLING, suspended_until=None)


def resolve(record: CaseRecord, command: ActOnCase, setting: Setting) -> CaseRecord:
    """办结, with the result and the evidence that the category wants."""
    if record.evidence_required and not command.evidence:
        raise Invalid.field("/evidence", "evidence_required", "该类事件须附办结凭证", "this category wants evidence")
    return replace(
        record,
        state=S.RESOLVED,
        result=command.result,
        evidence=tuple(command.evidence),
        resolved_by=setting.caller.who,
        clocks=_stopped(record, setting.now, "handling"),
    )


def approve(record: CaseRecord, _: ActOnCase, setting: Setting) -> CaseRecord:
    """核查通过: the one who asked is called back."""
    return _start(replace(record, state=S.AWAITING_CALLBACK), "callback", setting)


def fail(record: CaseRecord, _: ActOnCase, __: Setting) -> CaseRecord:
    """返工: the handling clock goes on as if it had never been stopped."""
    return replace(_handling(record, clocks.go_on), state=S.HANDLING, rework_count=record.rework_count + 1)


def call_back(record: CaseRecord, command: ActOnCase, setting: Setting) -> CaseRecord:
    """回访: solved closes it; unsolved goes back to who handled it once, and then one level up."""
    heard = replace(record, feedback=command.feedback, clocks=_stopped(record, setting.now, "callback"))
    if command.feedback and command.feedback.solved:
        return replace(heard, state=S.CLOSED, closed_at=setting.now)
    back = replace(_handling(heard, clocks.go_on), state=S.HANDLING, unsolved_count=record.unsolved_count + 1)
    if back.unsolved_count > 1 and len(back.owner_path) > 1:
        return _owned_by(back, back.owner_path[:-1], setting, None)
    return back


def reopen(record: CaseRecord, _: ActOnCase, setting: Setting) -> CaseRecord:
    """重开: filed anew, to be dispatched again."""
    anew = replace(
        record,
        state=S.FILED,
        closed_at=None,
        feedback=None,
        owner_org=None,
        owner_path=(),
        reopened_count=record.reopened_count + 1,
    )
    return _start(anew, "dispatch", setting)


def withdraw(record: CaseRecord, _: ActOnCase, setting: Setting) -> CaseRecord:
    """撤诉: nothing runs any more."""
    return replace(record, state=S.WITHDRAWN, suspended_until=None, clocks=_stopped(record, setting.now))


EFFECTS: Mapping[CaseAction, Callable[[CaseRecord, ActOnCase, Setting], CaseRecord]] = {
    A.VERIFY: verify,
    A.FILE: file,
    A.REJECT: reject,
    A.DISPATCH: dispatch,
    A.SIGN: sign,
    A.RETURN: give_back,
    A.TRANSFER: transfer,
    A.EXTEND: extend,
    A.SUSPEND: suspend,
    A.RESUME: resume,
    A.RESOLVE: resolve,
    A.PASS: approve,
    A.FAIL: fail,
    A.CALL_BACK: call_back,
    A.REOPEN: reopen,
    A.WITHDRAW: withdraw,
}


def _start(record: CaseRecord, stage: Stage, setting: Setting) -> CaseRecord:
    hours: int = getattr(setting.limits, f"{stage}_hours")
    return replace(record, clocks=(*record.clocks, clocks.start(stage, hours, setting.now, setting.calendar)))


def _stopped(record: CaseRecord, now: datetime, stage: Stage | None = None) -> tuple[StageClock, ...]:
    return tuple(clocks.stop(clock, now) if stage in (None, clock.stage) else clock for clock in record.clocks)


def _handling(record: CaseRecord, change: Callable[[StageClock], StageClock]) -> CaseRecord:
    """With its latest handling clock changed."""
    latest = record.clock("handling")
    return replace(record, clocks=tuple(change(clock) if clock is latest else clock for clock in record.clocks))


def _left(record: CaseRecord) -> CaseRecord:
    """With its owner counted among those who gave it away."""
    return replace(record, returned_by=(*record.returned_by, str(record.owner_org)), owner_org=None, owner_path=())


def _way_to_owner(record: CaseRecord, command: ActOnCase, setting: Setting) -> list[str]:
    """The territories from the province down to the new owner. Raises Invalid for one that does not cover the place."""
    way = way_down(record.place.path, record.place.grid)
    if command.org is None:
        if not way:
            raise Invalid.field(
                "/org", "org_required", "地点不在网格内, 须指定单位", "the place has no grid: name an org"
            )
        return way
    found = way_to(command.org, way or setting.org_path)
    if not found:
        raise Invalid.field(
            "/org", "org_does_not_cover", "该单位不管辖此地点", "this territory does not cover the place"
        )
    return found


def _owned_by(record: CaseRecord, way: Sequence[str], setting: Setting, assignee: str | None) -> CaseRecord:
    """With the last territory of the way as owner, and the person named or found in the rosters from there upward."""
    owned = replace(record, owner_org=way[-1], owner_path=tuple(way))
    if assignee:
        return replace(owned, assignee=assignee, assigned_by=NAMED)
    grid = record.place.grid
    at_home = grid is not None and significant(way[-1]) == grid[:12]
    person, rule = responsible(rosters_needed(grid if at_home else None, way), setting.rosters, setting.now)
    return replace(owned, assignee=person, assigned_by=rule)

"""The case machine: one step by the table, one look by the clock; each leaves its entry in the timeline."""

from dataclasses import dataclass, replace
from datetime import datetime

from contracts.cases import (
    ActOnCase,
    CaseAction,
    CaseClosed,
    CaseDueSoon,
    CaseOverdue,
    CaseResumed,
    CaseState,
    CaseStep,
)
from contracts.faults import Refused
from contracts.shared import TimelineEntry
from services.cases import clocks
from services.cases.calendar import CITY_CALENDAR, CalendarMissing, WorkingCalendar
from services.cases.conditions import check
from services.cases.domain import STEPS, CaseRecord, announce
from services.cases.effects import EFFECTS, Setting, resumed

SYSTEM = "system"
OWNING = frozenset({CaseAction.DISPATCH, CaseAction.TRANSFER, CaseAction.CALL_BACK})


@dataclass(frozen=True)
class Outcome:
    """The case after a step (its version counted up), what joins its timeline, and what is announced."""

    record: CaseRecord
    entries: list[TimelineEntry]
    events: list[CaseStep]


def act(record: CaseRecord, command: ActOnCase, setting: Setting) -> Outcome:
    """Take a step. Raises Forbidden, Refused (with the legal steps) or Invalid (naming every field)."""
    check(record, command, setting.caller, setting.now)
    try:
        after = EFFECTS[command.action](record, command, setting)
    except CalendarMissing as missing:
        raise Refused(
            missing.fault,
            f"{missing.year} 年工作日历缺失, 无法计算限时",
            f"there is no working calendar for {missing.year}",
            year=missing.year,
        ) from None
    after = replace(after, version=record.version + 1)
    event = STEPS[command.action].outcomes[after.state]
    further = {"solved": after.feedback.solved} if event is CaseClosed and after.feedback else {}
    entry = TimelineEntry(
        at=setting.now,
        actor=setting.caller.who,
        action=command.action,
        from_state=record.state,
        to_state=after.state,
        note=_note(after, command),
        trace_id=setting.trace_id,
    )
    return Outcome(
        after,
        [entry, *_calendar_entries(record, after, setting.now, setting.trace_id)],
        [announce(event, after, **further)] if event else [],
    )


def look(record: CaseRecord, now: datetime, calendar: WorkingCalendar = CITY_CALENDAR) -> Outcome:
    """What time has brought: the one notice that is due first, the end of a suspension, or a calendar that has come.

    Without any of these the record is the same but for its version.
    """
    counted = replace(record, version=record.version + 1)
    due = [(*notice, clock) for clock in record.clocks if (notice := clock.to_tell()) and notice[0] <= now]
    if due:
        _, news, clock = min(due, key=lambda one: one[0])
        after = replace(counted, clocks=tuple(clocks.told(one, news) if one is clock else one for one in record.clocks))
        event = CaseDueSoon if news == "due_soon" else CaseOverdue
        entry = _system_entry(after, news, f"{clock.stage} {clock.due_at:%Y-%m-%dT%H:%M:%SZ}", now)
        return Outcome(after, [entry], [announce(event, after, stage=clock.stage, due_at=clock.due_at)])
    if record.state is CaseState.SUSPENDED and record.suspended_until and record.suspended_until <= now:
        after = resumed(counted, now, calendar)
        entry = _system_entry(
            after, CaseAction.RESUME, "the suspension has run out 挂账到期", now, from_state=record.state
        )
        entries = [entry, *_calendar_entries(record, after, now, None)]
        return Outcome(after, entries, [announce(CaseResumed, after)])
    mended = replace(
        counted,
        clocks=tuple(clocks.timed(one, calendar) if one.fault and one.running else one for one in record.clocks),
    )
    return Outcome(mended, _calendar_entries(record, mended, now, None), [])


def next_look(record: CaseRecord, now: datetime) -> datetime | None:
    """When `look` may find something; None while nothing runs."""
    moments = [clocks.next_look(record.clocks, now), record.suspended_until]
    return min((moment for moment in moments if moment is not None), default=None)


def _note(after: CaseRecord, command: ActOnCase) -> str | None:
    to_owner = command.action in OWNING and after.state is not CaseState.CLOSED
    owner = f"{after.owner_org} {after.assignee or '-'} ({after.assigned_by})" if to_owner else None
    hours = f"{command.hours} h" if command.action in (CaseAction.EXTEND, CaseAction.SUSPEND) else None
    return "; ".join(part for part in (owner, hours, command.reason, command.note) if part) or None


def _calendar_entries(
    before: CaseRecord, after: CaseRecord, now: datetime, trace_id: str | None
) -> list[TimelineEntry]:
    """A line for each clock whose time became unknown, or known."""
    earlier = {(clock.stage, clock.started_at): clock.fault for clock in before.clocks}
    entries = []
    for clock in after.clocks:
        was = earlier.get((clock.stage, clock.started_at))
        if clock.fault != was:
            action, fault = ("calendar_missing", clock.fault) if clock.fault else ("calendar_found", was)
            entries.append(_system_entry(after, action, f"{fault}: {clock.stage}", now, trace_id=trace_id))
    return entries


def _system_entry(
    after: CaseRecord,
    action: str,
    note: str,
    now: datetime,
    *,
    from_state: CaseState | None = None,
    trace_id: str | None = None,
) -> TimelineEntry:
    return TimelineEntry(
        at=now,
        actor=SYSTEM,
        action=action,
        from_state=from_state or after.state,
        to_state=after.state,
        note=note,
        trace_id=trace_id,
    )

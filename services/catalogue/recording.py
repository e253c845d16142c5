"""One line of a record, of an item or an application."""

from enum import StrEnum

from contracts.shared import Caller, TimelineEntry
from services.chassis import context


def entry(
    caller: Caller, action: str, before: StrEnum | None, after: StrEnum, note: str | None = None
) -> TimelineEntry:
    """Who did what, now, in the present trace."""
    return TimelineEntry(
        at=context.now(),
        actor=caller.who,
        action=action,
        from_state=before,
        to_state=after,
        note=note,
        trace_id=context.trace_id(),
    )

"""留痕: one line of the record of a matter."""

from datetime import datetime

from contracts.shared import TimelineEntry
from services.chassis import context


def entry(
    actor: str,
    action: str,
    before: str | None = None,
    after: str | None = None,
    note: str | None = None,
    *,
    at: datetime | None = None,
) -> TimelineEntry:
    """Who did what, from which state to which, in the present trace; now unless it is so since another time."""
    return TimelineEntry(
        at=at or context.now(),
        actor=actor,
        action=action,
        from_state=before,
        to_state=after,
        note=note,
        trace_id=context.trace_id(),
    )

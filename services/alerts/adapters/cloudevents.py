"""CloudEvents 1.0 (structured, one or a batch) whose data is an alarm in our own words: see contracts/alerts/alarms.

The gateway tells a sender of such events at once what cannot be read, so that what comes here unreadable came another
way. Of an event only the fields of that shape are read.
"""

from pydantic import ValidationError

from contracts.alerts import Alarm, AlarmEvent, AlertType, CanonicalReport, alarm_events
from contracts.shared import Point
from services.alerts.adapters.addresses import reference
from services.alerts.adapters.objects import loads
from services.alerts.adapters.times import moment
from services.alerts.adapters.wire import Unreadable, clean, note
from services.alerts.domain import plausible, severity_of


def read(body: bytes, content_type: str) -> list[CanonicalReport]:
    """The reports of one post. Raises Unreadable."""
    value, notes = loads(body, content_type)
    try:
        events = alarm_events(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = clean("/".join(str(part) for part in first["loc"]), 60) or "/"
        raise Unreadable(
            "event_invalid", f"不是规定的告警事件 (字段 {place})", f"not an alarm event as agreed (field {place})"
        ) from None
    return [_report(event, notes) for event in events]


def _report(event: AlarmEvent, notes: list[str]) -> CanonicalReport:
    alarm = event.data
    type_ = alarm.type or AlertType.UNKNOWN
    when = moment(alarm.at or event.time)
    point, place_notes = _place(alarm)
    channel = clean(alarm.channel)
    return CanonicalReport(
        kind="alarm",
        active=alarm.active,
        source_id=f"{event.source}\n{event.id}",
        device=clean(alarm.device),
        channel=channel,
        type=type_,
        raw_type=clean(alarm.raw_type or alarm.type or event.type, 64),
        severity=alarm.severity or severity_of(type_),
        rule=clean(alarm.rule),
        target=alarm.target,
        occurred_at=when.at,
        occurred_local=when.local,
        point=point,
        media=[found for address in alarm.media if (found := reference(address))],
        notes=[
            *notes,
            *when.notes,
            *place_notes,
            *([] if channel else [note("channel_missing")]),
            *([note("type_unknown")] if type_ is AlertType.UNKNOWN else []),
        ],
    )


def _place(alarm: Alarm) -> tuple[Point | None, list[str]]:
    if alarm.longitude is None or alarm.latitude is None:
        return None, []
    if not plausible(alarm.longitude, alarm.latitude):
        return None, [note("place_implausible")]
    return Point(longitude=alarm.longitude, latitude=alarm.latitude), []

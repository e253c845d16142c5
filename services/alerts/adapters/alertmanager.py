"""Alertmanager's webhook, version 4: what Prometheus watches of devices and platforms.

Of an alert its labels alertname, device or instance, channel and severity are read, its state, its times and its
fingerprint, which serves as the rule: the end of one is not the end of another. Annotations and other labels are free
text and are not read.
"""

import re

from pydantic import JsonValue

from contracts.alerts import AlertType, CanonicalReport
from services.alerts.adapters.objects import Object, below, loads, text
from services.alerts.adapters.times import moment
from services.alerts.adapters.wire import note, too_many
from services.alerts.domain import severity_of

# our own types count by their names too, as VideoLoss or video_loss
TYPES = {
    **{type_.value: type_ for type_ in AlertType},
    "instance_down": AlertType.DEVICE_SILENT,
    "target_down": AlertType.DEVICE_SILENT,
    "disk_full": AlertType.STORAGE_FULL,
}
SEVERITIES = {"critical": 1, "high": 2, "warning": 3, "info": 4}
# fires always, so that its absence is noticed
HEARTBEAT = "watchdog"
MAX_REPORTS = 256
# repeat_interval is 4 hours as shipped, and seldom above a day
REPEATED_S = 25 * 3600

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def read(body: bytes, content_type: str) -> list[CanonicalReport]:
    """The reports of one notification. Raises Unreadable."""
    value, notes = loads(body, content_type)
    listed = value.get("alerts") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(listed, list):
        return [CanonicalReport(kind="ignored", notes=[*notes, note("not_an_event")])]
    if len(listed) > MAX_REPORTS:
        raise too_many(MAX_REPORTS)
    if value.get("truncatedAlerts"):
        notes = [*notes, note("alerts_truncated")]
    found = [_report(alert, notes) for alert in listed if isinstance(alert, dict)]
    return found or [CanonicalReport(kind="ignored", notes=[*notes, note("not_an_event")])]


def _report(alert: Object, notes: list[str]) -> CanonicalReport:
    labels, state = below(alert, "labels"), alert.get("status")
    name, device = text(labels.get("alertname"), 64), text(labels.get("device")) or text(labels.get("instance"))
    known = _HUMP.sub("_", name or "").lower()
    if known == HEARTBEAT:
        return CanonicalReport(kind="heartbeat", active=False, device=device, notes=[*notes, note("heartbeat")])
    type_ = TYPES.get(known, AlertType.UNKNOWN)
    severity = SEVERITIES.get((text(labels.get("severity")) or "").lower())
    channel = text(labels.get("channel"))
    when = moment(_written(alert.get("endsAt" if state == "resolved" else "startsAt")))
    said = {
        "channel_missing": channel is None,
        "state_assumed": state not in ("firing", "resolved"),
        "severity_assumed": severity is None,
        "type_unknown": type_ is AlertType.UNKNOWN,
    }
    return CanonicalReport(
        kind="alarm",
        active=state != "resolved",
        device=device,
        channel=channel,
        type=type_,
        raw_type=name,
        severity=severity or severity_of(type_),
        rule=text(alert.get("fingerprint")),
        occurred_at=when.at,
        occurred_local=when.local,
        # what still fires is told again with the time when it began
        belated=True,
        repeated_s=REPEATED_S,
        notes=[*notes, *when.notes, *(note(code) for code, wanted in said.items() if wanted)],
    )


def _written(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None

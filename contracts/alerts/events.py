"""What happens to reports, alerts, incidents and devices; never a person, a plate or a picture's address."""

from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.alerts.incidents import IncidentResult, Level
from contracts.alerts.models import AlertType, Verdict
from contracts.base import Delivery, Event
from contracts.shared import Point


class ReportReceived(Delivery, wire="alerts.report_received.v1"):
    """The door has taken a report and promised (202) that it is durable. The body is the vendor's own."""

    report: str
    adapter: str
    source: str
    content_type: str = ""
    received_at: AwareDatetime


class AlertRaised(Event, wire="alerts.raised.v1", public=True):
    """A new alert, after folding."""

    id: str
    type: AlertType
    raw_type: str | None
    severity: int
    device: str
    channel: str
    target: str | None = None
    point: Point | None = None
    grid: str | None = None
    path: list[str] = []
    first_at: AwareDatetime
    silenced_by: str | None = None
    inhibited_by: str | None = None
    version: int


class AlertUpdated(Event, wire="alerts.updated.v1", public=True):
    """It goes on: at most one in 30 s for each alert."""

    id: str
    count: int
    last_at: AwareDatetime
    version: int


class AlertEnded(Event, wire="alerts.ended.v1", public=True):
    """No more reports for its quiet time, or a stop was reported."""

    id: str
    ended_at: AwareDatetime
    count: int
    version: int


class AlertAcknowledged(Event, wire="alerts.acknowledged.v1", public=True):
    """Somebody took it."""

    id: str
    actor: str
    version: int


class AlertJudged(Event, wire="alerts.judged.v1", public=True):
    """Somebody said what it is."""

    id: str
    verdict: Verdict
    actor: str
    version: int


class AlertClosed(Event, wire="alerts.closed.v1", public=True):
    """Nothing more to do."""

    id: str
    verdict: Verdict | None
    case_no: str | None = None
    version: int


class AlertReopened(Event, wire="alerts.reopened.v1", public=True):
    """Closed too early."""

    id: str
    version: int


class ReportRejected(Event, wire="alerts.report_rejected.v1", public=True):
    """A report that could not be read; the raw bytes are kept."""

    report: str
    adapter: str
    source: str
    reason: str


class IncidentOpened(Event, wire="alerts.incident_opened.v1"):
    """Something that somebody must look at. `alert` is the one that speaks for it, `alerts` those known so far.

    `notified` are the numbers of the staff who were told, `notified_by` names the rule that found them.
    """

    id: str
    rule: str
    type: AlertType
    severity: int
    alert: str
    alerts: list[str]
    device: str
    channel: str
    target: str | None = None
    point: Point | None = None
    grid: str | None = None
    path: list[str] = []
    first_at: AwareDatetime
    governance: bool = Field(default=False, description="未诉先办: it comes again and again at one place")
    notified: list[str] = []
    notified_by: str | None = None
    version: int


class IncidentClosed(Event, wire="alerts.incident_closed.v1", public=True):
    """It is over. `case_no` names its case where one was opened."""

    id: str
    result: IncidentResult
    case_no: str | None = None
    version: int


class IncidentEscalated(Event, wire="alerts.escalated.v1", public=True):
    """Nobody answered: the next of the five levels is told (numbers of staff, never names)."""

    id: str
    level: Level
    notified: list[str]
    notified_by: str
    grid: str | None = None
    version: int


class DeviceSilent(Event, wire="alerts.device_silent.v1", public=True):
    """A sign of life is overdue; told once for each silence."""

    id: str
    last_heard_at: AwareDatetime | None
    expected_s: int
    version: int


class DeviceRecovered(Event, wire="alerts.device_recovered.v1", public=True):
    """It is heard again."""

    id: str
    silent_since: AwareDatetime
    version: int


class SilenceEnded(Event, wire="alerts.silence_ended.v1", public=True):
    """A silence is over, by its time or by hand; `muted` alerts were raised under it."""

    id: str
    by: Literal["time", "hand"]
    muted: int
    version: int

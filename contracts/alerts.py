"""视联网告警: what cameras report, folded into few, located, answerable alerts."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, NaiveDatetime, StringConstraints

from contracts.base import Command, Delivery, Event, Query
from contracts.shared import Cursor, ImportReport, Key, Limit, Model, Page, Point, Row, TimelineEntry

Adapter = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,32}$")]
SourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:\-]{1,100}$")]


class AlertType(StrEnum):
    """What the picture shows, in our own words; an unknown vendor type is kept as `unknown` with its raw name."""

    MOTION = "motion"
    INTRUSION = "intrusion"
    LINE_CROSSING = "line_crossing"
    REGION_ENTRANCE = "region_entrance"
    REGION_EXITING = "region_exiting"
    LOITERING = "loitering"
    LEFT_OBJECT = "left_object"
    OBJECT_REMOVED = "object_removed"
    CROWD_DENSITY = "crowd_density"
    FAST_MOTION = "fast_motion"
    WRONG_WAY = "wrong_way"
    FIRE_SMOKE = "fire_smoke"
    FALL = "fall"
    ILLEGAL_PARKING = "illegal_parking"
    ROAD_OCCUPATION = "road_occupation"
    GARBAGE_OVERFLOW = "garbage_overflow"
    E_BIKE_IN_LIFT = "e_bike_in_lift"
    PLATE_RECOGNISED = "plate_recognised"
    FACE_MATCH = "face_match"
    IO_INPUT = "io_input"
    PIR = "pir"
    MANUAL_ALARM = "manual_alarm"
    VIDEO_LOSS = "video_loss"
    VIDEO_TAMPER = "video_tamper"
    SCENE_CHANGE = "scene_change"
    DEFOCUS = "defocus"
    DEVICE_TAMPER = "device_tamper"
    STORAGE_FULL = "storage_full"
    DISK_FAULT = "disk_fault"
    HIGH_TEMPERATURE = "high_temperature"
    DEVICE_SILENT = "device_silent"
    UNKNOWN = "unknown"


class AlertState(StrEnum):
    """open → acknowledged → judged → closed; closed → open within 10 minutes. `ended` is a time, not a state."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    JUDGED = "judged"
    CLOSED = "closed"


class AlertAction(StrEnum):
    """What may be done to an alert."""

    ACKNOWLEDGE = "acknowledge"
    JUDGE = "judge"
    CLOSE = "close"
    REOPEN = "reopen"


class Verdict(StrEnum):
    """研判: what a person found the alert to be."""

    TRUE = "true"
    FALSE = "false"
    TEST = "test"
    DUPLICATE = "duplicate"


class CanonicalReport(Model):
    """What an adapter reads out of one payload. `kind` heartbeat and state reports raise nothing."""

    kind: Literal["alarm", "heartbeat", "state", "ignored"]
    active: bool = True
    source_id: str | None = None
    device: str | None = None
    channel: str | None = None
    type: AlertType = AlertType.UNKNOWN
    raw_type: str | None = None
    severity: int = Field(default=3, ge=1, le=4, description="1 is highest")
    rule: str | None = None
    target: Literal["human", "vehicle"] | None = None
    occurred_at: AwareDatetime | None = None
    occurred_local: NaiveDatetime | None = Field(default=None, description="as written, when it names no offset")
    point: Point | None = None
    media: list[str] = []
    notes: list[str] = Field(default=[], description="what was assumed or repaired, and why")


class AdapterResult(Model):
    """What `:test` shows: the reports, or why there are none."""

    reports: list[CanonicalReport]
    fault: str | None = None
    fault_message: str | None = None


class Report(Model):
    """原始报文: one accepted post and what became of it."""

    report: str
    adapter: str
    source: str
    received_at: AwareDatetime
    content_type: str
    size: int
    state: Literal["received", "parsed", "heartbeat", "ignored", "rejected"]
    reason: str | None = None
    alerts: list[str] = []
    trace_id: str | None = None


class Alert(Model):
    """告警. Times are UTC; `place_quality` and `time_quality` say what was assumed."""

    id: str
    type: AlertType
    raw_type: str | None
    severity: int
    state: AlertState
    device: str
    channel: str
    channel_name: str | None = None
    source: str
    target: str | None = None
    rule: str | None = None
    count: int
    first_at: AwareDatetime
    last_at: AwareDatetime
    received_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    time_quality: list[str] = []
    point: Point | None = None
    grid: str | None = None
    path: list[str] = []
    place_quality: list[str] = []
    media: list[str] = []
    verdict: Verdict | None = None
    assignee: str | None = None
    case_no: str | None = None
    allowed_actions: list[AlertAction] = []
    version: int = 1
    timeline: list[TimelineEntry] = []
    trace_id: str | None = None


class Device(Model):
    """设备. `timezone` is assumed for times without an offset."""

    id: str
    name: str | None = None
    vendor: str | None = None
    gb_code: str | None = None
    timezone: str = "Asia/Shanghai"
    owner: str | None = None
    last_heartbeat_at: AwareDatetime | None = None
    last_report_at: AwareDatetime | None = None
    version: int = 1


class Channel(Model):
    """点位: one picture of one device, at one place."""

    device: str
    channel: str
    name: str | None = None
    point: Point | None = None
    grid: str | None = None
    path: list[str] = []
    version: int = 1


class AlertFigures(Model):
    """告警数字: the alerts that are not closed, and those raised since midnight of the city.

    `open_by_grid` counts the located ones, `in_cases_by_grid` those of them that a case was opened from; `hours` are
    the 24 hours of the day. Counting costs the store much: it is done again after a while, see `counted_at`.
    """

    counted_at: AwareDatetime
    open: int
    unlocated: int
    open_by_grid: dict[str, int]
    in_cases_by_grid: dict[str, int]
    states: dict[AlertState, int]
    severities: dict[int, int]
    types: dict[AlertType, int]
    raised_today: int
    hours: list[int]


class GetAlertFigures(Query[AlertFigures]):
    """How many alerts wait, where, and what the day brought."""


class GetReport(Query[Report]):
    """What became of one 202."""

    report: str = Field(max_length=100)


class TestAdapter(Query[AdapterResult]):
    """Parse only."""

    __test__ = False  # pytest would collect it

    adapter: Adapter
    content_type: str = Field(default="", max_length=300)
    body: bytes = Field(max_length=262_144)


class ListAlerts(Query[Page[Alert]]):
    """Newest first."""

    state: AlertState | None = None
    type: AlertType | None = None
    grid: str | None = Field(default=None, max_length=15)
    device: Key | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class GetAlert(Query[Alert]):
    """With its timeline."""

    id: str = Field(max_length=100)


class ActOnAlert(Command[Alert]):
    """One step of the machine; `verdict` goes with judge."""

    id: str = Field(max_length=100)
    action: AlertAction
    verdict: Verdict | None = None
    note: str | None = Field(default=None, max_length=1000)


class SaveDevice(Command[Device]):
    """A new device, or other fields of a known one."""

    id: Key
    name: str | None = Field(default=None, max_length=200)
    vendor: str | None = Field(default=None, max_length=50)
    gb_code: str | None = Field(default=None, pattern=r"^\d{20}$")
    timezone: str = Field(default="Asia/Shanghai", max_length=50)
    owner: str | None = Field(default=None, max_length=200)


class ListDevices(Query[Page[Device]]):
    """By id."""

    cursor: Cursor | None = None
    limit: Limit = 50


class SaveChannel(Command[Channel]):
    """Bind a channel to its place; alerts that wait on it are located."""

    device: Key
    channel: Key
    name: str | None = Field(default=None, max_length=200)
    point: Point


class ListChannels(Query[Page[Channel]]):
    """By device and channel; `unbound` lists those that reported but have no place yet."""

    device: Key | None = None
    unbound: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


class ImportDevices(Command[ImportReport]):
    """Rows: device, name, vendor, gb_code, timezone, owner, channel, channel_name, longitude, latitude, datum."""

    rows: list[Row] = Field(max_length=20_000)
    dry_run: bool = False


class ReportReceived(Delivery, wire="alerts.report_received.v1"):
    """The door has taken a report and promised (202) that it is durable. The body is the vendor's own."""

    report: str
    adapter: str
    source: str
    content_type: str = ""
    received_at: AwareDatetime


class AlertRaised(Event, wire="alerts.raised.v1"):
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

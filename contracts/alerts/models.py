"""Alerts, what they are made of, and what becomes of a report."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, NaiveDatetime, StringConstraints

from contracts.shared import Model, Point, TimelineEntry

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
    belated: bool = Field(default=False, description="told later than it happened: says nothing of the clock")
    repeated_s: int | None = Field(
        default=None, description="told again only so often while it goes on: a shorter silence is not its end"
    )
    point: Point | None = None
    media: list[str] = []
    notes: list[str] = Field(default=[], description="what was assumed or repaired, and why")
    subject: str | None = Field(
        default=None, exclude=True, repr=False, description="a number plate: never told, kept as a keyed hash only"
    )


class AdapterResult(Model):
    """What `:test` shows: the reports, or why there are none."""

    reports: list[CanonicalReport]
    fault: str | None = None
    fault_message: str | None = None


class Report(Model):
    """原始报文: one accepted post and what became of it.

    One that a flood made superfluous says so in `reason` and names the report that is kept; what is lost of it is its
    body, and it is counted like any other.
    """

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
    media: list[str] = Field(
        default=[], description="`<type>;size=…;sha256=…` came with the report, `link;sha256=…` stays where it is"
    )
    verdict: Verdict | None = None
    assignee: str | None = None
    case_no: str | None = None
    allowed_actions: list[AlertAction] = []
    version: int = 1
    incident: str | None = None
    flapping: bool = False
    suppressed_count: int = Field(default=0, description="reports of a flood that were counted and not kept")
    silenced_by: str | None = Field(default=None, description="the silence that muted it")
    inhibited_by: str | None = Field(default=None, description="the alert that muted it")
    report: str | None = Field(default=None, description="the first of its reports; kept for 30 days")
    told_at: AwareDatetime | None = Field(
        default=None, description="what the device's clock said at first, where it was too wrong to be believed"
    )
    timeline: list[TimelineEntry] = []
    trace_id: str | None = None


class Media(Model):
    """影像: where a picture or a clip is. It stays there; `ref` is told to who looks and says why."""

    kind: Literal["picture", "clip"] = "picture"
    ref: str
    sha256: str | None = Field(default=None, description="of the bytes where they came with the report")


class MediaLook(Model):
    """影像调阅: the addresses of an alert's pictures and clips; the look is on record."""

    alert: str
    items: list[Media]


class MediaView(Model):
    """调阅日志: who looked at an alert's pictures, when and why."""

    id: str
    alert: str
    actor: str
    client: str
    purpose: str
    items: list[str] = Field(default=[], description="what was shown, as Alert.media tells it")
    at: AwareDatetime
    trace_id: str | None = None

"""设备 and 点位: what reports, whether it lives, and why nothing comes of it."""

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.base import Command, Query
from contracts.shared import Cursor, ImportReport, Key, Limit, Model, Page, Point, Row


class DeviceState(StrEnum):
    """online → silent (a sign of life is overdue) → offline (for a day, or its platform says so); any → retired."""

    ONLINE = "online"
    SILENT = "silent"
    OFFLINE = "offline"
    RETIRED = "retired"


class DeviceAction(StrEnum):
    """What may be done to a device. A retired one is not expected to give signs; what it reports still counts."""

    RETIRE = "retire"
    RESTORE = "restore"


class ArmState(StrEnum):
    """布防: whether it reports alarms at all, as its platform or an operator says."""

    ARMED = "armed"
    DISARMED = "disarmed"
    UNKNOWN = "unknown"


class Device(Model):
    """设备. `timezone` is assumed for times without an offset.

    Of `heartbeat_expected_s` seconds three may pass without a sign of life, never less than one of them and half a
    minute.
    """

    id: str
    name: str | None = None
    vendor: str | None = None
    gb_code: str | None = None
    timezone: str = "Asia/Shanghai"
    owner: str | None = None
    last_heartbeat_at: AwareDatetime | None = None
    last_report_at: AwareDatetime | None = None
    heartbeat_expected_s: int | None = Field(default=None, description="None: it is not expected to give a sign")
    arm_state: ArmState = ArmState.UNKNOWN
    state: DeviceState = DeviceState.ONLINE
    state_since: AwareDatetime | None = None
    state_note: str | None = Field(default=None, description="what whoever retired or restored it said")
    platform: str | None = Field(default=None, description="the platform whose catalogue named it")
    parent: str | None = Field(default=None, description="the recorder or platform above it, by that catalogue")
    clock_skew_s: float | None = Field(default=None, description="its clock minus ours, by its last dated report")
    allowed_actions: list[DeviceAction] = []
    version: int = 1


class Channel(Model):
    """点位: one picture of one device, at one place."""

    device: str
    channel: str
    name: str | None = None
    point: Point | None = None
    grid: str | None = None
    path: list[str] = []
    gb_code: str | None = None
    scene: str | None = Field(default=None, description="场景, as school_gate or river")
    alerts_waiting: int = Field(default=0, description="alerts that have no place until it is bound (about so many)")
    last_reported_at: AwareDatetime | None = Field(
        default=None, description="when the last alert was raised that has no place until it is bound"
    )
    version: int = 1


class Finding(Model):
    """One thing that keeps alarms from coming, or may."""

    cause: Literal[
        "never_heard",
        "silent",
        "disarmed",
        "not_subscribed",
        "clock_wrong",
        "type_unmapped",
        "unreadable",
        "channel_unbound",
        "muted",
        "retired",
    ]
    grave: bool = Field(description="explains that nothing comes; the others only spoil what comes")
    zh: str
    en: str
    since: AwareDatetime | None = None
    count: int | None = None


class Diagnosis(Model):
    """诊断: why nothing comes from a device, the gravest first; nothing found: what came last and when."""

    device: Device
    registered: bool
    findings: list[Finding]
    reports_today: int
    heartbeats_expected: bool
    unmapped_types: dict[str, int]
    unreadable: dict[str, int] = Field(description="reason → reports, of today and yesterday")
    unbound_channels: list[str]
    last_alert_at: AwareDatetime | None = None
    asked_at: AwareDatetime


class SaveDevice(Command[Device]):
    """A new device, or other fields of a known one."""

    id: Key
    name: str | None = Field(default=None, max_length=200)
    vendor: str | None = Field(default=None, max_length=50)
    gb_code: str | None = Field(default=None, pattern=r"^\d{20}$")
    timezone: str = Field(default="Asia/Shanghai", max_length=50)
    owner: str | None = Field(default=None, max_length=200)
    heartbeat_expected_s: int | None = Field(default=None, ge=5, le=86_400)
    arm_state: ArmState | None = Field(default=None, description="None: as it stands")


class ActOnDevice(Command[Device]):
    """Retire a device, or take it back."""

    id: Key
    action: DeviceAction
    note: str | None = Field(default=None, max_length=1000)


class GetDevice(Query[Device]):
    """One, with its state."""

    id: Key


class GetDiagnosis(Query[Diagnosis]):
    """Why do I get nothing? (诊断)"""

    id: Key


class ListDevices(Query[Page[Device]]):
    """By id."""

    state: DeviceState | None = None
    text: str | None = Field(default=None, max_length=100, description="part of the id or the name")
    cursor: Cursor | None = None
    limit: Limit = 50


class SaveChannel(Command[Channel]):
    """Bind a channel to its place; alerts that wait on it are located. Other fields that are not given stay."""

    device: Key
    channel: Key
    name: str | None = Field(default=None, max_length=200)
    point: Point
    gb_code: str | None = Field(default=None, pattern=r"^\d{20}$")
    scene: str | None = Field(default=None, max_length=50)


class ListChannels(Query[Page[Channel]]):
    """By device and channel; `unbound` lists those that reported but have no place yet."""

    device: Key | None = None
    unbound: bool = False
    cursor: Cursor | None = None
    limit: Limit = 50


class ImportDevices(Command[ImportReport]):
    """Rows: device, name, vendor, gb_code, timezone, owner, channel, channel_name, longitude, latitude, datum,
    heartbeat_expected_s, arm_state, scene.
    """

    rows: list[Row] = Field(max_length=20_000)
    dry_run: bool = False


class ImportCatalog(Command[ImportReport]):
    """Devices and channels of a GB/T 28181 `Catalog` body as a platform hands it over (any of its charsets).

    Each camera and alarm input becomes a device and its own channel, both named by its 20 digits, as an `Alarm` names
    it; recorders and platforms become devices, civil codes and groups (215, 216) nothing. An item's code, name, maker,
    parent, owner, place and status are taken; address, password and model are not. In the report `line` counts items.
    """

    platform: Key
    content_type: str = Field(default="", max_length=300)
    body: bytes = Field(max_length=1_048_576)
    dry_run: bool = False

"""诊断: why nothing comes from a device. What is known of it becomes findings that say what to do."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.alerts import Alert, AlertType, ArmState, DeviceState, Diagnosis, Finding, GetDiagnosis, ListAlerts
from contracts.alerts import Device as DeviceView
from contracts.faults import NotFound
from services.alerts import living
from services.alerts.domain import SKEW
from services.alerts.store import AlertStore
from services.alerts.store.signs import counted
from services.chassis import context

_LOOKED_BACK = timedelta(days=1)
_MOST_ALERTS = 200

_SAID = {
    "retired": (
        "设备已停用, 不再期待心跳; 如仍在使用, 请恢复",
        "The device is retired and nobody waits for its signs; restore it if it is still in use.",
    ),
    "never_heard": (
        "从未收到任何报文: 请检查设备的上报地址、密钥和网络, 并用接入测试 (intake :test) 试一条报文",
        "Nothing has ever come: check the address it reports to, its key and network; try a body with intake :test.",
    ),
    "silent": (
        "设备已失联: 请检查电源、网络和上报地址是否被改动",
        "The device is silent: check its power, its network and whether the address it reports to was changed.",
    ),
    "disarmed": (
        "设备已撤防, 不会产生告警: 请在设备或平台上布防 (国标 SetGuard)",
        "The device is disarmed and raises nothing: arm it at the device or platform (GB/T 28181 SetGuard).",
    ),
    "not_subscribed": (
        "只有心跳, 从未收到告警: 请在平台上订阅该设备的告警, 在设备上启用事件并勾选“上传中心”",
        "Heartbeats come but never an alarm: subscribe to its alarms at the platform; enable events and their"
        " notification of the centre at the device.",
    ),
    "unreadable": (
        "报文无法解析 ({reasons}): 请检查接入格式是否选对, 死信中有原文",
        "What it sends cannot be read ({reasons}): check that the adapter is the right one; the bytes are among the"
        " dead letters.",
    ),
    "muted": (
        "近 24 小时的告警被静默: 请在静默列表中查看其范围和期限",
        "Alerts of the last 24 hours were silenced: see the list of silences for what they match and until when.",
    ),
    "clock_wrong": (
        "设备时钟与平台相差约 {minutes} 分钟: 请校时 (NTP) 并检查时区",
        "Its clock is off by about {minutes} minutes: set it by NTP and check its time zone.",
    ),
    "type_unmapped": (
        "有未收录的告警类型 ({types}): 请为其建立类型映射",
        "It reports types that are in no table ({types}): map them.",
    ),
    "channel_unbound": (
        "有未绑定的点位 ({channels}): 请在待绑定列表中为其标定位置",
        "Channels have no place ({channels}): bind them in the queue.",
    ),
}
_ORDER = list(_SAID)
_SHOWN = 5


@dataclass(frozen=True)
class Evidence:
    """What is known of a device. `last_alarm_at`: the last report with an alarm."""

    device: DeviceView
    registered: bool
    last_alarm_at: datetime | None
    last_unreadable_at: datetime | None
    reports_today: int
    unreadable: Mapping[str, int]
    unmapped: Mapping[str, int]
    silenced: int
    unbound: Sequence[str]


def diagnose(store: AlertStore, query: GetDiagnosis) -> Diagnosis:
    """Raises NotFound for a device that is unknown and of which nothing came."""
    present = context.now()
    signs = store.signs.of([query.id]).get(query.id, {})
    standing = store.devices.find(query.id)
    if standing is None and not signs:
        raise NotFound("device_unknown", "没有这台设备, 也没有收到它的报文", "no such device, and nothing came from it")
    device, registered = standing or (DeviceView(id=query.id), False)
    newest = store.desk.page(ListAlerts(caller=query.caller, device=query.id, limit=_MOST_ALERTS)).items
    reported = [alert for alert in newest if alert.type is not AlertType.DEVICE_SILENT]
    recent = [alert for alert in reported if present - alert.received_at < _LOOKED_BACK]
    reports_today, unreadable = counted(signs, present)
    evidence = Evidence(
        device=device,
        registered=registered,
        last_alarm_at=signs.get("last_alarm_at"),
        last_unreadable_at=signs.get("last_unreadable_at"),
        reports_today=reports_today,
        unreadable=unreadable,
        unmapped=_unmapped(recent),
        silenced=sum(alert.silenced_by is not None for alert in recent),
        unbound=store.channels.unbound_of(query.id),
    )
    return Diagnosis(
        device=device,
        registered=registered,
        findings=found(evidence),
        reports_today=reports_today,
        heartbeats_expected=device.heartbeat_expected_s is not None,
        unmapped_types=dict(evidence.unmapped),
        unreadable=unreadable,
        unbound_channels=list(evidence.unbound),
        last_alert_at=reported[0].received_at if reported else None,
        asked_at=present,
    )


def found(evidence: Evidence) -> list[Finding]:
    """The gravest first. Pure."""
    return sorted(_findings(evidence), key=lambda finding: (not finding.grave, _ORDER.index(finding.cause)))


def _findings(evidence: Evidence) -> Iterator[Finding]:
    device = evidence.device
    if device.state is DeviceState.RETIRED:
        yield _finding("retired", device.last_report_at is None, since=device.state_since)
    elif device.state in living.MISSING:
        yield _finding("silent", True, since=device.state_since)
    if device.last_report_at is None and not evidence.unreadable:
        yield _finding("never_heard", True)
    if device.arm_state is ArmState.DISARMED:
        yield _finding("disarmed", True)
    elif device.last_heartbeat_at and not evidence.last_alarm_at:
        yield _finding("not_subscribed", True)
    if device.clock_skew_s is not None and abs(device.clock_skew_s) > SKEW.total_seconds():
        yield _finding("clock_wrong", False, minutes=round(device.clock_skew_s / 60))
    if evidence.unmapped:
        yield _finding("type_unmapped", False, count=sum(evidence.unmapped.values()), types=_few(evidence.unmapped))
    if evidence.unreadable:
        count, reasons = sum(evidence.unreadable.values()), _few(evidence.unreadable)
        grave = evidence.last_alarm_at is None
        yield _finding("unreadable", grave, since=evidence.last_unreadable_at, count=count, reasons=reasons)
    if evidence.unbound:
        yield _finding("channel_unbound", False, count=len(evidence.unbound), channels=_few(evidence.unbound))
    if evidence.silenced:
        yield _finding("muted", True, count=evidence.silenced)


def _finding(
    cause: str, grave: bool, *, since: datetime | None = None, count: int | None = None, **named: object
) -> Finding:
    zh, en = (text.format(**named) for text in _SAID[cause])
    return Finding.model_validate({"cause": cause, "grave": grave, "zh": zh, "en": en, "since": since, "count": count})


def _few(names: Mapping[str, int] | Sequence[str]) -> str:
    return ", ".join(list(names)[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")


def _unmapped(alerts: Sequence[Alert]) -> dict[str, int]:
    """Raw types that are in no table, the most frequent first."""
    counts: Counter[str] = Counter()
    for alert in alerts:
        if alert.type is AlertType.UNKNOWN and alert.raw_type:
            counts[alert.raw_type] += alert.count
    return dict(counts.most_common())

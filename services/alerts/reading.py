"""From a delivered body to sightings: parse it, then settle whose it is and when it was. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple

from contracts.alerts import AdapterResult, CanonicalReport, ReportReceived
from contracts.faults import NotFound
from services.alerts import adapters
from services.alerts.adapters.multipart import without_media
from services.alerts.adapters.wire import code_of, note
from services.alerts.domain import DEFAULT_TIMEZONE, UNASSIGNED, device_of, occurred
from services.alerts.folding import Sighting
from services.alerts.mapping import Meanings, key

KEPT_BODY = 262_144
SUPPRESSED = "suppressed"

_TIME_NOTES = frozenset(
    {"offset_repaired", "offset_sign_assumed", "retransmitted", "time_missing", "time_unreadable", "zone_assumed"}
)
_PLACE_NOTES = frozenset({"datum_assumed", "place_implausible"})
_CUT_NOTES = frozenset({"channel_cut", "data_unreadable", "part_unreadable", "truncated"})


class Sign(NamedTuple):
    """When a device was last heard, when its last heartbeat and alarm came, and how far its clock was off (s)."""

    vendor: str
    report_at: datetime
    heartbeat_at: datetime | None = None
    alarm_at: datetime | None = None
    skew_s: float | None = None
    reports: int = 1

    def later(self, other: "Sign") -> "Sign":
        """Both together."""
        first, last = sorted((self, other), key=lambda sign: sign.report_at)
        return Sign(
            self.vendor,
            last.report_at,
            _latest(self.heartbeat_at, other.heartbeat_at),
            _latest(self.alarm_at, other.alarm_at),
            first.skew_s if last.skew_s is None else last.skew_s,
            self.reports + other.reports,
        )


# when it was, and what the device's clock said where it is off
When = tuple[datetime, datetime | None]
# (source, why its posts could not be read) → how many
Refusals = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A delivery and what its adapter read, or why it could not. `digest`: of a body that does not honestly repeat."""

    delivery: ReportReceived
    trace_id: str | None
    reports: Sequence[CanonicalReport] = ()
    fault: adapters.Unreadable | None = None
    digest: bytes | None = None

    @property
    def devices(self) -> Iterable[str]:
        """The names under which its devices may be registered."""
        return {self.delivery.source, *(report.device for report in self.reports if report.device)}


@dataclass(frozen=True, slots=True)
class Reading:
    """A report as it is kept. `state` received: its sightings are to be folded. `signs`: who gave one by it.

    Who sends a message again is known by `source_key`, or for ten minutes by `body_key`.
    """

    delivery: ReportReceived
    trace_id: str | None
    state: Literal["received", "heartbeat", "ignored", "rejected"]
    code: str | None = None
    reason: str | None = None
    sightings: tuple[Sighting, ...] = ()
    signs: Mapping[str, Sign] = field(default_factory=dict)
    source_key: str | None = None
    body_key: str | None = None

    @property
    def kept_body(self) -> bytes:
        """The body without pictures, at most 256 KiB; none of a report that a flood made superfluous."""
        if self.code == SUPPRESSED:
            return b""
        return without_media(self.delivery.body, self.delivery.content_type)[:KEPT_BODY]

    def repeats(self, first: str) -> "Reading":
        """The same as a transport retry of a report that stands under another id."""
        code = "source_id_repeated" if self.source_key else "body_repeated"
        reason = f"{code}: 与报文 {first} 相同, 不重复计数 / the same message as report {first}, not counted"
        return replace(self, state="ignored", code=code, reason=reason, sightings=(), source_key=None, body_key=None)

    def suppressed(self, kept: str) -> "Reading":
        """The same in a flood: counted, its body not kept."""
        reason = f"{SUPPRESSED}: 报文过密, 已计数, 内容见报文 {kept} / counted in a flood, kept as report {kept}"
        sightings = tuple(replace(sighting, suppressed=True) for sighting in self.sightings)
        return replace(self, code=SUPPRESSED, reason=reason, sightings=sightings)


def parse(delivery: ReportReceived, trace_id: str | None) -> Parsed:
    """Let the adapter read it."""
    try:
        found = adapters.read(delivery.adapter, delivery.body, delivery.content_type)
    except adapters.Unreadable as fault:
        return Parsed(delivery, trace_id, fault=fault)
    return Parsed(delivery, trace_id, found, digest=sha256(delivery.body).digest() if _dated(found) else None)


def mapped(parsed: Parsed, meanings: Meanings) -> Parsed:
    """With the types that people have given to raw types (类型映射); they go before the adapter's own table."""
    if not meanings:
        return parsed
    adapter = parsed.delivery.adapter
    return replace(parsed, reports=[_mapped(adapter, report, meanings) for report in parsed.reports])


def tried(adapter: str, body: bytes, content_type: str, meanings: Meanings) -> AdapterResult:
    """Parse only, for somebody who sets up a device. Raises NotFound for an adapter that does not exist."""
    if adapter not in adapters.ADAPTERS:
        known = ", ".join(sorted(adapters.ADAPTERS))
        raise NotFound(
            "adapter_unknown", f"没有这种接入格式, 现有: {known}", f"there is no such adapter; there are: {known}"
        )
    try:
        found = adapters.read(adapter, body, content_type)
    except adapters.Unreadable as fault:
        return AdapterResult(reports=[], fault=fault.code, fault_message=f"{fault.zh} / {fault.en}")
    return AdapterResult(reports=[_mapped(adapter, report, meanings) for report in found])


def settle(parsed: Parsed, timezones: Mapping[str, str], hashed: Callable[[str], str]) -> Reading:
    """Decide state, devices and times, and let no plate through but `hashed`.

    `timezones` holds the registered ones among the devices that it names.
    """
    delivery = parsed.delivery
    if parsed.fault:
        fault = parsed.fault
        return Reading(delivery, parsed.trace_id, "rejected", fault.code, f"{fault.code}: {fault.zh} / {fault.en}")
    registered = frozenset(timezones)
    sightings: list[Sighting] = []
    signs: dict[str, Sign] = {}
    for report in parsed.reports:
        device = device_of(delivery.source, report.device, registered)
        when = occurred(report, delivery.received_at, timezones.get(device, DEFAULT_TIMEZONE))
        if report.kind == "alarm":
            subject = hashed(report.subject) if report.subject else None
            sightings.append(_sighting(parsed, report, device, when, subject))
        if report.kind != "ignored":
            sign = _sign(delivery, report, when)
            # one post is one report, however many events it tells of
            signs[device] = signs[device].later(sign)._replace(reports=1) if device in signs else sign
    source_ids = sorted({report.source_id for report in parsed.reports if report.source_id})
    return Reading(
        delivery,
        parsed.trace_id,
        *_state(parsed.reports),
        sightings=tuple(sightings),
        signs=signs,
        source_key=_key(delivery, *map(str.encode, source_ids)) if source_ids else None,
        body_key=_key(delivery, parsed.digest) if parsed.digest and not any(one.told_at for one in sightings) else None,
    )


def _mapped(adapter: str, report: CanonicalReport, meanings: Meanings) -> CanonicalReport:
    meaning = meanings.get(key(adapter, report.raw_type)) if report.kind == "alarm" and report.raw_type else None
    if meaning is None:
        return report
    notes = [*(said for said in report.notes if code_of(said) != "type_unknown"), note("type_mapped")]
    return report.model_copy(update={"type": meaning.type, "severity": meaning.severity, "notes": notes})


def _key(delivery: ReportReceived, *parts: bytes) -> str:
    return sha256(b"\x1f".join((delivery.adapter.encode(), delivery.source.encode(), *parts))).hexdigest()[:32]


def _dated(reports: Sequence[CanonicalReport]) -> bool:
    """Whether each alarm names its time, and none its sender's own id."""
    alarms = [report for report in reports if report.kind == "alarm"]
    return bool(alarms) and all(
        (report.occurred_at or report.occurred_local) and not report.source_id for report in alarms
    )


def _state(
    reports: Sequence[CanonicalReport],
) -> tuple[Literal["received", "heartbeat", "ignored"], str | None, str | None]:
    kinds = {report.kind for report in reports}
    if "alarm" in kinds:
        cut = next((note for report in reports for note in report.notes if code_of(note) in _CUT_NOTES), None)
        return "received", None, cut
    reason = reports[-1].notes[-1] if reports and reports[-1].notes else None
    return ("heartbeat" if "heartbeat" in kinds else "ignored"), code_of(reason) if reason else None, reason


def _sighting(parsed: Parsed, report: CanonicalReport, device: str, when: When, subject: str | None) -> Sighting:
    delivery = parsed.delivery
    at, told_at = when
    codes = [code_of(note) for note in report.notes]
    return Sighting(
        report=delivery.report,
        source=delivery.source,
        device=device,
        channel=report.channel or UNASSIGNED,
        type=report.type,
        raw_type=report.raw_type,
        severity=report.severity,
        rule=report.rule,
        target=report.target,
        active=report.active,
        at=at,
        received_at=delivery.received_at,
        time_quality=(*(code for code in codes if code in _TIME_NOTES), *(("clock_skew",) if told_at else ())),
        place_quality=tuple(code for code in codes if code in _PLACE_NOTES),
        point=report.point,
        media=tuple(report.media),
        trace_id=parsed.trace_id,
        subject=subject,
        repeated_s=report.repeated_s,
        told_at=told_at,
    )


def signs(readings: Iterable[Reading]) -> dict[str, Sign]:
    """The signs of life of each device, put together."""
    latest: dict[str, Sign] = {}
    for found in readings:
        for device, sign in found.signs.items():
            latest[device] = latest[device].later(sign) if device in latest else sign
    return latest


def refusals(readings: Iterable[Reading]) -> Refusals:
    """What could not be read, by source and reason."""
    return Counter((found.delivery.source, found.code or "") for found in readings if found.state == "rejected")


def _sign(delivery: ReportReceived, report: CanonicalReport, when: When) -> Sign:
    at = delivery.received_at
    alarm_at = at if report.kind == "alarm" else None
    heartbeat_at = at if report.kind in ("heartbeat", "state") else None
    return Sign(delivery.adapter, at, heartbeat_at, alarm_at, _skew(delivery, report, when))


def _skew(delivery: ReportReceived, report: CanonicalReport, when: When) -> float | None:
    """The device's clock minus ours in seconds; None where it named no time, or one that was long ago by intent."""
    dated = report.occurred_at or report.occurred_local
    if dated is None or any(code_of(said) == "retransmitted" for said in report.notes):
        return None
    at, told_at = when
    return ((told_at or at) - delivery.received_at).total_seconds()


def _latest(*moments: datetime | None) -> datetime | None:
    return max((at for at in moments if at), default=None)

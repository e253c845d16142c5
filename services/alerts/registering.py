"""登记: devices and channels by hand and from a list. A row that is wrong is named with its line; the others count."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import JsonValue

from contracts.alerts import ActOnDevice, ArmState, Channel, Device, DeviceAction, SaveChannel, SaveDevice
from contracts.faults import Invalid
from contracts.shared import ImportReport, Point, Row, RowFault
from services.alerts.domain import plausible
from services.alerts.places import Wanted
from services.alerts.store import AlertStore
from services.alerts.store.channels import key
from services.chassis import context, cpu
from services.chassis.grid_copies import Spot, Terrain

T = TypeVar("T")

_CHUNK = 500
_KEY = re.compile(r"[^\x00-\x1f$][^\x00-\x1f]{0,199}")
_SECONDS = re.compile(r"\d{1,5}(\.0+)?", re.ASCII)
_GB_CODE = re.compile(r"\d{20}", re.ASCII)
# equal within the precision of any camera's place
_DATUMS = frozenset({"", "wgs84", "cgcs2000"})
_LIMITS = {"name": 200, "vendor": 50, "owner": 200}
_TEXTS = ("name", "vendor", "gb_code", "timezone", "owner")
_HEARTBEAT_S = range(5, 86_401)
_LONGEST_SCENE = 50

_FAULTS = {
    "device_missing": ("缺少设备编号 device, 或含有非法字符", "device is missing or holds an illegal character"),
    "device_differs": ("同一设备在前面的行中有不同的内容", "an earlier row says something else of the same device"),
    "channel_invalid": ("点位编号 channel 含有非法字符", "channel holds an illegal character"),
    "channel_repeated": ("同一点位在前面的行中已出现", "an earlier row has the same channel"),
    "text_invalid": ("内容不是文本或过长", "a value is no text or too long"),
    "gb_code_invalid": ("国标编码 gb_code 必须是 20 位数字", "gb_code must be 20 digits"),
    "heartbeat_invalid": (
        "heartbeat_expected_s 必须是 5 到 86400 之间的整数",
        "heartbeat_expected_s must be a whole number from 5 to 86400",
    ),
    "arm_state_unknown": (
        "arm_state 只能是 armed, disarmed 或 unknown",
        "arm_state must be armed, disarmed or unknown",
    ),
    "timezone_unknown": ("没有这个时区 timezone", "there is no such timezone"),
    "place_missing": ("点位缺少经纬度 longitude, latitude", "a channel needs longitude and latitude"),
    "place_implausible": ("经纬度不在中国范围内, 请检查是否颠倒", "the place is not in China; are the axes swapped?"),
    "datum_unsupported": (
        "只接受 wgs84 或 cgcs2000 坐标, 其他坐标系须先转换",
        "only wgs84 and cgcs2000 are taken; convert others first",
    ),
}


class RowWrong(Exception):
    """A row that cannot be taken; `code` is one of the faults above."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Checked:
    """A list after checking: what it wants of devices (by id) and channels, row by row."""

    devices: dict[str, dict[str, str | int]] = field(default_factory=dict)
    channels: dict[tuple[str, str], Wanted] = field(default_factory=dict)
    rows: list[tuple[str, tuple[str, str] | None]] = field(default_factory=list)
    rejected: list[RowFault] = field(default_factory=list)


def check_timezone(name: str) -> None:
    """Raises Invalid when there is no such zone."""
    if not _is_zone(name):
        zh, en = _FAULTS["timezone_unknown"]
        raise Invalid.field("/timezone", "timezone_unknown", zh, en)


def check_place(point: Point) -> None:
    """Raises Invalid when it is no place in China."""
    if not plausible(point.longitude, point.latitude):
        zh, en = _FAULTS["place_implausible"]
        raise Invalid.field("/point", "place_implausible", zh, en)


def save(store: AlertStore, command: SaveDevice) -> Device:
    """Register a device; when its next sign of life is due is found by the next look at it."""
    check_timezone(command.timezone)
    saved = store.devices.save(command)
    if saved.heartbeat_expected_s:
        store.signs.expect({saved.id: context.now()})
    return saved


def act(store: AlertStore, command: ActOnDevice) -> Device:
    """One step of a device's machine; who is taken back is looked at again."""
    acted = store.devices.act(command)
    if command.action is DeviceAction.RESTORE:
        store.signs.expect({acted.id: context.now()})
    return acted


def bind(store: AlertStore, command: SaveChannel) -> Channel:
    """Bind a channel to its place; the alerts that wait for it are located by the next round of `locating`."""
    check_place(command.point)
    store.devices.mention(command.device)
    saved = store.channels.save(command, store.grids.terrain.spot(command.point))
    _moved(store, {key(command.device, command.channel)})
    return saved


def check(rows: Sequence[Row]) -> Checked:
    """Sort good rows from wrong ones."""
    checked = Checked()
    for row in rows:
        try:
            _take(checked, row.values)
        except RowWrong as wrong:
            named = row.values.get("device")
            shown = named[:200] if isinstance(named, str) else ""
            checked.rejected.append(
                RowFault(line=row.line, key=shown, code=wrong.code, message=" / ".join(_FAULTS[wrong.code]))
            )
    return checked


def import_rows(store: AlertStore, rows: Sequence[Row], *, dry_run: bool) -> ImportReport:
    """Register and bind what the rows say; the same list again changes nothing."""
    checked = check(rows)
    devices, channels = register(store, checked.devices, checked.channels, {}, dry_run=dry_run)
    outcomes = [outcome(devices[device], channels[pair] if pair else None) for device, pair in checked.rows]
    return ImportReport(
        kind="devices",
        dry_run=dry_run,
        read=len(rows),
        created=outcomes.count("created"),
        changed=outcomes.count("changed"),
        unchanged=outcomes.count("unchanged"),
        rejected=checked.rejected,
    )


def register(
    store: AlertStore,
    devices: Mapping[str, Mapping[str, object]],
    channels: Mapping[tuple[str, str], Wanted],
    online: Mapping[str, bool],
    *,
    dry_run: bool,
) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Save devices (id → fields), whether they are `online`, and channels; for each what it did."""
    saved: dict[str, str] = {}
    for part in _parts(list(devices)):
        saved |= store.devices.save_many({id: devices[id] for id in part}, online, dry_run=dry_run)
    placed: dict[tuple[str, str], str] = {}
    for pairs in _parts(list(channels)):
        wanted = [channels[pair] for pair in pairs]
        spots = cpu.heavy(_spots, store.grids.terrain, wanted)
        placed |= dict(zip(pairs, store.channels.save_many(wanted, spots, dry_run=dry_run), strict=True))
    if not dry_run:
        present = context.now()
        store.signs.expect({id: present for id, fields in devices.items() if fields.get("heartbeat_expected_s")})
        _moved(store, {key(*pair) for pair in placed})
    return saved, placed


def outcome(device: str, channel: str | None) -> str:
    """What was done to both together: created, changed or unchanged."""
    found = {device, channel}
    return next(outcome for outcome in ("created", "changed", "unchanged") if outcome in found)


def _spots(terrain: Terrain, wanted: Sequence[Wanted]) -> list[Spot]:
    """Where each is; nowhere without a point."""
    points = [item.point for item in wanted if item.point]
    found = iter(terrain.spots(points))
    return [next(found) if item.point else Spot() for item in wanted]


def _moved(store: AlertStore, keys: set[str]) -> None:
    if store.moved is not None:
        store.moved |= keys


def _take(checked: Checked, values: Mapping[str, JsonValue]) -> None:
    text = {name: _text(value) for name, value in values.items()}
    device = text.get("device", "")
    if not _KEY.fullmatch(device):
        raise RowWrong("device_missing")
    fields = _fields(text)
    known = checked.devices.get(device, {})
    if any(known.get(name, value) != value for name, value in fields.items()):
        raise RowWrong("device_differs")
    wanted = _wanted(device, text)
    pair = (device, wanted.channel) if wanted else None
    if wanted and pair:
        if pair in checked.channels:
            raise RowWrong("channel_repeated")
        checked.channels[pair] = wanted
    checked.devices[device] = {**known, **fields}
    checked.rows.append((device, pair))


def _fields(text: Mapping[str, str]) -> dict[str, str | int]:
    fields: dict[str, str | int] = {name: text[name] for name in _TEXTS if text.get(name)}
    if any(len(text.get(name, "")) > limit for name, limit in _LIMITS.items()):
        raise RowWrong("text_invalid")
    if "gb_code" in fields and not _GB_CODE.fullmatch(text["gb_code"]):
        raise RowWrong("gb_code_invalid")
    if "timezone" in fields and not _is_zone(text["timezone"]):
        raise RowWrong("timezone_unknown")
    if armed := text.get("arm_state"):
        if armed not in set(ArmState):
            raise RowWrong("arm_state_unknown")
        fields["arm_state"] = armed
    if seconds := text.get("heartbeat_expected_s"):
        # a spreadsheet writes 60 as 60.0
        if not _SECONDS.fullmatch(seconds) or int(float(seconds)) not in _HEARTBEAT_S:
            raise RowWrong("heartbeat_invalid")
        fields["heartbeat_expected_s"] = int(float(seconds))
    return fields


def _wanted(device: str, text: Mapping[str, str]) -> Wanted | None:
    channel, name = text.get("channel", ""), text.get("channel_name") or None
    if not channel:
        return None
    if not _KEY.fullmatch(channel):
        raise RowWrong("channel_invalid")
    scene = text.get("scene") or None
    if len(name or "") > 200 or len(scene or "") > _LONGEST_SCENE:
        raise RowWrong("text_invalid")
    if text.get("datum", "").lower() not in _DATUMS:
        raise RowWrong("datum_unsupported")
    try:
        longitude, latitude = float(text.get("longitude", "")), float(text.get("latitude", ""))
    except ValueError:
        raise RowWrong("place_missing") from None
    if not plausible(longitude, latitude):
        raise RowWrong("place_implausible")
    return Wanted(device, channel, name, Point(longitude=longitude, latitude=latitude), scene=scene)


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise RowWrong("text_invalid")
    return str(value).strip()


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _parts(items: list[T]) -> list[list[T]]:
    return [items[at : at + _CHUNK] for at in range(0, len(items), _CHUNK)]

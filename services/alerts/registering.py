"""登记: devices and channels by hand and from a list. A row that is wrong is named with its line; the others count."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import JsonValue

from contracts.alerts import Channel, SaveChannel
from contracts.faults import Invalid
from contracts.shared import ImportReport, Point, Row, RowFault
from services.alerts.domain import plausible
from services.alerts.places import Wanted
from services.alerts.store import AlertStore
from services.alerts.store.channels import key
from services.chassis import cpu

T = TypeVar("T")

_CHUNK = 500
_KEY = re.compile(r"[^\x00-\x1f$][^\x00-\x1f]{0,199}")
_GB_CODE = re.compile(r"\d{20}", re.ASCII)
# equal within the precision of any camera's place
_DATUMS = frozenset({"", "wgs84", "cgcs2000"})
_LIMITS = {"name": 200, "vendor": 50, "owner": 200}

_FAULTS = {
    "device_missing": ("缺少设备编号 device, 或含有非法字符", "device is missing or holds an illegal character"),
    "device_differs": ("同一设备在前面的行中有不同的内容", "an earlier row says something else of the same device"),
    "channel_invalid": ("点位编号 channel 含有非法字符", "channel holds an illegal character"),
    "channel_repeated": ("同一点位在前面的行中已出现", "an earlier row has the same channel"),
    "text_invalid": ("内容不是文本或过长", "a value is no text or too long"),
    "gb_code_invalid": ("国标编码 gb_code 必须是 20 位数字", "gb_code must be 20 digits"),
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

    devices: dict[str, dict[str, str]] = field(default_factory=dict)
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
    devices: dict[str, str] = {}
    for part in _parts(list(checked.devices)):
        devices |= store.devices.save_many({id: checked.devices[id] for id in part}, dry_run=dry_run)
    channels: dict[tuple[str, str], str] = {}
    for pairs in _parts(list(checked.channels)):
        wanted = [checked.channels[pair] for pair in pairs]
        spots = cpu.heavy(store.grids.terrain.spots, [item.point for item in wanted])
        channels |= dict(zip(pairs, store.channels.save_many(wanted, spots, dry_run=dry_run), strict=True))
    if not dry_run:
        _moved(store, {key(*pair) for pair in channels})
    outcomes = [_outcome(devices[device], channels[pair] if pair else None) for device, pair in checked.rows]
    return ImportReport(
        kind="devices",
        dry_run=dry_run,
        read=len(rows),
        created=outcomes.count("created"),
        changed=outcomes.count("changed"),
        unchanged=outcomes.count("unchanged"),
        rejected=checked.rejected,
    )


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


def _fields(text: Mapping[str, str]) -> dict[str, str]:
    fields = {name: text[name] for name in ("name", "vendor", "gb_code", "timezone", "owner") if text.get(name)}
    if any(len(fields.get(name, "")) > limit for name, limit in _LIMITS.items()):
        raise RowWrong("text_invalid")
    if "gb_code" in fields and not _GB_CODE.fullmatch(fields["gb_code"]):
        raise RowWrong("gb_code_invalid")
    if "timezone" in fields and not _is_zone(fields["timezone"]):
        raise RowWrong("timezone_unknown")
    return fields


def _wanted(device: str, text: Mapping[str, str]) -> Wanted | None:
    channel, name = text.get("channel", ""), text.get("channel_name") or None
    if not channel:
        return None
    if not _KEY.fullmatch(channel):
        raise RowWrong("channel_invalid")
    if name and len(name) > 200:
        raise RowWrong("text_invalid")
    if text.get("datum", "").lower() not in _DATUMS:
        raise RowWrong("datum_unsupported")
    try:
        longitude, latitude = float(text.get("longitude", "")), float(text.get("latitude", ""))
    except ValueError:
        raise RowWrong("place_missing") from None
    if not plausible(longitude, latitude):
        raise RowWrong("place_implausible")
    return Wanted(device, channel, name, Point(longitude=longitude, latitude=latitude))


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


def _outcome(device: str, channel: str | None) -> str:
    found = {device, channel}
    return next(outcome for outcome in ("created", "changed", "unchanged") if outcome in found)


def _parts(items: list[T]) -> list[list[T]]:
    return [items[at : at + _CHUNK] for at in range(0, len(items), _CHUNK)]

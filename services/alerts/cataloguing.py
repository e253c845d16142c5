"""国标目录: the devices and channels of a GB/T 28181 `Catalog` body (MANSCDP+XML) as a platform hands it over.

An alarm names a camera by its 20 digits, whatever stands above it: so that its alerts land on the place which the
catalogue gave it, a camera is a device of its own and its own channel, and what stands above it is its `parent`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.alerts import ImportCatalog
from contracts.faults import Invalid
from contracts.shared import ImportReport, Point, RowFault
from services.alerts import registering
from services.alerts.adapters.wire import Unreadable, clean, decode
from services.alerts.adapters.xml import Node, documents
from services.alerts.domain import plausible
from services.alerts.places import Wanted
from services.alerts.store import AlertStore
from services.chassis import cpu

MOST_BYTES, MOST_ELEMENTS = 1_048_576, 100_000
_CODE = re.compile(r"\d{20}", re.ASCII)
# a part of the district tree
_CIVIL = re.compile(r"\d{2,10}", re.ASCII)
# business group 业务分组 and virtual organisation 虚拟组织, by digits 11 to 13
_GROUPS = frozenset({"215", "216"})
# what has a picture or an alarm of its own: cameras and alarm inputs
_CHANNELS = frozenset({"131", "132", "134"})
_ONLINE = {"on": True, "online": True, "ok": True, "off": False, "offline": False}

_FAULTS = {
    "code_invalid": ("DeviceID 不是 20 位编码, 也不是行政区划", "DeviceID is neither 20 digits nor a civil code"),
    "code_repeated": ("同一 DeviceID 在前面已出现", "an earlier item has the same DeviceID"),
    "place_implausible": (
        "经纬度不在中国范围内, 已忽略; 点位待绑定",
        "the place is not in China and was ignored; the channel waits to be bound",
    ),
}


@dataclass
class Catalogue:
    """A catalogue after reading: what it wants of devices and channels, which are online, and what is wrong."""

    devices: dict[str, dict[str, str]] = field(default_factory=dict)
    channels: dict[tuple[str, str], Wanted] = field(default_factory=dict)
    online: dict[str, bool] = field(default_factory=dict)
    rejected: list[RowFault] = field(default_factory=list)
    repaired: list[RowFault] = field(default_factory=list)


def take(store: AlertStore, command: ImportCatalog) -> ImportReport:
    """Register and place what the body names; the same again changes nothing. Raises Invalid for a body that is none.

    `read` counts the items that are devices or wrong, not those of the district tree and groups.
    """
    found = cpu.heavy(read, command.platform, command.body, command.content_type)
    devices, channels = registering.register(
        store, found.devices, found.channels, found.online, dry_run=command.dry_run
    )
    outcomes = [registering.outcome(devices[id], channels.get((id, id))) for id in found.devices]
    return ImportReport(
        kind="catalog",
        dry_run=command.dry_run,
        read=len(outcomes) + len(found.rejected),
        created=outcomes.count("created"),
        changed=outcomes.count("changed"),
        unchanged=outcomes.count("unchanged"),
        rejected=found.rejected,
        repaired=found.repaired,
    )


def read(platform: str, body: bytes, content_type: str) -> Catalogue:
    """What the body says. Raises Invalid. CPU-heavy: some 0.1 s for 1 MiB."""
    try:
        text, _ = decode(body, content_type, MOST_BYTES)
        roots, _ = documents(text, MOST_ELEMENTS)
    except Unreadable as fault:
        raise Invalid.field("/body", fault.code, fault.zh, fault.en) from None
    found = Catalogue()
    for line, item in enumerate(_items(roots), 1):
        _take(found, platform, line, item)
    return found


def _items(roots: Sequence[Node]) -> list[Node]:
    lists = [
        root.child("devicelist")
        for root in roots
        if root.name in ("response", "notify") and (root.value("cmdtype") or "").lower() == "catalog"
    ]
    if not lists:
        raise Invalid.field(
            "/body",
            "catalog_missing",
            "报文不是目录 (CmdType Catalog)",
            "the body is no catalogue (CmdType Catalog)",
        )
    return [item for listed in lists if listed for item in listed.children if item.name == "item"]


def _take(found: Catalogue, platform: str, line: int, item: Node) -> None:
    code = item.value("deviceid") or ""
    if not _CODE.fullmatch(code):
        if not _CIVIL.fullmatch(code):
            found.rejected.append(_fault(line, code, "code_invalid"))
        return
    kind = code[10:13]
    if kind in _GROUPS:
        return
    if code in found.devices:
        found.rejected.append(_fault(line, code, "code_repeated"))
        return
    parent = (item.value("parentid") or "").rpartition("/")[2]
    said: dict[str, Any] = {
        "gb_code": code,
        "platform": platform,
        "name": clean(item.value("name"), 200),
        "vendor": clean(item.value("manufacturer"), 50),
        "owner": clean(item.value("owner"), 200),
        "parent": parent if _CODE.fullmatch(parent) and parent != code else None,
    }
    found.devices[code] = {name: value for name, value in said.items() if value}
    online = _ONLINE.get((item.value("status", "event") or "").lower())
    if online is not None:
        found.online[code] = online
    point, fault = _place(item)
    if fault:
        found.repaired.append(_fault(line, code, fault))
    if point or kind in _CHANNELS:
        found.channels[code, code] = Wanted(code, code, said["name"], point, code)


def _place(item: Node) -> tuple[Point | None, str | None]:
    """Its place, or why what it says is none; 0,0 is how platforms write that they know none."""
    written = item.value("longitude"), item.value("latitude")
    try:
        longitude, latitude = (float(part or 0) for part in written)
    except ValueError:
        return None, "place_implausible"
    if plausible(longitude, latitude):
        return Point(longitude=longitude, latitude=latitude), None
    return None, "place_implausible" if longitude or latitude else None


def _fault(line: int, code: str, fault: str) -> RowFault:
    return RowFault(line=line, key=clean(code) or "", code=fault, message=" / ".join(_FAULTS[fault]))

"""事件分类: the categories that ship with the product, and how rows of an import are merged into a table by code."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from contracts.cases import Category
from contracts.shared import ImportReport, Row, RowFault

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,49}")
HOURS = ("dispatch_hours", "sign_hours", "handling_hours", "callback_hours")
FLAGS = ("site_check_required", "evidence_required")
MAX_HOURS = 2000
YES, NO = frozenset({"true", "1", "yes", "是"}), frozenset({"false", "0", "no", "否"})


def _leaf(
    code: str, name: str, limits: tuple[int, int, int], *, site: bool = False, evidence: bool = False
) -> Category:
    dispatch, sign, handling = limits
    return Category(
        code=code,
        name=name,
        parent=code.rpartition(".")[0],
        dispatch_hours=dispatch,
        sign_hours=sign,
        handling_hours=handling,
        site_check_required=site,
        evidence_required=evidence,
    )


def _group(code: str, name: str) -> Category:
    return Category(code=code, name=name, leaf=False)


AT_ONCE, SAME_DAY, DAYS, WEEKS = (1, 1, 4), (1, 2, 7), (2, 4, 35), (2, 4, 70)

SHIPPED: tuple[Category, ...] = (
    _group("safety", "公共安全"),
    _leaf("safety.intrusion", "闯入警戒区域", SAME_DAY),
    _leaf("safety.loitering", "徘徊滞留", SAME_DAY),
    _leaf("safety.crowd", "人员聚集", AT_ONCE),
    _leaf("safety.fall", "人员倒地", AT_ONCE),
    _leaf("safety.left_object", "可疑遗留物", AT_ONCE),
    _leaf("safety.object_removed", "物品被移走", SAME_DAY),
    _leaf("safety.alarm", "人工报警", AT_ONCE),
    _leaf("safety.sensor", "传感器报警", SAME_DAY),
    _leaf("safety.activity", "人员车辆活动", SAME_DAY),
    _group("fire", "消防安全"),
    _leaf("fire.smoke", "烟火", AT_ONCE),
    _leaf("fire.e_bike", "电动自行车进楼入户", SAME_DAY, evidence=True),
    _leaf("fire.passage", "占用消防通道", SAME_DAY, evidence=True),
    _group("traffic", "道路交通"),
    _leaf("traffic.parking", "违法停车", SAME_DAY),
    _leaf("traffic.wrong_way", "逆行", SAME_DAY),
    _leaf("traffic.fast_motion", "快速移动", SAME_DAY),
    _group("appearance", "市容环境"),
    _leaf("appearance.road_occupation", "占道经营", SAME_DAY, evidence=True),
    _leaf("appearance.garbage", "垃圾暴露", SAME_DAY, evidence=True),
    _leaf("appearance.noise", "噪声扰民", DAYS),
    _group("facility", "公共设施"),
    _leaf("facility.manhole", "井盖缺损", AT_ONCE, evidence=True),
    _leaf("facility.street_light", "路灯故障", DAYS, evidence=True),
    _leaf("facility.device", "监控设备受损", DAYS),
    _group("livelihood", "民生诉求"),
    _leaf("livelihood.heating", "供暖", DAYS),
    _leaf("livelihood.water", "供水", DAYS),
    _leaf("livelihood.property", "物业服务", WEEKS),
    _leaf("livelihood.other", "其他诉求", WEEKS),
    _group("dispute", "矛盾纠纷"),
    _leaf("dispute.neighbour", "邻里纠纷", DAYS, site=True),
    _leaf("dispute.family", "家庭纠纷", DAYS, site=True),
)


@dataclass
class Merge:
    """What an import makes of the table: the categories to write, and how the rows fared."""

    written: dict[str, Category] = field(default_factory=dict)
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: list[RowFault] = field(default_factory=list)

    def report(self, read: int, *, dry_run: bool) -> ImportReport:
        """In numbers."""
        return ImportReport(
            kind="categories",
            dry_run=dry_run,
            read=read,
            created=self.created,
            changed=self.changed,
            unchanged=self.unchanged,
            rejected=self.rejected,
        )


class _Unfit(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def merge(table: Mapping[str, Category], rows: Sequence[Row]) -> Merge:
    """Take the rows by code into a copy of the table. A parent may stand in the same file, before or after.

    A category that gets a child is no leaf any more. Rows that do not fit are listed, never half taken.
    """
    done, after = Merge(), dict(table)
    taken: dict[str, Row] = {}
    for row in rows:
        code = str(row.values.get("code") or "").strip()
        try:
            if code in taken:
                raise _Unfit("code_repeated", "编码在文件中重复 code stands twice in the file")
            after[code] = _category(code, after.get(code), row.values)
            taken[code] = row
        except _Unfit as fault:
            done.rejected.append(RowFault(line=row.line, key=code[:50], code=fault.code, message=fault.message))
    _drop_unrooted(table, after, taken, done)
    parents = {category.parent for category in after.values() if category.parent}
    for code, category in after.items():
        settled = category.model_copy(update={"leaf": code not in parents})
        if settled != table.get(code):
            done.written[code] = settled
    for code in taken:
        done.created += code not in table
        done.changed += code in table and code in done.written
        done.unchanged += code not in done.written
    done.rejected.sort(key=lambda fault: fault.line)
    return done


def _drop_unrooted(
    table: Mapping[str, Category], after: dict[str, Category], taken: dict[str, Row], done: Merge
) -> None:
    """Undo the rows whose way up ends nowhere or in a circle, until none is left."""
    while True:
        lost = [code for code in taken if not _rooted(code, after)]
        for code in lost:
            row = taken.pop(code)
            if code in table:
                after[code] = table[code]
            else:
                del after[code]
            message = "上级分类不存在或成环 the parent is unknown or leads back to itself"
            done.rejected.append(RowFault(line=row.line, key=code, code="parent_unknown", message=message))
        if not lost:
            return


def _rooted(code: str, table: Mapping[str, Category]) -> bool:
    seen: set[str] = set()
    at: str | None = code
    while at:
        if at in seen or at not in table:
            return False
        seen.add(at)
        at = table[at].parent
    return True


def _category(code: str, known: Category | None, values: Mapping[str, JsonValue]) -> Category:
    if not CODE.fullmatch(code):
        raise _Unfit("code_invalid", "编码须为 1–50 位字母、数字、_ . - code: letters, digits, _ . -")
    fields: dict[str, object] = {}
    given = {name: value for name, value in values.items() if value not in (None, "")}
    for name in ("name", "parent"):
        if name in given:
            fields[name] = str(given[name]).strip()
    if not (known or fields.get("name")):
        raise _Unfit("name_missing", "新分类须有名称 name: required for a new category")
    if len(str(fields.get("name", ""))) > 100:
        raise _Unfit("name_too_long", "名称过长 name: 100 characters at most")
    for name in HOURS:
        if name in given:
            fields[name] = _hours(name, given[name])
    for name in FLAGS:
        if name in given:
            fields[name] = _flag(name, given[name])
    start = known or Category(code=code, name=str(fields["name"]))
    return start.model_copy(update=fields)


def _hours(name: str, value: JsonValue) -> int:
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MAX_HOURS:
        raise _Unfit("hours_invalid", f"{name}: 1–{MAX_HOURS} 的整数 a whole number of hours")
    return int(text)


def _flag(name: str, value: JsonValue) -> bool:
    text = str(value).strip().lower()
    if text not in YES | NO:
        raise _Unfit("flag_invalid", f"{name}: 是/否 true or false")
    return text in YES

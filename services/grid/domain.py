"""Codes, levels and the machine of a grid 网格."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from contracts.faults import Conflict, Fault, Invalid, NotFound, Refused
from contracts.grid import Grid, GridAction, GridState, Level

LEVEL_OF_DIGITS = {2: Level.PROVINCE, 4: Level.CITY, 6: Level.COUNTY, 9: Level.STREET, 12: Level.COMMUNITY}
STATISTICAL_NAMES = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Units that the statistics bureau puts between two real ones so that every tree has all levels."""
AUTONOMOUS_REGIONS = frozenset({"15", "45", "54", "64", "65"})
MUNICIPALITIES = frozenset({"11", "12", "31", "50"})

STEPS: Mapping[tuple[GridState, GridAction], GridState] = {
    (GridState.DRAFT, GridAction.ACTIVATE): GridState.ACTIVE,
    (GridState.DRAFT, GridAction.CANCEL): GridState.CANCELLED,
    (GridState.ACTIVE, GridAction.SUSPEND): GridState.SUSPENDED,
    (GridState.SUSPENDED, GridAction.RESUME): GridState.ACTIVE,
}
HOLDING = frozenset({GridState.ACTIVE, GridState.CHANGING})
"""States in which a grid answers for its ground: one that is about to change does so until it has changed."""
LIVE = HOLDING | {GridState.SUSPENDED}
ENDED = frozenset({GridState.RETIRED, GridState.CANCELLED})
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)


def national(code: str) -> str:
    """The 12-digit form of a division code of 2, 4, 6, 9 or 12 digits: 230902 → 230902000000."""
    return code.ljust(12, "0")


def significant(code: str) -> str:
    """A 12-digit code without the groups of zeros at its end: 230902000000 → 230902."""
    for length in (2, 4, 6, 9):
        if not code[length:].strip("0"):
            return code[:length]
    return code


def level_of(code: str) -> Level:
    """The level that the significant digits of a 12-digit code name."""
    return LEVEL_OF_DIGITS[len(significant(code))]


def parent_of(code: str) -> str | None:
    """The code one level up; a level without units is skipped (441900003000 → 441900000000, 东莞 has no counties)."""
    digits = significant(code)
    above = {12: 9, 9: 6, 6: 4, 4: 2, 2: 0}[len(digits)]
    parent = national(significant(national(digits[:above]))) if above else None
    return parent if parent != code else None


def path_of(code: str) -> list[str]:
    """The codes from the province down to the territory itself."""
    parent = parent_of(code)
    return [*path_of(parent), code] if parent else [code]


def is_statistical(code: str, name: str) -> bool:
    """Whether the unit stands in the tree for statistics only 统计用区划: a step between two real ones, or a zone.

    Development zones have county codes from 71 to 79, which no county has: 150271.
    """
    return name in STATISTICAL_NAMES or (level_of(code) is Level.COUNTY and code[4] == "7" and code[5] != "0")


def statistical_step(code: str) -> str | None:
    """The name of the step that stands where counties have no city above them; None for the code of a real city.

    Counties that their province governs itself (419001 济源) and those of the four municipalities (110101 东城).
    """
    if code[2:4] == "90":
        return "自治区直辖县级行政区划" if code[:2] in AUTONOMOUS_REGIONS else "省直辖县级行政区划"
    return {"01": "市辖区", "02": "县"}.get(code[2:4]) if code[:2] in MUNICIPALITIES else None


def allowed(state: GridState) -> list[GridAction]:
    """The steps that are legal in a state."""
    return [legal for at, legal in STEPS if at is state]


def step(code: str, state: GridState, action: GridAction) -> GridState:
    """The state after an action; Refused illegal_step names the legal ones."""
    after = STEPS.get((state, action))
    if after is None:
        raise Refused(
            "illegal_step",
            f"网格 {code} 处于 {state}, 不能 {action}",
            f"grid {code} is {state}; {action} is not possible",
            state=state.value,
            allowed_actions=[legal.value for legal in allowed(state)],
        )
    return after


def moment(at: datetime) -> datetime:
    """A time that people may ask about, in UTC, as the store can compare it."""
    return min(max(at, EARLIEST), LATEST).astimezone(UTC)


def mask_phone(phone: str) -> str:
    """138****1234: enough to recognise a number, not to ring it."""
    kept = 4 if len(phone) >= 10 else 2
    front = phone[:3] if len(phone) >= 10 else ""
    return front + "*" * (len(phone) - len(front) - kept) + phone[-kept:]


def grid_unknown(code: str) -> NotFound:
    """No such grid."""
    return NotFound("grid_unknown", f"没有网格 {code}", f"no grid {code}", code_asked=code)


def territory_unknown(code: str) -> NotFound:
    """No such territory."""
    return NotFound("territory_unknown", f"没有区划 {code}", f"no territory {code}", code_asked=code)


def staff_unknown(staff_no: str) -> NotFound:
    """No such person."""
    return NotFound("staff_unknown", f"没有工号为 {staff_no} 的人员", f"no staff number {staff_no}", staff_no=staff_no)


def grid_code_invalid(code: str) -> Invalid:
    """A grid's code begins with that of a known community."""
    return Invalid.field(
        "/code",
        "grid_code_invalid",
        f"网格编码所属社区 {code[:12]} 不存在",
        f"there is no community {code[:12]}",
    )


def stale() -> Conflict:
    """Somebody else was faster."""
    return Conflict("version_stale", "同时被他人更新, 请重试", "changed by somebody else meanwhile; try again")


def grid_ended(code: str, state: GridState) -> Refused:
    """A cancelled or retired grid stays as it was; its code is never used again."""
    return Refused(
        "grid_ended", f"网格 {code} 已 {state}, 不能再改", f"grid {code} is {state} for good", state=state.value
    )


def grid_planned(code: str, plan: str) -> Conflict:
    """What a plan is about to change is left alone until the plan is committed or cancelled."""
    return Conflict(
        "grid_planned",
        f"网格 {code} 正在按方案 {plan} 调整",
        f"grid {code} is being changed by plan {plan}",
        plan=plan,
    )


def grid_exists(code: str) -> Conflict:
    """A code is never reused, whatever became of its grid."""
    return Conflict("grid_exists", f"网格 {code} 已存在", f"grid {code} exists already")


def size_fault(standing: Grid | None, facts: Mapping[str, object], known: Collection[str]) -> Fault | None:
    """Why a grid cannot be large 大网格 or small as it is told to be, or fill the large one that it names.

    `known` are large grids. A live grid stays what it is: all that it overlaps was judged by that.
    """
    large = bool(facts.get("large", standing and standing.large))
    if standing and standing.state in LIVE and large is not standing.large:
        return Refused(
            "grid_live",
            f"网格 {standing.code} 已启用, 不能改变是否为大网格",
            f"grid {standing.code} is live and stays large or small",
            state=standing.state.value,
        )
    named = facts.get("overlay_of")
    if large and (named or (standing and standing.overlay_of)):
        return Invalid.field(
            "/overlay_of", "overlay_invalid", "大网格不能再属于别的大网格", "a large grid fills no other one"
        )
    if named and named not in known:
        return Invalid.field("/overlay_of", "overlay_invalid", f"没有大网格 {named}", f"there is no large grid {named}")
    return None


def grid_overlap(code: str, other: str, shared_m2: float) -> Conflict:
    """Two grids claim the same ground."""
    return Conflict(
        "grid_overlap",
        f"网格 {code} 与 {other} 重叠 {shared_m2:.0f} 平方米",
        f"grid {code} overlaps {other} by {shared_m2:.0f} m²",
        other=other,
        area_m2=shared_m2,
    )


def both(fault: Fault) -> str:
    """A fault's Chinese and English in one text."""
    return f"{fault.zh} / {fault.en}"

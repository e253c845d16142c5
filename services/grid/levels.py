"""层级: which units stand above which, in the division tree and in the other trees over the same ground. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from contracts.faults import Fault, Invalid, NotFound, Refused
from contracts.grid import Hierarchy, HierarchyLevel

MOST_LEVELS = 12
MOST_HIERARCHIES = 50
ADMIN = Hierarchy(
    key="admin",
    name="行政区划",
    levels=[
        HierarchyLevel(key="province", name_zh="省", order=1, code_length=2),
        HierarchyLevel(key="city", name_zh="市", order=2, code_length=4),
        HierarchyLevel(key="county", name_zh="区县", order=3, code_length=6),
        HierarchyLevel(key="street", name_zh="街道/乡镇", order=4, code_length=9),
        HierarchyLevel(key="community", name_zh="社区/村", order=5, code_length=12),
        HierarchyLevel(key="grid", name_zh="网格", order=6, code_length=15),
    ],
)


class Place(NamedTuple):
    """Where a unit says that it stands."""

    code: str
    level: str
    name: str
    parent: str | None


def check_levels(levels: Sequence[HierarchyLevel], standing: Sequence[HierarchyLevel] = ()) -> None:
    """Invalid levels_repeated; Refused levels_in_use where a level of the standing ones is gone or changes its place.

    Two levels may share an order: 街道 and 乡镇 do.
    """
    keys = [level.key for level in levels]
    if len(set(keys)) < len(keys):
        raise Invalid.field("/levels", "levels_repeated", "层级键重复", "a level stands twice")
    orders = {level.key: level.order for level in levels}
    if {level.key for level in standing} - orders.keys() or (
        _ranks([level.order for level in standing]) != _ranks([orders[level.key] for level in standing])
    ):
        raise Refused(
            "levels_in_use",
            "已有的层级不能删除或调换次序, 只能改名或增加",
            "a level that stands cannot be taken away or moved; it may be renamed, and others added",
            levels=[level.key for level in standing],
        )


def _ranks(orders: Sequence[int]) -> list[int]:
    ranked = sorted(set(orders))
    return [ranked.index(order) for order in orders]


def drawn_up(key: str, name: str, places: Iterable[Place]) -> Hierarchy | None:
    """The hierarchy that a whole tree implies: its levels by depth, those of one depth side by side.

    None when no unit stands at the top, or there are too many levels.
    """
    children: dict[str | None, list[Place]] = {}
    for place in places:
        children.setdefault(place.parent, []).append(place)
    depths: dict[str, int] = {}
    step, depth = children.pop(None, []), 0
    while step:
        depth += 1
        for place in step:
            depths.setdefault(place.level, depth)
        step = [below for place in step for below in children.pop(place.code, [])]
    if not 0 < len(depths) <= MOST_LEVELS:
        return None
    ranks = zip(depths, _ranks(list(depths.values())), strict=True)
    return Hierarchy(
        key=key,
        name=name,
        levels=[HierarchyLevel(key=level, name_zh=level, order=rank + 1) for level, rank in ranks],
    )


def misplaced(hierarchy: Hierarchy, place: Place, above: str | None) -> Fault | None:
    """Why a unit cannot stand where it says; `above` is the level of its parent, None when there is no such parent."""
    levels: Mapping[str, HierarchyLevel] = {level.key: level for level in hierarchy.levels}
    own = levels.get(place.level)
    if own is None:
        known = ", ".join(levels)
        return Fault(
            "level_unknown",
            f"{place.name}: 层级 {hierarchy.key} 中没有 {place.level}, 只有 {known}",
            f"{place.name}: {hierarchy.key} has no level {place.level}, only {known}",
        )
    if own.code_length not in (None, len(place.code)):
        return Fault(
            "code_length",
            f"{place.name}: {own.name_zh} 的代码应为 {own.code_length} 位",
            f"{place.name}: the code of a {own.key} has {own.code_length} characters",
        )
    if place.parent is None and own.order > min(level.order for level in hierarchy.levels):
        return Fault(
            "orphan", f"{place.name}: {own.name_zh} 必须有上级", f"{place.name}: a {own.key} stands below another unit"
        )
    if place.parent is not None and above is None:
        return Fault(
            "orphan", f"{place.name}: 上级 {place.parent} 不存在", f"{place.name}: there is no parent {place.parent}"
        )
    if above is not None and levels[above].order >= own.order:
        return Fault(
            "level_mismatch",
            f"{place.name}: 上级 {place.parent} 的层级 {above} 不高于 {place.level}",
            f"{place.name}: the level of {place.parent}, {above}, is not above {place.level}",
        )
    return None


def hierarchy_unknown(key: str) -> NotFound:
    """No such hierarchy."""
    return NotFound(
        "hierarchy_unknown",
        f"没有层级 {key}, 请先定义, 或导入从最上级开始的整棵树",
        f"no hierarchy {key}: define it first, or import a whole tree from its top",
    )


def hierarchy_built_in() -> Refused:
    """The division tree has its own requests."""
    return Refused(
        "hierarchy_built_in",
        "admin 是内置的行政区划, 请用区划的接口",
        "admin is the division tree itself, which has requests of its own",
    )


def hierarchies_too_many() -> Refused:
    """All of them are listed at once."""
    return Refused(
        "hierarchies_too_many", f"最多 {MOST_HIERARCHIES} 种层级", f"there may be {MOST_HIERARCHIES} hierarchies"
    )

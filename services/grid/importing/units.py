"""条线单元: units of other trees over the same ground; a tree that nobody has defined stands as its file draws it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import cast

from contracts.faults import Fault
from contracts.grid import Hierarchy, ImportUnits
from services.chassis.cpu import heavy
from services.grid.datum import datum_of
from services.grid.geometry import Surveyed
from services.grid.importing.boundaries import surveys
from services.grid.importing.rows import UnitRow
from services.grid.importing.tally import Step, Tally
from services.grid.levels import (
    ADMIN,
    MOST_HIERARCHIES,
    Place,
    drawn_up,
    hierarchies_too_many,
    hierarchy_built_in,
    hierarchy_unknown,
    misplaced,
)
from services.grid.store import GridStore
from services.grid.store.units import Post, unit_id

Entry = tuple[int, UnitRow]


def units(store: GridStore, command: ImportUnits, tally: Tally) -> None:
    """A parent may come in any row or stand already; a unit without geometry in the file keeps what it has."""
    datum = datum_of(command.datum)
    rows = tally.read(UnitRow, command.rows, ["code"])
    entries = tally.firsts(rows, lambda row: unit_id(row.hierarchy, row.code), lambda row: row.name)
    drawn = [(line, row.geometry) for line, row in entries if row.geometry is not None]
    surveyed = heavy(surveys, [geometry for _, geometry in drawn], datum)
    grounds = dict(zip((line for line, _ in drawn), surveyed, strict=True))
    trees: dict[str, list[Entry]] = defaultdict(list)
    for line, row in entries:
        trees[row.hierarchy].append((line, row))
    defined = {one.key: one for one in store.hierarchies.all()}
    new: list[Step] = []
    writes: list[Step] = []
    for key, own in trees.items():
        hierarchy = defined.get(key) or _drawn_up(key, own, full=len(defined) + len(new) >= MOST_HIERARCHIES)
        if isinstance(hierarchy, Fault):
            for line, row in own:
                tally.reject(line, unit_id(key, row.code), hierarchy)
            continue
        if key not in defined:
            new.append(Step(store.hierarchies.new(hierarchy)))
        writes += _tree(store, hierarchy, own, grounds, tally)
    tally.write(store.hierarchies, new)
    tally.write(store.units, writes)
    store.overlays.refresh()


def _drawn_up(key: str, entries: Sequence[Entry], *, full: bool) -> Hierarchy | Fault:
    """A mistyped key makes no hierarchy: only rows that name theirs, as those of a tree do, say how it is built."""
    if key == ADMIN.key:
        return hierarchy_built_in()
    name = next((row.hierarchy_name for _, row in entries if row.hierarchy_name), None)
    drawn = drawn_up(key, name, (_place(row) for _, row in entries)) if name else None
    return (hierarchies_too_many() if full else drawn) if drawn else hierarchy_unknown(key)


def _tree(
    store: GridStore,
    hierarchy: Hierarchy,
    entries: Sequence[Entry],
    grounds: Mapping[int, Surveyed | Fault],
    tally: Tally,
) -> list[Step]:
    key = hierarchy.key
    named = {unit_id(key, code) for _, row in entries for code in (row.code, row.parent) if code}
    standing = store.units.standing(named)
    parents = store.units.parents(standing)
    known = {one.post.path[-1]: one.post for one in standing.values()}
    orders = {level.key: level.order for level in hierarchy.levels}
    steps = []
    for line, row in sorted(entries, key=lambda entry: (orders.get(entry[1].level, 0), entry[0])):
        ground, before = grounds.get(line), standing.get(unit_id(key, row.code))
        above = known.get(row.parent) if row.parent else None
        post = Post(key, row.level, row.name, (*(above.path if above else ()), row.code))
        fault = misplaced(hierarchy, _place(row), above.level if above else None)
        if not fault and before and post.id in parents and _moves(before.post, post):
            fault = _held_in_place(row)
        if fault or isinstance(ground, Fault):
            tally.reject(line, post.id, fault or cast("Fault", ground))
            continue
        known[row.code] = post
        if ground and ground.repaired:
            tally.mend(line, post.id, ground.repaired)
        place = [(line, post.id)]
        if before is None:
            steps.append(Step(store.units.new(post, ground), created=place))
            continue
        redrawn = ground if ground and ground.digest != before.digest else None
        if redrawn or before.post != post:
            steps.append(Step(store.units.changed(post, before.version, redrawn), changed=place))
        else:
            tally.unchanged += 1
    return steps


def _moves(before: Post, after: Post) -> bool:
    return (before.level, before.path) != (after.level, after.path)


def _held_in_place(row: UnitRow) -> Fault:
    """What lies below would tell of a path that it no longer has."""
    return Fault(
        "unit_has_children",
        f"{row.name}: 下面还有单元, 不能改换上级或层级",
        f"{row.name}: units stand below it, so that it keeps its parent and its level",
    )


def _place(row: UnitRow) -> Place:
    return Place(row.code, row.level, row.name, row.parent)

"""区划: the tree must hold together by its codes alone, in whatever order the rows come."""

from collections.abc import Mapping

from contracts.faults import Fault
from contracts.grid import ImportGround, Level
from services.grid.domain import level_of, parent_of, significant, statistical_step
from services.grid.importing.rows import DivisionRow
from services.grid.importing.tally import Step, Tally
from services.grid.store import GridStore


def divisions(store: GridStore, command: ImportGround, tally: Tally) -> None:
    """Units of the division tree; a parent may come in any row or stand already.

    Where a file leaves out the step that statistics put between a county and its province, the step is put in.
    """
    rows = tally.read(DivisionRow, command.rows, ["code"])
    entries = tally.firsts(rows, lambda row: row.code, lambda row: row.name)
    above = {row.parent_code for _, row in entries if row.parent_code}
    present = store.territories.present(above | {row.code for _, row in entries})
    sound: dict[str, tuple[int, DivisionRow]] = {}
    for line, row in entries:
        fault = _former(row, present[row.code]) if row.code in present else _disagreement(row, present)
        if fault:
            tally.reject(line, row.code, fault)
        else:
            sound[row.code] = line, row
    steps_between = {code: step for code in sound if (step := _step_above(code)) and step[0] not in sound}
    wanted = {parent for code in (*sound, *(step[0] for step in steps_between.values())) if (parent := parent_of(code))}
    standing = store.territories.standing(wanted | sound.keys())
    known = set(standing)
    steps = []
    for code in sorted(sound, key=lambda code: (len(significant(code)), code)):
        line, row = sound[code]
        parent = parent_of(code)
        if parent and parent not in known and code in steps_between and parent_of(parent) in known:
            known.add(parent)
            steps.append(Step(store.territories.new(*steps_between[code])))
        if parent and parent not in known:
            tally.reject(line, code, _orphan(row, parent))
            continue
        known.add(code)
        if code not in standing:
            steps.append(Step(store.territories.new(code, level_of(code), row.name, parent), created=[(line, code)]))
        elif standing[code].name != row.name:
            steps.append(
                Step(store.territories.renamed(code, standing[code].version, row.name), changed=[(line, code)])
            )
        else:
            tally.unchanged += 1
    tally.write(store.territories, steps)


def _disagreement(row: DivisionRow, present: Mapping[str, str]) -> Fault | None:
    """Why code, level and parent do not agree; None when they do. The parent may be told by an old code."""
    code = row.code
    if row.level and row.level is not level_of(code):
        return Fault(
            "level_mismatch",
            f"{row.name}: 代码属于 {level_of(code)}, 不是 {row.level}",
            f"{row.name}: the code is of a {level_of(code)}, not {row.level}",
        )
    parent, step = parent_of(code), _step_above(code)
    parent_code = present.get(row.parent_code, row.parent_code) if row.parent_code else None
    if parent_code and parent_code not in (parent, step and step[3]):
        return Fault(
            "parent_mismatch",
            f"{row.name}: 按代码上级应为 {parent or '无'}, 不是 {parent_code}",
            f"{row.name}: by its code the parent is {parent or 'none'}, not {parent_code}",
        )
    return None


def _step_above(code: str) -> tuple[str, Level, str, str | None] | None:
    """The statistical step between a county and its province, as the store makes a unit; None under a real city."""
    parent = parent_of(code)
    if level_of(code) is not Level.COUNTY or parent is None or (name := statistical_step(parent)) is None:
        return None
    return parent, Level.CITY, name, parent_of(parent)


def _orphan(row: DivisionRow, parent: str) -> Fault:
    return Fault("orphan", f"{row.name}: 上级 {parent} 不存在", f"{row.name}: there is no parent {parent}")


def _former(row: DivisionRow, present: str) -> Fault:
    """A code means one unit for ever."""
    return Fault(
        "code_former",
        f"{row.name}: {row.code} 是旧代码, 现为 {present}",
        f"{row.name}: {row.code} is an old code, {present} is the present one",
    )

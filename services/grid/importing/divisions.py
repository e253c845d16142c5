"""区划: the tree must hold together by its codes alone, in whatever order the rows come."""

from contracts.faults import Fault
from contracts.grid import ImportGround, Level
from services.grid.domain import level_of, national, parent_of, significant
from services.grid.importing.rows import DivisionRow
from services.grid.importing.tally import Step, Tally
from services.grid.store import GridStore


def divisions(store: GridStore, command: ImportGround, tally: Tally) -> None:
    """Units of the division tree; a parent may come in any row or stand already."""
    entries = tally.firsts(tally.read(DivisionRow, command.rows, ["code"]), lambda row: national(row.code))
    sound: dict[str, tuple[int, DivisionRow]] = {}
    for line, row in entries:
        code = national(row.code)
        fault = disagreement(code, row.level, row.parent_code)
        if fault:
            tally.reject(line, code, fault)
        else:
            sound[code] = line, row
    parents = {parent for code in sound if (parent := parent_of(code))}
    standing = store.territories.standing(parents | sound.keys())
    known = set(standing)
    steps = []
    for code in sorted(sound, key=lambda code: (len(significant(code)), code)):
        line, row = sound[code]
        parent = parent_of(code)
        if parent and parent not in known:
            tally.reject(
                line,
                code,
                Fault("orphan", f"{row.name}: 上级 {parent} 不存在", f"{row.name}: there is no parent {parent}"),
            )
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


def disagreement(code: str, level: Level | None, parent_code: str | None) -> Fault | None:
    """Why code, level and parent do not agree; None when they do."""
    if level and level is not level_of(code):
        return Fault(
            "level_mismatch",
            f"代码属于 {level_of(code)}, 不是 {level}",
            f"the code is of a {level_of(code)}, not {level}",
        )
    parent = parent_of(code)
    if parent_code and national(parent_code) != parent:
        return Fault(
            "parent_mismatch",
            f"按代码上级应为 {parent or '无'}, 不是 {national(parent_code)}",
            f"by its code the parent is {parent or 'none'}, not {national(parent_code)}",
        )
    return None

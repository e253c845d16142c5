"""旧代码: codes that territories had before. A code means one territory for ever."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from contracts.faults import Fault
from contracts.grid import Alias, ImportAliases
from services.grid.domain import territory_unknown
from services.grid.importing.rows import AliasRow
from services.grid.importing.tally import Step, Tally
from services.grid.store import GridStore
from services.grid.store.territories import Standing


def aliases(store: GridStore, command: ImportAliases, tally: Tally) -> None:
    """Old codes by territory; an absent name or date of a known one stays."""
    rows = tally.read(AliasRow, command.rows, ["alias", "code"])
    entries = tally.firsts(rows, lambda row: row.alias, lambda row: row.name)
    olds = {row.alias for _, row in entries}
    standing = store.territories.standing(olds | {row.code for _, row in entries})
    present = store.territories.present(olds)
    told: dict[str, list[tuple[int, AliasRow]]] = defaultdict(list)
    for line, row in entries:
        fault = _refusal(row, standing, present.get(row.alias))
        if fault:
            tally.reject(line, row.alias, fault)
        else:
            told[row.code].append((line, row))
    steps = []
    for code, own in told.items():
        known = {one.code: one for one in standing[code].aliases}
        created, changed = [], []
        for line, row in own:
            before = known.get(row.alias, Alias(code=row.alias))
            said = row.model_dump(include={"name", "valid_from", "valid_to"}, exclude_none=True)
            after = before.model_copy(update=said)
            if row.alias not in known:
                created.append((line, row.alias))
            elif after != before:
                changed.append((line, row.alias))
            else:
                tally.unchanged += 1
            known[row.alias] = after
        if created or changed:
            write = store.territories.called(code, standing[code].version, known.values())
            steps.append(Step(write, created, changed))
    tally.write(store.territories, steps)


def _refusal(row: AliasRow, standing: Mapping[str, Standing], owner: str | None) -> Fault | None:
    """`owner`: the territory whose old code this is already."""
    if row.code not in standing:
        return territory_unknown(row.code)
    if row.alias in standing:
        name = standing[row.alias].name
        return Fault(
            "alias_taken",
            f"{row.alias} 是 {name} 的现行代码, 不能作旧代码",
            f"{row.alias} is the present code of {name} and no old one",
        )
    if owner not in (None, row.code):
        return Fault(
            "alias_taken", f"{row.alias} 已是 {owner} 的旧代码", f"{row.alias} is an old code of {owner} already"
        )
    if (row.valid_from or date.min) > (row.valid_to or date.max):
        return Fault("dates_reversed", "失效日期早于生效日期", "it ends before it begins")
    return None

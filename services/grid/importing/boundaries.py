"""边界: polygons of territories that are already known."""

from collections.abc import Sequence

from contracts.faults import Fault
from contracts.grid import Datum, ImportGround
from services.chassis.cpu import heavy
from services.grid.datum import datum_of
from services.grid.domain import territory_unknown
from services.grid.geometry import Surveyed, survey
from services.grid.importing.rows import BoundaryRow
from services.grid.importing.tally import Step, Tally
from services.grid.planning.carrying import follow
from services.grid.store import GridStore


def boundaries(store: GridStore, command: ImportGround, tally: Tally) -> None:
    """A first boundary counts as created, another one as changed."""
    datum = datum_of(command.datum)
    rows = tally.read(BoundaryRow, command.rows, ["code", "adcode", "id"])
    present = store.territories.present({row.code for _, row in rows})
    entries = tally.firsts(rows, lambda row: present.get(row.code, row.code))
    standing = store.territories.standing({present.get(row.code, row.code) for _, row in entries})
    surveyed = heavy(surveys, [row.geometry for _, row in entries], datum)
    steps = []
    for (line, row), ground in zip(entries, surveyed, strict=True):
        code = present.get(row.code, row.code)
        if code not in standing:
            tally.reject(line, code, territory_unknown(code))
            continue
        if isinstance(ground, Fault):
            tally.reject(line, code, ground)
            continue
        if ground.repaired:
            tally.mend(line, code, ground.repaired)
        before = standing[code]
        if before.digest == ground.digest:
            tally.unchanged += 1
        else:
            write = store.territories.bounded(code, before.version, ground)
            place = [(line, code)]
            steps.append(Step(write, changed=place) if before.digest else Step(write, created=place))
    tally.write(store.territories, steps)
    follow(store)


def surveys(geometries: Sequence[object], datum: Datum) -> list[Surveyed | Fault]:
    """Each geometry surveyed, or why it is refused."""
    return [_survey(geometry, datum) for geometry in geometries]


def _survey(geometry: object, datum: Datum) -> Surveyed | Fault:
    try:
        return survey(geometry, datum)
    except Fault as fault:
        return fault

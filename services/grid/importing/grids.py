"""网格: new ones arrive as drafts, known ones change; a live grid's new ground must not take another's."""

from collections.abc import Sequence
from typing import cast

from contracts.faults import Fault, Invalid
from contracts.grid import Grid, ImportGround, Level
from services.chassis.cpu import heavy
from services.grid.activation import claims_of
from services.grid.changing import as_told, difference, opposed
from services.grid.datum import datum_of
from services.grid.domain import ENDED, HOLDING, grid_code_invalid, grid_ended, grid_planned, size_fault
from services.grid.importing.boundaries import surveys
from services.grid.importing.rows import GridRow
from services.grid.importing.tally import Step, Tally
from services.grid.planning.carrying import claim
from services.grid.store import GridStore
from services.grid.store.grids import FACTS, Held


def grids(store: GridStore, command: ImportGround, tally: Tally) -> None:
    """Facts and geometries of grids by code; absent fields stay."""
    datum = datum_of(command.datum)
    rows = _present(store, tally.read(GridRow, command.rows, ["code", "id"], {"code": "grid_code_invalid"}))
    firsts = tally.firsts(rows, lambda row: row.code, lambda row: row.name)
    # large ones first, so that a small one may name one of the same file
    entries = sorted(firsts, key=lambda entry: (not entry[1].large, entry[0]))
    drawn = [row.geometry for _, row in entries if row.geometry is not None]
    surveyed = iter(heavy(surveys, drawn, datum))
    communities = store.territories.standing({row.code[:12] for _, row in entries})
    standing = store.grids.held([row.code for _, row in entries])
    known_large = store.grids.large({row.overlay_of for _, row in entries if row.overlay_of})
    actor, steps = command.caller.who, []
    moved: list[Grid] = []
    for line, row in entries:
        drawn_as = next(surveyed) if row.geometry is not None else None
        held, community = standing.get(row.code), communities.get(row.code[:12])
        facts = {name: value for name in FACTS if (value := getattr(row, name)) is not None}
        fault = _refusal(row, held, known=bool(community and community.level is Level.COMMUNITY))
        fault = fault or size_fault(held.grid if held else None, facts, known_large)
        if fault or isinstance(drawn_as, Fault):
            tally.reject(line, row.code, fault or cast("Fault", drawn_as))
            continue
        ground, place = drawn_as, [(line, row.code)]
        if row.large:
            known_large.add(row.code)
        if ground and ground.repaired:
            tally.mend(line, row.code, ground.repaired)
        if held is None:
            steps.append(Step(store.grids.new(row.code, facts, ground, actor, "import"), created=place))
            continue
        differing, ground = difference(held, facts, ground)
        if not differing and not ground:
            tally.unchanged += 1
            continue
        if ground and held.grid.plan:
            tally.reject(line, row.code, grid_planned(row.code, held.grid.plan))
            continue
        if held.grid.state in HOLDING and (ground or "overlay_of" in differing):
            moved.append(as_told(held.grid, differing, ground))
        steps.append(Step(store.grids.changed(held, differing, ground, actor, "import"), changed=place))
    with claim(store):
        tally.write(store.grids, _unopposed(store, steps, moved, tally))
        store.ground.refresh()


def _present(store: GridStore, rows: list[tuple[int, GridRow]]) -> list[tuple[int, GridRow]]:
    """The rows with an old code of their community replaced by the present one: 凤翔县 610322… is 凤翔区 610305…."""
    present = store.territories.present({row.code[:12] for _, row in rows})
    return [
        (line, row.model_copy(update={"code": present.get(row.code[:12], row.code[:12]) + row.code[12:]}))
        for line, row in rows
    ]


def _refusal(row: GridRow, held: Held | None, *, known: bool) -> Fault | None:
    if not known:
        return grid_code_invalid(row.code)
    if held is None and not row.name:
        return Invalid.field("/name", "row_invalid", "新网格必须有名称", "a new grid needs a name")
    if held and held.grid.state in ENDED:
        return grid_ended(row.code, held.grid.state)
    return None


def _unopposed(store: GridStore, steps: list[Step], moved: Sequence[Grid], tally: Tally) -> list[Step]:
    """The steps without those whose new ground an active grid or the community objects to."""
    if not moved:
        return steps
    refused = opposed(store, claims_of(moved))
    kept = []
    for step in steps:
        line, code = (*step.changed, *step.created)[0]
        if code in refused:
            tally.reject(line, code, refused[code])
        else:
            kept.append(step)
    return kept

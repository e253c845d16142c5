"""Grids as people and clients change them: drafts, facts, ground, and the steps of the machine."""

from collections.abc import Mapping, Sequence

from contracts.faults import Fault, Invalid
from contracts.grid import (
    Activated,
    ActivateGrids,
    ActivationFault,
    ActOnGrid,
    Grid,
    GridAction,
    GridState,
    Level,
    Role,
    SaveGrid,
)
from contracts.shared import Geometry
from services.chassis import context
from services.chassis.cpu import heavy
from services.grid.activation import Claims, claims_of, objections, shortcomings
from services.grid.domain import (
    ENDED,
    HOLDING,
    both,
    grid_code_invalid,
    grid_ended,
    grid_exists,
    grid_planned,
    grid_unknown,
    size_fault,
    stale,
    step,
)
from services.grid.geometry import Surveyed, survey
from services.grid.planning.carrying import claim
from services.grid.store import GridStore
from services.grid.store.grids import FACTS, Held


def held(store: GridStore, code: str) -> Held:
    """The grid; NotFound grid_unknown."""
    found = store.grids.one(code)
    if found is None:
        raise grid_unknown(code)
    return found


def save(store: GridStore, command: SaveGrid) -> Grid:
    """A new draft, or other fields of a known grid; absent fields stay."""
    facts = {name: value for name in FACTS if (value := getattr(command, name, None)) is not None}
    ground = heavy(survey, command.geometry.model_dump()) if command.geometry else None
    standing = store.grids.one(command.code)
    if standing and standing.done:
        return standing.grid
    with claim(store):
        if command.create:
            _create(store, command, facts, ground, standing)
        elif standing is None:
            raise grid_unknown(command.code)
        else:
            command.check_version(standing.grid.version)
            _change(store, command, facts, ground, standing)
            store.ground.refresh()
    return held(store, command.code).grid


def act(store: GridStore, command: ActOnGrid) -> Grid:
    """One step of the machine; going live asks for ground of its own and a chief."""
    standing = held(store, command.code)
    if standing.done:
        return standing.grid
    grid = standing.grid
    command.check_version(grid.version)
    if grid.plan:
        raise grid_planned(grid.code, grid.plan)
    after = step(grid.code, grid.state, command.action)
    write = store.grids.moved(standing, after, command.caller.who, command.action, command.note)
    with claim(store):
        if after is GridState.ACTIVE:
            for fault in _against(store, [standing]).values():
                raise fault
        store.grids.write(write)
        store.ground.refresh()
    return held(store, command.code).grid


def activate(store: GridStore, command: ActivateGrids) -> Activated:
    """Many drafts at once, each by the same rules as one: one check of all, one write of all."""
    codes = sorted(set(command.codes))
    standing = store.grids.held(codes)
    faults: dict[str, Fault] = {code: grid_unknown(code) for code in codes if code not in standing}
    unchanged = [one for one in standing.values() if one.grid.state is GridState.ACTIVE and not one.done]
    earlier = [one for one in standing.values() if one.grid.state is GridState.ACTIVE and one.done]
    drafts = []
    for one in standing.values():
        if one.grid.state is GridState.ACTIVE:
            continue
        try:
            if one.grid.plan:
                raise grid_planned(one.grid.code, one.grid.plan)
            step(one.grid.code, one.grid.state, GridAction.ACTIVATE)
            drafts.append(one)
        except Fault as fault:
            faults[one.grid.code] = fault
    with claim(store):
        faults |= _against(store, drafts)
        ready = [one for one in drafts if one.grid.code not in faults]
        faults |= _published(store, ready, command.caller.who)
        store.ground.refresh()
    return Activated(
        activated=len(earlier) + len([one for one in ready if one.grid.code not in faults]),
        unchanged=len(unchanged),
        rejected=[
            ActivationFault(code=code, fault=fault.code, message=both(fault)) for code, fault in sorted(faults.items())
        ],
    )


def _published(store: GridStore, ready: Sequence[Held], actor: str) -> dict[str, Fault]:
    writes = [store.grids.moved(one, GridState.ACTIVE, actor, GridAction.ACTIVATE) for one in ready]
    message = context.message_id()
    outcomes = store.grids.update_many(
        [write._replace(message_ids=(message,)) if message else write for write in writes]
    )
    return {write.id: stale() for write, outcome in zip(writes, outcomes, strict=True) if outcome == "stale"}


def _against(store: GridStore, standing: Sequence[Held]) -> dict[str, Fault]:
    """What stands against these grids being active together."""
    grids = [one.grid for one in standing]
    faults = shortcomings(grids, store.rosters.with_role(Role.CHIEF, [grid.code for grid in grids]))
    return faults | opposed(store, claims_of(grids).without(faults))


def _create(
    store: GridStore, command: SaveGrid, facts: dict[str, object], ground: Surveyed | None, standing: Held | None
) -> None:
    community = store.territories.one(command.code[:12])
    if community is None or community.level is not Level.COMMUNITY:
        raise grid_code_invalid(command.code)
    if not command.name:
        raise Invalid.field("/name", "missing", "新网格必须有名称", "a new grid needs a name")
    _check_size(store, None, facts)
    new = store.grids.new(command.code, facts, ground, command.caller.who, "create")
    if standing or not store.grids.insert(new.document):
        raise grid_exists(command.code)


def _change(
    store: GridStore, command: SaveGrid, facts: dict[str, object], ground: Surveyed | None, standing: Held
) -> None:
    grid = standing.grid
    if grid.state in ENDED:
        raise grid_ended(grid.code, grid.state)
    differing, moved = difference(standing, facts, ground)
    if moved and grid.plan:
        raise grid_planned(grid.code, grid.plan)
    _check_size(store, grid, differing)
    if grid.state in HOLDING and (moved or "overlay_of" in differing):
        for fault in opposed(store, claims_of([as_told(grid, differing, moved)])).values():
            raise fault
    if differing or moved:
        write = store.grids.changed(standing, differing, moved, command.caller.who, "change")
        store.grids.write(write)


def _check_size(store: GridStore, standing: Grid | None, facts: Mapping[str, object]) -> None:
    fault = size_fault(standing, facts, store.grids.large([str(facts["overlay_of"])]) if "overlay_of" in facts else ())
    if fault:
        raise fault


def difference(
    standing: Held, facts: Mapping[str, object], ground: Surveyed | None
) -> tuple[dict[str, object], Surveyed | None]:
    """What of the facts and the ground is not so already."""
    differing = {name: value for name, value in facts.items() if getattr(standing.grid, name) != value}
    return differing, ground if ground and ground.digest != standing.digest else None


def as_told(grid: Grid, facts: Mapping[str, object], ground: Surveyed | None) -> Grid:
    """The grid with other facts and another ground."""
    drawn = {"geometry": Geometry.model_validate(ground.geometry)} if ground else {}
    return grid.model_copy(update={**facts, **drawn})


def opposed(store: GridStore, claims: Claims) -> dict[str, Fault]:
    """What active grids or a community have against this ground, by code."""
    if not claims.shapes:
        return {}
    communities = store.territories.grounds({code[:12] for code in claims.shapes})
    return heavy(objections, claims, communities, store.ground.refresh())

"""Plans as people make them: prepared, committed, cancelled."""

from collections.abc import Sequence

from contracts.faults import Fault, Invalid, NotFound
from contracts.grid import (
    Assessment,
    CancelChange,
    CommitChange,
    Grid,
    GridMerged,
    GridRedrawn,
    GridRetired,
    GridSplit,
    GroundRedrawn,
    Level,
    Plan,
    PlanChange,
    PlanKind,
    PlanState,
    Successor,
)
from contracts.shared import Geometry
from services.chassis import context
from services.chassis.cpu import heavy
from services.grid.domain import grid_code_invalid, grid_unknown, path_of
from services.grid.planning.assessing import Setting, assess
from services.grid.planning.carrying import carry_out, claim
from services.grid.planning.laying import Laid, ground_of, lay_out, shared_out, tellable
from services.grid.planning.moving import main_of
from services.grid.planning.rules import alike, check, ready, step
from services.grid.store import GridStore
from services.grid.store.plans import Kept

TOLD_AS: dict[PlanKind, type[GroundRedrawn]] = {
    PlanKind.SPLIT: GridSplit,
    PlanKind.MERGE: GridMerged,
    PlanKind.ADJUST: GridRedrawn,
    PlanKind.RETIRE: GridRetired,
}


def prepare(store: GridStore, command: PlanChange) -> Plan:
    """A plan and what it would do. Unless it is a dry run, what stands against it refuses it and its sources wait."""
    check(command)
    with claim(store):
        id = store.plans.id()
        standing = store.plans.one(id)
        if standing:
            return standing.plan
        sources = _standing(store, command.sources)
        for source in sources:
            ready(source)
        alike(sources)
        followers = _followers(store, command.successors)
        _communities_known(store, command)
        laid = heavy(shared_out, command.kind, heavy(lay_out, command, sources), sources)
        assessment, objections = _assessed(store, command.kind, laid, sources, followers)
        if command.dry_run:
            return _shown(command, laid, assessment)
        for objection in objections:
            raise objection
        store.plans.prepare(id, command, laid, assessment)
        return _carried_out(store, id)


def commit(store: GridStore, command: CommitChange) -> Plan:
    """Assessed once more, decided in one write, carried out before the answer."""
    with claim(store):
        kept = one(store, command.id)
        if kept.done:
            return kept.plan
        plan = kept.plan
        command.check_version(plan.version)
        step(plan.id, plan.state, "commit")
        sources = _standing(store, plan.sources)
        for source in sources:
            ready(source, plan.id)
        followers = _followers(store, plan.successors)
        laid = heavy(shared_out, plan.kind, kept.laid, sources)
        assessment, objections = _assessed(store, plan.kind, laid, sources, followers)
        for objection in objections:
            raise objection
        store.plans.commit(kept, laid, assessment, _told(plan, laid, followers), command.caller.who)
        return _carried_out(store, plan.id)


def cancel(store: GridStore, command: CancelChange) -> Plan:
    """Its grids are active again, as they were."""
    with claim(store):
        kept = one(store, command.id)
        if kept.done:
            return kept.plan
        command.check_version(kept.plan.version)
        step(kept.plan.id, kept.plan.state, "cancel")
        store.plans.cancel(kept, command.caller.who)
        return _carried_out(store, kept.plan.id)


def one(store: GridStore, id: str) -> Kept:
    """The plan; NotFound plan_unknown."""
    found = store.plans.one(id)
    if found is None:
        raise NotFound("plan_unknown", "没有此调整方案", "no such plan")
    return found


def _carried_out(store: GridStore, id: str) -> Plan:
    kept = one(store, id)
    carry_out(store, kept)
    store.ground.refresh()
    return kept.plan


def _standing(store: GridStore, codes: Sequence[str]) -> list[Grid]:
    held = store.grids.held(codes)
    for code in codes:
        if code not in held:
            raise grid_unknown(code)
    return [held[code].grid for code in codes]


def _followers(store: GridStore, codes: Sequence[str]) -> list[Grid]:
    """The active grids that follow those that are retired."""
    followers = _standing(store, codes)
    for follower in followers:
        ready(follower)
    tellable([ground_of(follower) for follower in followers])
    return followers


def _communities_known(store: GridStore, command: PlanChange) -> None:
    known = store.territories.standing({grid.code[:12] for grid in command.grids})
    for at, grid in enumerate(command.grids):
        community = known.get(grid.code[:12])
        if community is None or community.level is not Level.COMMUNITY:
            fault = grid_code_invalid(grid.code)
            raise Invalid.field(f"/grids/{at}/code", fault.code, fault.errors[0].zh, fault.errors[0].en)


def _assessed(
    store: GridStore, kind: PlanKind, laid: Sequence[Laid], sources: Sequence[Grid], followers: Sequence[Grid]
) -> tuple[Assessment, list[Fault]]:
    new = {grid.code for grid in laid} - ({source.code for source in sources} if kind is PlanKind.ADJUST else set())
    setting = Setting(
        ground=store.ground.refresh(),
        communities=store.territories.grounds({grid.code[:12] for grid in laid}),
        taken=store.grids.states(new),
        open_cases=store.open_cases.counts([source.code for source in sources]),
        followers={grid.code: ground_of(grid) for grid in followers},
        registered=store.dwellings.registered([source.code for source in sources]),
    )
    return heavy(assess, kind, laid, sources, setting)


def _told(plan: Plan, laid: Sequence[Laid], followers: Sequence[Grid]) -> GroundRedrawn:
    successors = [_successor(grid.code, grid.name, Geometry(**grid.ground.geometry)) for grid in laid]
    successors += [_successor(grid.code, grid.name, Geometry(**ground_of(grid))) for grid in followers]
    return TOLD_AS[plan.kind](
        plan=plan.id,
        sources=plan.sources,
        successors=successors,
        main=main_of(plan.kind, {one.code: one.ground.area_m2 for one in laid} or {one.code: 0 for one in followers}),
        at=context.now(),
        version=plan.version + 1,
    )


def _successor(code: str, name: str, geometry: Geometry) -> Successor:
    return Successor(code=code, name=name, community=code[:12], path=path_of(code[:12]), geometry=geometry)


def _shown(command: PlanChange, laid: Sequence[Laid], assessment: Assessment) -> Plan:
    """What a dry run answers: a plan without a name of its own."""
    return Plan(
        id="",
        kind=command.kind,
        state=PlanState.PREPARED,
        sources=command.sources,
        grids=[grid.planned for grid in laid],
        successors=command.successors,
        note=command.note,
        assessment=assessment,
    )

"""What was decided is carried out: grids and rosters follow their plan, as often as it takes.

Every step may be done twice, by anybody: a source follows only while it still waits for the plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from contracts.grid import GridState, PlanKind, PlanState
from services.chassis.aggregates import Changed, New
from services.chassis.cpu import heavy
from services.grid.activation import Shapes
from services.grid.domain import stale
from services.grid.index import Snapshot
from services.grid.planning.laying import ground_of
from services.grid.planning.moving import destinations, main_of
from services.grid.planning.rules import inherited, overlay_of
from services.grid.rosters import Roster
from services.grid.store import GridStore
from services.grid.store.grids import Held, Why
from services.grid.store.plans import Kept
from services.grid.store.rosters import Standing


@contextmanager
def claim(store: GridStore) -> Iterator[None]:
    """Hold the ground from the look at it until the write; what a crash left unfinished has its ground first."""
    with store.claiming:
        for kept in list(store.plans.unfinished()):
            carry_out(store, kept)
        yield


def follow(store: GridStore) -> Snapshot:
    """The index of the ground up to date, never between the writes of a plan."""
    with claim(store):
        return store.ground.refresh()


def carry_out(store: GridStore, kept: Kept) -> None:
    """Bring the grids to where the plan has them, in a fixed number of round trips. Conflict version_stale: again."""
    plan = kept.plan
    why = Why(kept.actor, plan.kind, f"方案 {plan.id}", kept.at)
    sources = store.grids.held(plan.sources)
    if plan.state is PlanState.PREPARED:
        free = [one for one in sources.values() if one.grid.state is GridState.ACTIVE]
        changes = [store.grids.planned(one, plan.id, why) for one in free]
    else:
        waiting = [one for one in sources.values() if one.grid.plan == plan.id]
        if plan.state is PlanState.CANCELLED:
            changes = [store.grids.settled(one, {}, None, why) for one in waiting]
        else:
            _found(store, kept, sources, why)
            changes = [_followed(store, kept, one, why) for one in waiting]
    # each decision reaches a grid once ever, also from a process that has read an earlier one
    marked = [one._replace(message_ids=(f"plan:{plan.id}:{plan.state}",)) for one in changes]
    if "stale" in store.grids.update_many(marked):
        raise stale()
    if plan.state is PlanState.COMMITTED:
        _rehoused(store, kept)
    store.plans.finished(kept)


def _found(store: GridStore, kept: Kept, sources: Mapping[str, Held], why: Why) -> None:
    """The new grids, live and staffed."""
    if kept.plan.kind not in (PlanKind.SPLIT, PlanKind.MERGE):
        return
    rosters = store.rosters.postings(kept.plan.sources)
    postings = inherited([rosters[code] for code in kept.plan.sources if code in rosters])
    if postings:
        rosters_to_be = [store.rosters.next(one.code, Standing(), Roster(postings), active=False) for one in kept.laid]
        store.rosters.insert_many([new for new in rosters_to_be if isinstance(new, New)])
    first = sources[kept.plan.sources[0]].grid
    kind = {name: getattr(first, name) for name in ("kind", "party_branch", "responsible_body", "large")}
    kind["overlay_of"] = overlay_of([sources[code].grid for code in kept.plan.sources])
    store.grids.insert_many(
        [
            store.grids.founded(
                one.code,
                {**kind, "name": one.name, "households": one.households, "population": one.population},
                one.ground,
                kept.plan.sources,
                why,
            )
            for one in kept.laid
        ]
    )


def _followed(store: GridStore, kept: Kept, source: Held, why: Why) -> Changed:
    if kept.plan.kind is not PlanKind.ADJUST:
        return store.grids.retired(source, _successors(kept), why)
    laid = next(one for one in kept.laid if one.code == source.grid.code)
    facts = {"name": laid.name, "households": laid.households, "population": laid.population}
    return store.grids.settled(source, facts, laid.ground if laid.ground.digest != source.digest else None, why)


def _rehoused(store: GridStore, kept: Kept) -> None:
    """The buildings are where their ground is; their households follow by the clock."""
    plan = kept.plan
    if kept.laid:
        followers: Shapes = {one.code: one.ground.geometry for one in kept.laid}
        areas = {one.code: one.ground.area_m2 for one in kept.laid}
    else:
        held = store.grids.held(plan.successors)
        followers = {code: ground_of(held[code].grid) for code in plan.successors}
        areas = dict.fromkeys(plan.successors, 0.0)
    registered = store.dwellings.registered(plan.sources)
    moves = heavy(destinations, registered, followers, main_of(plan.kind, areas)) if registered else {}
    store.dwellings.regrid(moves, kept.actor)


def _successors(kept: Kept) -> Sequence[str]:
    return [one.code for one in kept.laid] or kept.plan.successors

"""Whatever plans are made in whatever order: one grid holds each place, no code comes back, who follows whom agrees."""

from itertools import count, pairwise
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from contracts.faults import Fault
from contracts.grid import ActOnGrid, CancelChange, CommitChange, Grid, GridAction, GridState, ListPlans, Plan
from services.chassis.ground import Ground
from services.grid.changing import act, activate
from services.grid.domain import HOLDING
from services.grid.geometry import overlaps
from services.grid.planning import deciding
from services.grid.store import GridStore
from tests.grid.sources import OPERATOR, STEP, code
from tests.grid.test_history import history, prepared
from tests.grid.test_plans import SIX, ActivateGrids, asked

STEPS = st.sampled_from(["split", "merge", "adjust", "retire", *["commit"] * 4, "cancel", "suspend", "resume"])
turns = st.lists(st.tuples(STEPS, st.integers(0, 100), st.integers(0, 100)), min_size=3, max_size=12)


class Town:
    """A community whose grids are changed by many hands."""

    def __init__(self, store: GridStore) -> None:
        self.store, self.numbers = store, count(100)
        activate(store, ActivateGrids(caller=OPERATOR, codes=SIX))
        self.households = self.living()

    def grids(self) -> list[Grid]:
        return sorted(self.store.grids.drawn(None), key=lambda one: one.code)

    def living(self) -> int:
        ended = {GridState.RETIRED, GridState.DRAFT}
        return sum(one.households or 0 for one in self.grids() if one.state not in ended)

    def take(self, step: str, first: int, second: int) -> None:
        """One step, refused or not."""
        live = [one for one in self.grids() if one.state not in (GridState.DRAFT, GridState.RETIRED)]
        one, other = (live[at % len(live)] for at in (first, second))
        plans = self.store.plans.page(ListPlans.model_validate({"caller": OPERATOR, "state": "prepared"})).items
        if step in ("commit", "cancel") and plans:
            self.decide(step, plans[first % len(plans)])
        elif step in ("suspend", "resume"):
            act(self.store, ActOnGrid(caller=OPERATOR, code=one.code, action=GridAction(step)))
        elif step == "retire":
            deciding.prepare(self.store, asked("retire", [one.code], successors=[other.code]))
        elif step == "merge":
            deciding.prepare(self.store, asked("merge", [one.code, other.code], [self.new()]))
        elif step == "adjust":
            swapped = [
                {"code": one.code, "geometry": other.geometry},
                {"code": other.code, "geometry": one.geometry},
            ]
            deciding.prepare(self.store, asked("adjust", [one.code, other.code], swapped))
        elif step == "split":
            deciding.prepare(self.store, asked("split", [one.code], [self.new(), self.new()], cut=across(one, second)))

    def decide(self, step: str, plan: Plan) -> None:
        before = self.living()
        if step == "cancel":
            deciding.cancel(self.store, CancelChange(caller=OPERATOR, id=plan.id))
        else:
            deciding.commit(self.store, CommitChange(caller=OPERATOR, id=plan.id))
            lost = plan.assessment.households_before or 0
            assert self.living() == (before - lost if plan.kind == "retire" else before)

    def new(self) -> dict[str, Any]:
        """Now and then with a code that was there before."""
        number = next(self.numbers)
        return {"code": code(number if number % 7 else 2), "name": f"第{number}网格"}


def across(grid: Grid, share: int) -> list[dict[str, float]]:
    assert grid.geometry is not None
    parts = grid.geometry.coordinates if grid.geometry.type == "Polygon" else grid.geometry.coordinates[0]
    longitudes = [place[0] for place in parts[0]]  # type: ignore[index,union-attr]
    west, east = min(longitudes), max(longitudes)
    middle = west + (east - west) * (0.1 + 0.8 * share / 100)
    return [{"longitude": middle, "latitude": 41.93 + far * STEP} for far in (-5, 9)]


def keeps_its_promises(town: Town) -> None:
    grids = {one.code: one for one in town.grids()}
    holding = {one.code: one.geometry.model_dump() for one in grids.values() if one.state in HOLDING and one.geometry}
    assert overlaps(holding, Ground()) == []
    assert set(town.store.ground.snapshot.grids.codes) == set(holding)
    for one in grids.values():
        assert (one.plan is not None) == (one.state is GridState.CHANGING)
        assert bool(one.successors) <= (one.state is GridState.RETIRED)
        assert all(one.code in grids[source].successors for source in one.predecessors)
        periods = history(town.store, one.code)[::-1]
        assert [after.valid_from for _, after in pairwise(periods)] == [each.valid_to for each, _ in pairwise(periods)]
    wanted = {source for plan in prepared_plans(town) for source in plan.sources}
    assert wanted == {one.code for one in grids.values() if one.plan}


def prepared_plans(town: Town) -> list[Plan]:
    return town.store.plans.page(ListPlans.model_validate({"caller": OPERATOR, "state": "prepared"})).items


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns)
def test_no_order_of_plans_breaks_the_registry(
    database: Database[dict[str, Any]], wanted: list[tuple[str, int, int]]
) -> None:
    town = Town(prepared(database.client[f"t{uuid4().hex}"]))
    for step, first, second in wanted:
        try:
            town.take(step, first, second)
        except Fault:
            continue
        keeps_its_promises(town)

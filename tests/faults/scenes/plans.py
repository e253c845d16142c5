"""Scenes of plans: at the registry that carries them out, and at the case desk that follows them."""

from datetime import UTC, datetime

from contracts import cases, grid
from contracts.cases import CaseSource, CaseState, CaseStep
from contracts.grid import GridRedrawn, GroundRedrawn, PlanKind, Successor
from contracts.shared import Geometry, Point
from services.chassis.links import Outgoing
from tests.alerts.scene import GRID, PATH
from tests.cases.test_intake import incident
from tests.faults.scenes.grid import CODES
from tests.faults.scenes.scene import CALLER, PUBLISHING, WRITING, Scene
from tests.faults.stage import Stage
from tests.grid.sources import CORNER, STEP, code

NEVER = (*WRITING, *PUBLISHING)
CHANGED = {"plans": 1, "grids": 1, "grid.adjusted.v1": 1}
COLUMNS = 4


def splitting(number: int) -> grid.PlanChange:
    """A cut from north to south through one of the twelve."""
    column, row = number % COLUMNS, number // COLUMNS
    west, south = CORNER[0] + (column + 0.5) * STEP, CORNER[1] + row * STEP
    new = [{"code": code(100 + 2 * number + half), "name": f"新{number}-{half}"} for half in (0, 1)]
    return grid.PlanChange.model_validate(
        {
            "caller": CALLER,
            "kind": PlanKind.SPLIT,
            "sources": [CODES[number]],
            "grids": new,
            "cut": [Point(longitude=west, latitude=south + far * STEP) for far in (-0.01, 1.01)],
        }
    )


async def _plan(_: Stage, number: int) -> grid.PlanChange:
    return splitting(number)


async def _commit(stage: Stage, number: int) -> grid.CommitChange:
    plan = await stage.ask(splitting(number))
    return grid.CommitChange(caller=CALLER, id=plan.id, expected_version=plan.version)


async def _cancel(stage: Stage, number: int) -> grid.CancelChange:
    plan = await stage.ask(splitting(number))
    return grid.CancelChange(caller=CALLER, id=plan.id, expected_version=plan.version)


async def _get(stage: Stage, number: int) -> grid.GetPlan:
    return grid.GetPlan(caller=CALLER, id=(await stage.ask(splitting(number))).id)


async def _list(_: Stage, __: int) -> grid.ListPlans:
    return grid.ListPlans(caller=CALLER)


async def _history(_: Stage, __: int) -> grid.ListGridHistory:
    return grid.ListGridHistory(caller=CALLER, code=CODES[11])


def _copied(event: type[CaseStep], state: CaseState, **more: object) -> Scene:
    """The registry notes where a case waits."""

    async def order(stage: Stage, number: int) -> Outgoing:
        told = {"case_no": f"N{number}", "state": state, "category": "safety", "grid": CODES[0], "version": 1, **more}
        return stage.heard(event.model_validate(told), f"N{number}", 1)

    return Scene(event, order, {"open_cases": 1}, never=NEVER)


def _followed(event: type[GroundRedrawn], effect: dict[str, int]) -> Scene:
    """The case desk takes an open case along."""

    async def order(stage: Stage, number: int) -> Outgoing:
        old, new = (f"{GRID[:12]}{number + far:03d}" for far in (200, 400))
        point = Point(longitude=131.01, latitude=45.01)
        heard = incident(id=f"P{number}", grid=old, path=PATH, point=point)
        opened = stage.database["cases"]
        await stage.applied(
            stage.heard(heard, heard.id, 1), done=lambda: opened.find_one({"incident": heard.id}), what="a case"
        )
        ring = [[131.0, 45.0], [131.02, 45.0], [131.02, 45.02], [131.0, 45.02], [131.0, 45.0]]
        ground = Geometry(type="Polygon", coordinates=[ring])
        successor = Successor(code=new, name=new, community=new[:12], path=PATH, geometry=ground)
        redrawn = event(plan=f"plan{number}", sources=[old], successors=[successor], at=datetime.now(UTC), version=2)
        return stage.heard(redrawn, redrawn.plan, 2)

    return Scene(event, order, {"cases": 1, "cases.moved.v1": 1, **effect})


GRID_SCENES = [
    Scene(
        grid.PlanChange,
        _plan,
        # the period that ends is that of the second version
        {**CHANGED, "grid_periods": 2},
        answer={"state": "prepared"},
        more=("before_write:2", "after_write:2"),
    ),
    Scene(
        grid.CommitChange,
        _commit,
        {
            **CHANGED,
            "grids": 3,
            "grid_periods": 3,
            "assignments": 2,
            "grid.split.v1": 1,
            "grid.published.v1": 2,
            "grid.staffed.v1": 2,
        },
        answer={"state": "committed"},
        more=tuple(f"{point}:{nth}" for nth in (2, 3, 4) for point in WRITING),
    ),
    Scene(
        grid.CancelChange,
        _cancel,
        {**CHANGED, "grid_periods": 3},
        answer={"state": "cancelled"},
        more=("before_write:2", "after_write:2"),
    ),
    Scene(grid.GetPlan, _get, answer={"state": "prepared"}),
    Scene(grid.ListPlans, _list),
    Scene(grid.ListGridHistory, _history),
    _copied(cases.CaseReported, CaseState.REPORTED, source=CaseSource.PATROL),
    _copied(cases.CaseMoved, CaseState.HANDLING, from_grid=CODES[1]),
    _copied(cases.CaseClosed, CaseState.CLOSED),
    _copied(cases.CaseRejected, CaseState.REJECTED),
    _copied(cases.CaseWithdrawn, CaseState.WITHDRAWN),
    _copied(cases.CaseReopened, CaseState.FILED),
]
CASES_SCENES = [
    *(_followed(event, {"redrawn": 1}) for event in (grid.GridSplit, grid.GridMerged, grid.GridRetired)),
    _followed(GridRedrawn, {}),
]

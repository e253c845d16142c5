"""Scenes of the ground."""

from typing import Any

from contracts import grid
from contracts.grid import GridAction, Role
from contracts.shared import Point
from tests.faults.scenes.scene import CALLER, PUBLISHING, Scene
from tests.faults.stage import Stage
from tests.grid.sources import FIRST, chiefs, code, daoyi_rows, grid_rows, middle, person, rows

CODES = [code(number) for number in range(1, 13)]
# the period that ends is that of the second version
ADJUSTED = {"grids": 1, "grid_periods": 2, "grid.adjusted.v1": 1}


async def drafts(stage: Stage) -> None:
    """A street, twelve grids with their chief, none of them live."""
    given = [
        ("divisions", daoyi_rows()),
        ("grids", grid_rows(4, 3)),
        ("staff", rows(person("S1"), person("W1", "worker"))),
        ("assignments", chiefs(CODES)),
    ]
    for kind, each in given:
        report = await stage.ask(grid.ImportGround(caller=CALLER, kind=kind, rows=each))  # type: ignore[arg-type]
        assert not report.rejected, report


async def stand(stage: Stage) -> None:
    """The same, live."""
    await drafts(stage)
    done = await stage.ask(grid.ActivateGrids(caller=CALLER, codes=CODES))
    assert done.activated == len(CODES), done


def version(stage: Stage, collection: str, id: str) -> int:
    """Where a document stands: what a careful client expects."""
    found = stage.database[collection].find_one({"_id": id}, {"version": 1})
    assert found, id
    return int(found["version"])


async def _import(_: Stage, number: int) -> grid.ImportGround:
    people = rows(person(f"I{number}"), person(f"J{number}"))
    return grid.ImportGround(caller=CALLER, kind="staff", rows=people)


async def _save(stage: Stage, number: int) -> grid.SaveGrid:
    code = CODES[number % len(CODES)]
    expected = version(stage, "grids", code)
    return grid.SaveGrid(caller=CALLER, code=code, name=f"网格{number}", expected_version=expected)


async def _suspend(stage: Stage, number: int) -> grid.ActOnGrid:
    code = CODES[number % len(CODES)]
    expected = version(stage, "grids", code)
    return grid.ActOnGrid(caller=CALLER, code=code, action=GridAction.SUSPEND, expected_version=expected)


async def _activate(_: Stage, number: int) -> grid.ActivateGrids:
    return grid.ActivateGrids(caller=CALLER, codes=[CODES[number % len(CODES)]])


async def _staff(stage: Stage, number: int) -> grid.SaveStaff:
    staff_no = f"P{number}"
    await stage.ask(grid.SaveStaff(caller=CALLER, staff_no=staff_no, name="某人", role=Role.CHIEF))
    expected = version(stage, "staff", staff_no)
    told = {"staff_no": staff_no, "name": f"王{number}", "role": Role.CHIEF, "expected_version": expected}
    return grid.SaveStaff(caller=CALLER, **told)


async def _assign(stage: Stage, number: int) -> grid.Assign:
    code = CODES[number % len(CODES)]
    expected = version(stage, "assignments", code)
    return grid.Assign(caller=CALLER, staff_no="W1", target=code, role=Role.WORKER, expected_version=expected)


async def _locate(_: Stage, __: int) -> grid.Locate:
    longitude, latitude = middle(0, 0)
    return grid.Locate(caller=CALLER, longitude=longitude, latitude=latitude)


async def _locate_many(_: Stage, __: int) -> grid.LocateMany:
    longitude, latitude = middle(0, 0)
    return grid.LocateMany(caller=CALLER, points=[Point(longitude=longitude, latitude=latitude)])


def _query(query: type[Any], answer: dict[str, Any] | None = None, **told: Any) -> Scene:
    async def order(_: Stage, __: int) -> Any:
        return query(caller=CALLER, **told)

    return Scene(query, order, answer=answer or {})


SCENES = [
    Scene(
        grid.ImportGround,
        _import,
        {"staff": 2, "imports": 1, "grid.imported.v1": 1},
        # an import that was cut short counts as unchanged what its first attempt created
        answer={"read": 2, "rejected": []},
        more=("before_write:2", "after_write:2"),
    ),
    Scene(grid.SaveGrid, _save, ADJUSTED),
    Scene(grid.ActOnGrid, _suspend, ADJUSTED, answer={"state": "suspended"}),
    Scene(
        grid.ActivateGrids,
        _activate,
        {"grids": 1, "grid.published.v1": 1},
        answer={"activated": 1, "unchanged": 0, "rejected": []},
        stand=drafts,
    ),
    Scene(grid.SaveStaff, _staff, {"staff": 1}, never=PUBLISHING),
    Scene(grid.Assign, _assign, {"assignments": 1, "grid.staffed.v1": 1}),
    Scene(grid.Locate, _locate, answer={"grid": CODES[0]}),
    Scene(grid.LocateMany, _locate_many),
    _query(grid.WhoIsResponsible, grid=CODES[0]),
    _query(grid.GetGridFigures, {"staff": 2}),
    _query(grid.GetTerritory, {"code": FIRST}, code=FIRST),
    _query(grid.ListTerritories),
    _query(grid.GetGrid, {"state": "active"}, code=CODES[0]),
    _query(grid.ListGrids),
    _query(grid.ListStaff),
    _query(grid.ListAssignments, target=CODES[0]),
]

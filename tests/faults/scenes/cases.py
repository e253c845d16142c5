"""Scenes of the cases."""

from contracts import cases
from contracts.alerts import IncidentOpened
from contracts.cases import CaseAction, Place
from contracts.grid import GridAdjusted, GridPublished, GridStaffed, Posting, Role
from contracts.shared import Row
from services.chassis.links import Outgoing
from tests.alerts.scene import GRID, PATH, grid_published
from tests.cases.test_intake import incident
from tests.faults.scenes import alerts
from tests.faults.scenes.grid import version
from tests.faults.scenes.scene import CALLER, PUBLISHING, WRITING, Scene
from tests.faults.stage import Stage

NEVER = (*WRITING, *PUBLISHING)


async def stand(stage: Stage) -> None:
    """A grid, who works there, and one case."""
    published = grid_published()
    staffed = GridStaffed(target=GRID, postings=[Posting(staff_no="W1", role=Role.WORKER)], version=1)
    copies = [stage.database[name] for name in ("grid_copies", "roster_copies")]
    await stage.applied(
        stage.heard(published, GRID, 1),
        stage.heard(staffed, GRID, 1),
        done=lambda: all(copy.find_one({}) for copy in copies),
        what="a grid with its worker",
    )
    await stage.ask(_reporting("the first"))


def _reporting(description: str) -> cases.ReportCase:
    return cases.ReportCase(caller=CALLER, category="safety.sensor", description=description, place=Place(grid=GRID))


def _first(stage: Stage) -> str:
    found = stage.database["cases"].find_one({})
    return str((found or {})["_id"])


async def _incident(stage: Stage, number: int) -> Outgoing:
    told = incident(id=f"I{number}", grid=GRID, path=PATH)
    return stage.heard(told, told.id, 1)


async def _staffed(stage: Stage, number: int) -> Outgoing:
    target = f"{GRID[:12]}{number + 100:03d}"
    return stage.heard(GridStaffed(target=target, postings=[], version=1), target, 1)


async def _report(_: Stage, number: int) -> cases.ReportCase:
    return _reporting(f"case {number}")


async def _act(stage: Stage, number: int) -> cases.ActOnCase:
    opened = await stage.ask(_reporting(f"case {number}"))
    expected = version(stage, "cases", opened.case_no)
    told = {"case_no": opened.case_no, "action": CaseAction.FILE, "expected_version": expected}
    return cases.ActOnCase(caller=CALLER, **told)


async def _import(_: Stage, number: int) -> cases.ImportCategories:
    values = {"code": f"safety.made{number}", "name": "演练", "parent": "safety"}
    return cases.ImportCategories(caller=CALLER, rows=[Row(line=2, values=values)])


async def _get(stage: Stage, _: int) -> cases.GetCase:
    return cases.GetCase(caller=CALLER, case_no=_first(stage))


async def _timeline(stage: Stage, _: int) -> cases.GetCaseTimeline:
    return cases.GetCaseTimeline(caller=CALLER, case_no=_first(stage))


async def _list(_: Stage, __: int) -> cases.ListCases:
    return cases.ListCases(caller=CALLER)


async def _categories(_: Stage, __: int) -> cases.ListCategories:
    return cases.ListCategories(caller=CALLER)


async def _figures(_: Stage, __: int) -> cases.GetCaseFigures:
    return cases.GetCaseFigures(caller=CALLER)


async def _behind(_: Stage, __: int) -> cases.ListFigureCases:
    return cases.ListFigureCases(caller=CALLER, figure=cases.CaseFigure.OPEN)


OPENED = {"cases": 1, "cases.reported.v1": 1}
SCENES = [
    Scene(IncidentOpened, _incident, OPENED),
    Scene(GridPublished, alerts._published, {"grid_copies": 1}, never=NEVER),
    Scene(GridAdjusted, alerts._adjusted, {"grid_copies": 1}, never=NEVER),
    Scene(GridStaffed, _staffed, {"roster_copies": 1}, never=NEVER),
    Scene(cases.ReportCase, _report, OPENED, answer={"state": "reported", "assignee": "W1"}),
    Scene(cases.ActOnCase, _act, {"cases": 1, "cases.filed.v1": 1}, answer={"state": "filed"}),
    Scene(cases.ImportCategories, _import, {"categories": 1}, never=NEVER),
    Scene(cases.GetCase, _get, answer={"description": "the first"}),
    Scene(cases.GetCaseTimeline, _timeline),
    Scene(cases.ListCases, _list),
    Scene(cases.ListCategories, _categories),
    Scene(cases.GetCaseFigures, _figures),
    Scene(cases.ListFigureCases, _behind),
]

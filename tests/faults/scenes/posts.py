"""Scenes of postings: leaves and vacancies."""

from contracts import grid
from contracts.grid import AssignmentAction, Role
from tests.faults.scenes.grid import CODES, version
from tests.faults.scenes.scene import CALLER, Scene
from tests.faults.stage import Stage


async def _act(stage: Stage, number: int) -> grid.ActOnAssignment:
    code = CODES[number % len(CODES)]
    return grid.ActOnAssignment(
        caller=CALLER,
        staff_no="S1",
        target=code,
        role=Role.CHIEF,
        action=AssignmentAction.START_LEAVE,
        vacant=True,
        expected_version=version(stage, "assignments", code),
    )


async def _vacancies(_: Stage, __: int) -> grid.ListVacancies:
    return grid.ListVacancies(caller=CALLER)


LEFT = {"grid.staffed.v1": 1, "grid.staff_on_leave.v1": 1, "grid.unstaffed.v1": 1}
WORKER_LACKS = [{"target": code, "role": "worker", "reason": "nobody", "staff_no": None} for code in CODES]

SCENES = [
    Scene(grid.ActOnAssignment, _act, {"assignments": 1, **LEFT}, answer={"state": "on_leave", "staff_no": "S1"}),
    Scene(grid.ListVacancies, _vacancies, answer={"items": WORKER_LACKS}),
]

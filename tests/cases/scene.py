"""The ground, the people and a case on which the machine's tests play."""

from datetime import datetime

from contracts.cases import ActOnCase, CaseAction, CaseState, Category, Feedback, Place
from contracts.grid import Posting, Role
from contracts.shared import Caller, Scope
from services.cases.calendar import SHANGHAI
from services.cases.domain import CaseRecord
from services.cases.effects import Setting
from services.cases.machine import Outcome, act

GRID, COMMUNITY, STREET, COUNTY = "230902001001001", "230902001001", "230902001", "230902"
PATH = ["23", "2309", COUNTY, STREET, COMMUNITY]
MONDAY = datetime(2026, 3, 2, 9, tzinfo=SHANGHAI)
LIMITS = Category(code="livelihood.water", name="供水", parent="livelihood")
ROSTERS = {
    GRID: [Posting(staff_no="W1", role=Role.WORKER)],
    f"{STREET}000": [Posting(staff_no="S1", role=Role.SUPERVISOR)],
}

DESK = Caller(client="desk", actor="dispatcher", scopes=frozenset({Scope.CASES_HANDLE, Scope.CASES_READ}))
CHECKER = DESK.model_copy(update={"actor": "checker"})
ABOVE = Caller(client="city", actor="chief", territory=PATH[1], scopes=DESK.scopes)
WORKER = Caller(client="app", actor="W1", scopes=frozenset({Scope.CASES_READ}))
RESIDENT = Caller(client="app", actor="R1", scopes=frozenset({Scope.CASES_REPORT}))

FILLED = {
    "reason": "原因",
    "result": "已办结",
    "hours": 5,
    "evidence": ["photo:1"],
    "feedback": Feedback(responded=True, solved=True, satisfied=True),
}


def reported(**fields: object) -> CaseRecord:
    """A case as a resident's report leaves it."""
    given = {"site_check_required": False, **fields}
    return CaseRecord(
        case_no="20260302230902000000011",
        state=CaseState.REPORTED,
        version=1,
        category=LIMITS.code,
        place=Place(grid=GRID, path=PATH),
        alert=None,
        reported_by=("app", "R1"),
        **given,  # type: ignore[arg-type]
    )


def entitled(action: CaseAction) -> Caller:
    """Somebody who may take this step, and never the one who resolves."""
    special = {
        CaseAction.EXTEND: ABOVE,
        CaseAction.SUSPEND: ABOVE,
        CaseAction.WITHDRAW: RESIDENT,
        CaseAction.RESOLVE: WORKER.model_copy(update={"scopes": DESK.scopes}),
        CaseAction.PASS: CHECKER,
        CaseAction.FAIL: CHECKER,
    }
    return special.get(action, DESK)


def command(action: CaseAction | str, caller: Caller, **fields: object) -> ActOnCase:
    """A step's command."""
    return ActOnCase.model_validate({"caller": caller, "case_no": "x", "action": action, **fields})


def take(
    record: CaseRecord, action: str, now: datetime = MONDAY, caller: Caller | None = None, **fields: object
) -> Outcome:
    """Take a step as somebody entitled, with every field filled in unless given."""
    who = caller or entitled(CaseAction(action))
    filled = {**FILLED, **fields}
    return act(record, command(action, who, **filled), Setting(who, now, LIMITS, ROSTERS))


def after(*actions: str, **fields: object) -> CaseRecord:
    """A case after these steps."""
    record = reported(**fields)
    for action in actions:
        record = take(record, action).record
    return record

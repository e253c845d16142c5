"""工单: the desk with its clocks; why a case is late, where it is now, and every step since the report."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from contracts.shared import Scope
from services.console import wording
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/cases", "工单", "Cases", place=30, scope=Scope.CASES_READ)
router = page.router
FIELDS = ("state", "grid", "assignee", "category", "alert", "cursor")
# what a step may need to be told; which of them it does need is the service's own condition
ASKED: dict[str, tuple[str, ...]] = {
    "reject": ("reason", "result"),
    "dispatch": ("org", "assignee"),
    "return": ("reason",),
    "transfer": ("org", "reason"),
    "extend": ("hours", "reason"),
    "suspend": ("hours", "reason"),
    "resolve": ("result", "evidence"),
    "fail": ("reason",),
    "call_back": ("solved",),
}
MOST_DIGITS = 6


@router.get("/cases")
async def list_cases(view: Viewed) -> Response:
    """Newest first."""
    return await view.show_list("cases", view.asked(*FIELDS), words=wording)


@router.get("/cases/{case_no}")
async def show_case(view: Viewed, case_no: str) -> Response:
    """One case: its clocks, its steps, and what is legal now."""
    paths = at("/v1/cases/{}", case_no), at("/v1/cases/{}/timeline", case_no)
    found, timeline = await asyncio.gather(*map(view.door.get, paths))
    return view.show("case.html", one=found, steps=timeline["items"], asked=ASKED, words=wording)


@router.post("/cases/{case_no}/{action}")
async def act(view: Viewed, case_no: str, action: str) -> Response:
    """One step, in the operator's name."""
    told = await view.filled(*ASKED.get(action, ()), "note")
    await view.door.post(at("/v1/cases/{}:{}", case_no, action), body_of(told))
    return RedirectResponse(at("/cases/{}", case_no), 303)


def body_of(told: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, in the shapes of the request; an hour that is no number goes on as it is and is refused."""
    body: dict[str, Any] = dict(told)
    if "evidence" in body:
        body["evidence"] = body["evidence"].split()
    if "solved" in body:
        body["feedback"] = {"solved": body.pop("solved") == "yes"}
    if body.get("hours", "").isdecimal() and len(body["hours"]) <= MOST_DIGITS:
        body["hours"] = int(body["hours"])
    return body

"""工单: the desk with its clocks; why a case is late, where it is now, and every step since the report."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import RedirectResponse, Response

from contracts.shared import Scope
from services.console.door import at
from services.console.lateness import Account, pressing
from services.console.names import Names
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
    "call_back": ("responded", "solved", "satisfied"),
}
MOST_DIGITS = 6


@router.get("/cases")
async def list_cases(view: Viewed) -> Response:
    """Newest first."""
    categories = await view.request.app.state.names.categories(view.door)
    return await view.show_list("cases", view.asked(*FIELDS), categories=categories, pressing=pressing)


@router.get("/cases/{case_no}")
async def show_case(view: Viewed, case_no: str) -> Response:
    """One case: its clocks, its steps, and what is legal now."""
    paths = at("/v1/cases/{}", case_no), at("/v1/cases/{}/timeline", case_no)
    names: Names = view.request.app.state.names
    found, timeline, categories = await asyncio.gather(*map(view.door.get, paths), names.categories(view.door))
    orgs = await names.territories(view.session, view.door, [found["owner_org"]])
    owner = orgs.get(found["owner_org"], found["owner_org"])
    steps = timeline["items"]
    return view.show(
        "case.html",
        one=found,
        steps=steps,
        owner=owner,
        categories=categories,
        standing=Account(found, steps, datetime.now(UTC), view.language, owner).standing(),
        asked=ASKED,
    )


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
    if said := {name: body.pop(name) == "yes" for name in ASKED["call_back"] if name in body}:
        body["feedback"] = said
    if body.get("hours", "").isdecimal() and len(body["hours"]) <= MOST_DIGITS:
        body["hours"] = int(body["hours"])
    return body

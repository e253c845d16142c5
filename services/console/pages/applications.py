"""办件: what people have applied for, how long there is to decide, and the next step of each."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/applications", "办件", "Applications", place=45, scope=Scope.CATALOGUE_HANDLE)
router = page.router
FIELDS = ("state", "item_code", "cursor")
# what a step may need to be told; which of them it does need is the service's own condition
ASKED: dict[str, tuple[str, ...]] = {
    "submit": ("materials",),
    "accept": ("reason",),
    "ask_correction": ("missing",),
    "correct": ("materials",),
    "not_accept": ("reason",),
    "review": ("reason",),
    "decide": ("decision", "reason"),
    "deliver": ("delivery",),
    "withdraw": ("reason",),
}
# one thing a line
LISTS = ("materials", "missing")


@router.get("/applications")
async def list_applications(view: Viewed) -> Response:
    """Newest first."""
    return await view.show_list("applications", view.asked(*FIELDS))


@router.get("/applications/{app_no}")
async def show_application(view: Viewed, app_no: str) -> Response:
    """One application: what was handed in, its clock, its steps, and what is legal now."""
    paths = at("/v1/applications/{}", app_no), at("/v1/applications/{}/timeline", app_no)
    found, timeline = await asyncio.gather(*map(view.door.get, paths))
    record = timeline["items"]
    return view.show("application.html", one=found, record=record, asked=ASKED, lists=LISTS)


@router.post("/applications/{app_no}/{action}")
async def act(view: Viewed, app_no: str, action: str) -> Response:
    """One step, in the operator's name."""
    told = await view.filled(*ASKED.get(action, ()))
    await view.door.post(at("/v1/applications/{}:{}", app_no, action), body_of(told))
    return RedirectResponse(at("/applications/{}", app_no), 303)


def body_of(told: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, in the shapes of the request."""
    return {name: lines(text) if name in LISTS else text for name, text in told.items()}


def lines(text: str) -> list[str]:
    """Those that say something."""
    return [line for line in text.splitlines() if line.strip()]

"""告警: what cameras have raised, live; what happened to each, where, and what an operator may do now."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Form
from starlette.responses import RedirectResponse, Response

from contracts.shared import Scope
from services.console.course import course
from services.console.door import Problem, at
from services.console.pages import Page
from services.console.rendering import View, Viewed

page = Page("/alerts", "告警", "Alerts", place=20, scope=Scope.ALERTS_READ)
router = page.router
FIELDS = ("state", "type", "grid", "device", "incident", "muted", "cursor")
LOOKS_SHOWN = 20


@router.get("/alerts")
async def list_alerts(view: Viewed) -> Response:
    """Newest first; the table asks for itself again every second."""
    return await view.show_list("alerts", view.asked(*FIELDS))


@router.get("/alerts/{id}")
async def show_alert(view: Viewed, id: str) -> Response:
    """What happened to it, and all that has to do with it."""
    one = await view.door.get(at("/v1/alerts/{}", id))
    case, incident, report, views = await asyncio.gather(
        _beside(view, Scope.CASES_READ, "/v1/cases/{}", one["case_no"]),
        _beside(view, Scope.ALERTS_READ, "/v1/incidents/{}", one["incident"]),
        _beside(view, Scope.ALERTS_READ, "/v1/reports/{}", one["report"]),
        _views(view, id),
    )
    passed = course(one, case, incident, datetime.now(UTC), view.language)
    return view.show("alert.html", one=one, case=case, incident=incident, report=report, views=views, course=passed)


@router.post("/alerts/{id}/look")
async def look(view: Viewed, id: str) -> Response:
    """Where its pictures are, in this one answer only, and the look on record."""
    found = await view.door.post(at("/v1/alerts/{}/media:look", id), await view.filled("purpose"))
    return view.show("media_looked_part.html", found=found, views=await _views(view, id))


@router.post("/alerts/{id}/{action}")
async def act(
    view: Viewed,
    id: str,
    action: str,
    verdict: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """One step, in the operator's name."""
    fields = {"verdict": verdict, "note": note.strip()}
    await view.door.post(at("/v1/alerts/{}:{}", id, action), {name: value for name, value in fields.items() if value})
    return RedirectResponse(at("/alerts/{}", id), 303)


async def _beside(view: View, scope: Scope, path: str, key: str | None) -> Any:
    """What stands beside the alert; it is shown without what the operator may not see or has expired."""
    if key is None:
        return None
    try:
        return await view.within(scope, at(path, key))
    except Problem:
        return None


async def _views(view: View, id: str) -> Any:
    return await view.within(Scope.ADMIN, "/v1/media-views", alert=id, limit=LOOKS_SHOWN)

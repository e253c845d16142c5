"""告警: what cameras have raised, live; what happened to each, and what an operator may do now."""

from typing import Annotated

from fastapi import Form
from starlette.responses import RedirectResponse, Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/alerts", "告警", "Alerts", place=20, scope=Scope.ALERTS_READ)
router = page.router
FIELDS = ("state", "type", "grid", "device", "cursor")


@router.get("/alerts")
async def list_alerts(view: Viewed) -> Response:
    """Newest first; the table asks for itself again every second."""
    return await view.show_list("alerts", view.asked(*FIELDS))


@router.get("/alerts/{id}")
async def show_alert(view: Viewed, id: str) -> Response:
    """What happened to it."""
    return view.show("alert.html", one=await view.door.get(at("/v1/alerts/{}", id)))


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

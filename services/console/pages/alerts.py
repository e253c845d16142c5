"""告警: what cameras have raised, live; what happened to each, and what an operator may do now."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from contracts.alerts import AlertState
from contracts.shared import Scope
from services.console import wording
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import Viewed

router = APIRouter()
page = Page("/alerts", "告警", "Alerts", place=20, scope=Scope.ALERTS_READ, router=router)
FIELDS = ("state", "type", "grid", "device", "cursor")
LIMIT = 50
# which steps lead out of a state; the service decides, and answers an illegal one with the legal ones
STEPS = {
    AlertState.OPEN: ("acknowledge", "judge", "close"),
    AlertState.ACKNOWLEDGED: ("judge", "close"),
    AlertState.JUDGED: ("close",),
    AlertState.CLOSED: ("reopen",),
}


@router.get("/alerts")
async def list_alerts(view: Viewed) -> Response:
    """Newest first; the table asks for itself again every two seconds."""
    told = {name: view.request.query_params.get(name, "").strip() for name in FIELDS}
    found = await view.door.get("/v1/alerts", **told, limit=LIMIT)
    return view.show("alerts_part.html" if view.part else "alerts.html", found=found, told=told, words=wording)


@router.get("/alerts/{id}")
async def show_alert(view: Viewed, id: str) -> Response:
    """What happened to it."""
    found = await view.door.get(at("/v1/alerts/{}", id))
    steps = STEPS[AlertState(found["state"])] if view.session.may(Scope.ALERTS_HANDLE) else ()
    return view.show("alert.html", one=found, steps=steps, words=wording)


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

"""事件: what belongs together, live; its alerts, its case, what a worker saw, and what an operator may do now."""

import asyncio

from starlette.responses import Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/incidents", "事件", "Incidents", place=21, scope=Scope.ALERTS_READ)
router = page.router
FIELDS = ("state", "open", "grid", "rule", "cursor")
ASKED: dict[str, tuple[str, ...]] = {"merge": ("into",), "close": ("result",)}


@router.get("/incidents")
async def list_incidents(view: Viewed) -> Response:
    """Newest first; the table asks for itself again every second."""
    return await view.show_list("incidents", view.asked(*FIELDS))


@router.get("/incidents/{id}")
async def show_incident(view: Viewed, id: str) -> Response:
    """One incident, its alerts, who was told of it, and its sessions."""
    one, alerts, sessions = await asyncio.gather(
        view.door.get(at("/v1/incidents/{}", id)),
        view.door.get("/v1/alerts", incident=id),
        view.door.get("/v1/sessions", incident=id),
    )
    return view.show("incident.html", one=one, alerts=alerts, sessions=sessions, asked=ASKED)


@router.post("/incidents/{id}/{action}")
async def act(view: Viewed, id: str, action: str) -> Response:
    """One step, in the operator's name."""
    await view.door.post(at("/v1/incidents/{}:{}", id, action), await view.filled(*ASKED.get(action, ()), "note"))
    return view.go(at("/incidents/{}", id))

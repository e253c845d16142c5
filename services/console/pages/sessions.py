"""会商: who was called and came, what was watched and decided; opened from an incident, or as a training."""

from typing import Any

from starlette.responses import Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/sessions", "会商", "Sessions", place=22, scope=Scope.ALERTS_READ)
router = page.router
FIELDS = ("staff_no", "device", "channel", "text")


@router.get("/sessions")
async def list_sessions(view: Viewed) -> Response:
    """Newest first."""
    return await view.show_list("sessions", view.asked("incident", "cursor"))


@router.get("/sessions/{id}")
async def show_session(view: Viewed, id: str) -> Response:
    """One session; where it is about an incident, that one's channel is offered to be watched."""
    one: dict[str, Any] = await view.door.get(at("/v1/sessions/{}", id))
    incident = await view.door.get(at("/v1/incidents/{}", one["incident"])) if one["incident"] else None
    return view.show("session.html", one=one, incident=incident)


@router.post("/sessions")
async def open_session(view: Viewed) -> Response:
    """A new one; those who are to be called are separated by spaces."""
    told: dict[str, Any] = await view.filled("kind", "title", "incident", "call")
    told["call"] = told.get("call", "").split()
    return view.go(at("/sessions/{}", (await view.door.post("/v1/sessions", told))["id"]))


@router.post("/sessions/{id}/{action}")
async def act(view: Viewed, id: str, action: str) -> Response:
    """One step, in the operator's name."""
    await view.door.post(at("/v1/sessions/{}:{}", id, action), await view.filled(*FIELDS))
    return view.go(at("/sessions/{}", id))

"""接入源: devices that report by a URL of their own; it is shown once. And who was turned away from the intake."""

from starlette.responses import Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import View, Viewed, is_part

page = Page("/sources", "接入源", "Sources", place=28, scope=Scope.ALERTS_HANDLE)
router = page.router


@router.get("/sources")
async def list_sources(view: Viewed) -> Response:
    """By name; the list asks for itself again every five seconds."""
    refusals = await view.door.get("/v1/refusals")
    return await view.show_list("sources", view.asked("cursor"), refusals=refusals)


@router.post("/sources")
async def create(view: Viewed) -> Response:
    """A source; its URL is in this answer alone."""
    return _shown(view, await view.door.post("/v1/sources", await view.filled("source", "adapter", "note")))


@router.post("/sources/{source}/rotate")
async def rotate(view: Viewed, source: str) -> Response:
    """A further URL; the one before goes on for a day."""
    return _shown(view, await view.door.post(at("/v1/sources/{}:rotate", source)))


@router.post("/sources/{source}/revoke")
async def revoke(view: Viewed, source: str) -> Response:
    """The end of a source."""
    await view.door.post(at("/v1/sources/{}:revoke", source))
    return view.go("/sources")


def _shown(view: View, made: object) -> Response:
    return view.show("source_made_part.html" if is_part(view.request) else "source_made.html", made=made)

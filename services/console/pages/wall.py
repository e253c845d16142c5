"""大屏: one page for the wall of the command centre, read from afar and touched by nobody."""

from starlette.responses import Response

from contracts.shared import Scope
from services.console.overview import overview
from services.console.pages import Page
from services.console.rendering import Viewed, is_part

page = Page("/wall", "大屏", "Wall", place=100, scope=Scope.GRID_READ)
router = page.router


@router.get("/wall")
async def show_wall(view: Viewed) -> Response:
    """As the map, in large."""
    template = "wall_part.html" if is_part(view.request) else "wall.html"
    return view.show(template, now=await overview(view))

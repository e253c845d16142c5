"""类型映射: vendors' words that nobody knows yet, what others mean here, and the form that gives one a meaning."""

from starlette.responses import Response

from contracts.shared import Scope
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/type-mappings", "类型映射", "Type mappings", place=27, scope=Scope.ALERTS_READ)
router = page.router
KEY = ("adapter", "raw_type")


@router.get("/type-mappings")
async def list_mappings(view: Viewed) -> Response:
    """What waits and what is mapped; the address may fill in the form."""
    return view.show("type_mappings.html", found=await view.door.get("/v1/type-mappings"), told=view.asked(*KEY))


@router.post("/type-mappings")
async def save(view: Viewed) -> Response:
    """Map a type from now on."""
    await view.door.post("/v1/type-mappings", await view.filled(*KEY, "type", "severity"))
    return view.go(page.path)


@router.post("/type-mappings/delete")
async def delete(view: Viewed) -> Response:
    """Map it no more."""
    await view.door.post("/v1/type-mappings:delete", await view.filled(*KEY))
    return view.go(page.path)

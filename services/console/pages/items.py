"""事项: search as people search, what an item says, and its figures; who handles items takes its next step here."""

from starlette.responses import RedirectResponse, Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import Viewed, is_part

page = Page("/items", "事项", "Items", place=40, scope=Scope.CATALOGUE_READ)
router = page.router
FIELDS = ("q", "department", "type", "cursor")


@router.get("/items")
async def list_items(view: Viewed) -> Response:
    """Best first; a code leads straight to its item, also to one that may not be searched for yet."""
    code = view.asked("code")["code"]
    if code:
        return RedirectResponse(at("/items/{}", code), 303)
    figures = None if is_part(view.request) else await view.door.get("/v1/figures/catalogue")
    return await view.show_list("items", view.asked(*FIELDS), figures=figures)


@router.get("/items/{code}")
async def show_item(view: Viewed, code: str) -> Response:
    """What it says now, and what may be done to it."""
    return view.show("item.html", one=await view.door.get(at("/v1/items/{}", code)), current=True)


@router.get("/items/{code}/versions/{version_no}")
async def show_version(view: Viewed, code: str, version_no: str) -> Response:
    """What it said in a version, which applications may still be pinned to."""
    found = await view.door.get(at("/v1/items/{}/versions/{}", code, version_no))
    return view.show("item.html", one=found, current=False)


@router.post("/items/{code}/{action}")
async def act(view: Viewed, code: str, action: str) -> Response:
    """One step, in the operator's name."""
    await view.door.post(at("/v1/items/{}:{}", code, action), await view.filled("note"))
    return RedirectResponse(at("/items/{}", code), 303)

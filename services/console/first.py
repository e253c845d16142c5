"""The first page: the first line of the menu that this operator may see."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from services.console import menu
from services.console.rendering import Viewed

router = APIRouter()


@router.get("/")
async def first(view: Viewed) -> Response:
    """On to it; the runbook is for everybody."""
    return RedirectResponse(menu.allowed(view.request.app.state.pages, view.session)[0].path, 303)

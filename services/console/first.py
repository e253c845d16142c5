"""The first page: the first line of the menu that this operator may see."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from services.console.rendering import Viewed

router = APIRouter()


@router.get("/")
async def first(view: Viewed) -> Response:
    """On to it; the runbook is for everybody."""
    menu = view.request.app.state.pages
    return RedirectResponse(next(one.path for one in menu if one.scope is None or view.session.may(one.scope)), 303)

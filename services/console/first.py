"""The first page: the first line of the menu that this operator may see."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from services.console.door import Problem
from services.console.rendering import Viewed
from services.console.wording import word

router = APIRouter()


@router.get("/")
async def first(view: Viewed) -> Response:
    """On to it. Raises Problem 403 for somebody who may see none."""
    for page in view.request.app.state.pages:
        if page.scope is None or view.session.may(page.scope):
            return RedirectResponse(page.path, 303)
    text = word(view.language, "您的密钥不能查看任何页面", "your key opens no page")
    raise Problem(403, "no_page", text)

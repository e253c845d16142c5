"""登录与退出, language and theme."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from services.console.door import Door, Problem
from services.console.rendering import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, language_of, show
from services.console.session import Session
from services.console.wording import LANGUAGES, word

router = APIRouter()
YEAR = 365 * 86_400


@router.get("/sign-in")
async def sign_in_page(request: Request, next: str = "/") -> Response:
    """The form."""
    return show(request, "sign_in.html", next=local(next), problem=None, actor="")


@router.post("/sign-in")
async def sign_in(
    request: Request,
    key: Annotated[str, Form(max_length=500)] = "",
    actor: Annotated[str, Form(max_length=100)] = "",
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """The gateway says who holds this key; the key is then sealed into the session."""
    asking, language = Session(key.strip(), "", "", actor.strip(), ()), language_of(request)
    try:
        if not asking.key.isascii() or not asking.key.isprintable():
            raise Problem(401, "key_unknown", word(language, "密钥无效", "the key is not known"))
        told = await Door(request.app.state.http, asking, language).get("/v1/me")
    except Problem as problem:
        return show(request, "sign_in.html", problem.status, next=local(next), problem=problem, actor=asking.actor)
    session = Session(
        asking.key, told["client"], told["name"], asking.actor, tuple(told["scopes"]), told.get("department")
    )
    response = RedirectResponse(local(next), 303)
    request.app.state.sessions.begin(response, session)
    return response


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Forget the session."""
    response = RedirectResponse("/sign-in", 303)
    request.app.state.sessions.end(response)
    return response


@router.post("/preferences")
async def prefer(
    language: Annotated[str, Form(max_length=10)] = "",
    theme: Annotated[str, Form(max_length=10)] = "",
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Language and colours, kept in the browser."""
    response = RedirectResponse(local(next), 303)
    if language in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR, samesite="lax")
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR, samesite="lax")
    return response


def local(path: str) -> str:
    """A path of this console; anything that could lead elsewhere becomes the first page."""
    parts = urlsplit(path)
    fine = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and path.isprintable()
    return path if fine else "/"

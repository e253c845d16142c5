"""Around every page: nothing from outside, nobody else's frame, no order from another site; problems become pages."""

import logging
from typing import Any
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.door import Problem
from services.console.rendering import SignedOut, is_part, show

log = logging.getLogger(__name__)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; img-src 'self' data:"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# bytes; a form of ours is far smaller, files and the ground of plans are as large as the gateway takes them
MOST_BODY = 256 * 1024
MOST_FILE = 16 * 1024 * 1024
LARGER = {"/imports/": MOST_FILE, "/plans": 1024 * 1024}


class Guard:
    """Headers for every answer; an order must come from a page of ours. `pictures`: whose the map's tiles are."""

    def __init__(self, app: ASGIApp, pictures: str = "") -> None:
        self.app = app
        self.headers = HEADERS | {"Content-Security-Policy": f"{POLICY} {pictures}".rstrip()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                if not scope["path"].startswith(("/assets/", "/static/")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["method"] not in SAFE:
            headers = Headers(scope=scope)
            if not _ours(headers):
                await PlainTextResponse("cross-site", 403)(scope, receive, guarded)
                return
            length = headers.get("content-length", "")
            if not length.isdecimal() or int(length) > _most(scope["path"]):
                await PlainTextResponse("too large", 413)(scope, receive, guarded)
                return
        await self.app(scope, receive, guarded)


def _most(path: str) -> int:
    return next((most for begins, most in LARGER.items() if path.startswith(begins)), MOST_BODY)


def _ours(headers: Headers) -> bool:
    """Browsers say where an order comes from, and no page can make them lie."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] == headers.get("host")


async def signed_out(request: Request, _: Exception) -> Response:
    """To the sign-in page and back; a part of a page makes the whole page go there."""
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if is_part(request):
        return Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
    return RedirectResponse(f"/sign-in?next={quote(back)}" if request.method == "GET" else "/sign-in", 303)


async def problem(request: Request, error: Exception) -> Response:
    """What the gateway said, on a page or in the place of the part that asked."""
    if not isinstance(error, Problem):
        raise error
    if error.status == 401:
        return await signed_out(request, error)
    return _shown(request, error, "problem_part.html" if is_part(request) else "problem.html")


async def missing(request: Request, error: Exception) -> Response:
    """Pages that are not there, and methods that they do not have."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _shown(request, Problem(status, "not_found", "没有这个页面 · there is no such page"))


async def broken(request: Request, error: Exception) -> Response:
    """What nobody foresaw."""
    log.exception("page failed", exc_info=error)
    return _shown(request, Problem(500, "internal", "内部错误, 已记录 · an internal error, recorded"))


def _shown(request: Request, found: Problem, template: str = "problem.html") -> Response:
    return show(request, template, found.status, problem=found, session=request.app.state.sessions.of(request))


HANDLERS: dict[Any, Any] = {SignedOut: signed_out, Problem: problem, HTTPException: missing, Exception: broken}

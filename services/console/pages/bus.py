"""总线: what waits, what died and why; a dead letter is looked at and put back on its queue."""

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form
from starlette.responses import RedirectResponse, Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import PAGE, View, Viewed

page = Page("/bus", "总线", "Bus", place=60, scope=Scope.OPS)
router = page.router
FIELDS = ("service", "state", "cursor")


@router.get("/bus")
async def show_bus(view: Viewed) -> Response:
    """Every service with what waits there, and the dead letters."""
    told = view.asked(*FIELDS)
    letters = view.door.get("/v1/dead-letters", **told, limit=PAGE)
    bus, found = await asyncio.gather(view.door.get("/v1/bus"), letters)
    return view.show("bus.html", bus=bus, told=told, done=_done(view), found=found)


@router.post("/bus/dead-letters/{service}/{id}/look")
async def look(view: Viewed, service: str, id: str) -> Response:
    """The payload; that it was looked at is recorded."""
    found = await view.door.post(at("/v1/dead-letters/{}/{}:look", service, id))
    return view.show("dead_letter.html", found=found, service=service, id=id)


@router.post("/bus/redrive")
async def redrive(
    view: Viewed,
    service: Annotated[str, Form(max_length=50)] = "",
    id: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """One letter, or all of a service: every call redrives some hundred, and the next goes on where it ended."""
    order: dict[str, Any] = {"ids": [id]} if id else {"all": True}
    if service:
        order["service"] = service
    redriven = refused = 0
    while True:
        done = await view.door.post("/v1/dead-letters:redrive", order)
        redriven, refused = redriven + done["redriven"], refused + done["refused"]
        if not done["next"]:
            break
        order["cursor"] = done["next"]
    query = urlencode({"redriven": redriven, "refused": refused, **({"service": service} if service else {})})
    return RedirectResponse(f"/bus?{query}", 303)


def _done(view: View) -> tuple[int, int] | None:
    """How many a redrive put back, and how many it could not, where the page comes from one."""
    query = view.request.query_params
    numbers = [query.get(name, "") for name in ("redriven", "refused")]
    if not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
        return None
    return int(numbers[0]), int(numbers[1])

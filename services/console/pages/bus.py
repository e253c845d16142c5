"""总线: what waits, what died and why; dead letters are looked at and put back on their queues."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import RedirectResponse, Response

from contracts.faults import Fault
from contracts.shared import Scope
from services.chassis import safe_json
from services.console import obituary
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import PAGE, View, Viewed, is_part, zoned

page = Page("/bus", "总线", "Bus", place=60, scope=Scope.OPS)
router = page.router
FIELDS = ("service", "state", "queue", "since", "until", "cursor")


class Order(BaseModel):
    """Which dead letters go back, and how far that is: `next` is where the order goes on, empty at its end.

    One letter by `id`, else those that meet what is told; times as the city's clock shows them.
    """

    service: str = Field(default="", max_length=50)
    id: str = Field(default="", max_length=100)
    queue: str = Field(default="", max_length=200)
    since: str = Field(default="", max_length=40)
    until: str = Field(default="", max_length=40)
    next: str = Field(default="", max_length=500)
    redriven: int = Field(default=0, ge=0, lt=10**9)
    refused: int = Field(default=0, ge=0, lt=10**9)

    def told(self) -> dict[str, Any]:
        """What the gateway is told."""
        chosen = {"service": self.service, "queue": self.queue, "cursor": self.next, **_times(self.model_dump())}
        told = {name: value for name, value in chosen.items() if value}
        if self.id:
            return {**told, "ids": [self.id]}
        return told if told.keys() & {"queue", "since", "until"} else {**told, "all": True}

    def after(self, done: Mapping[str, Any]) -> "Order":
        """The same order one step later."""
        counts = {name: getattr(self, name) + done[name] for name in ("redriven", "refused")}
        return self.model_copy(update={**counts, "next": done["next"] or ""})

    @property
    def shown(self) -> dict[str, Any]:
        """What the address and the form of the next step say of it."""
        return {name: value for name, value in self.model_dump(exclude={"id"}).items() if value != ""}

    @property
    def address(self) -> str:
        """The page that says how far it is, and from which it goes on."""
        return f"/bus?{urlencode(self.shown)}"


@router.get("/bus")
async def show_bus(view: Viewed) -> Response:
    """Every service with what waits there, and the dead letters."""
    told = view.asked(*FIELDS)
    letters = view.door.get("/v1/dead-letters", **{**told, **_times(told)}, limit=PAGE)
    bus, found = await asyncio.gather(view.door.get("/v1/bus"), letters)
    return view.show("bus.html", bus=bus, told=told, order=_order(view), going=False, found=found, obituary=obituary)


@router.post("/bus/dead-letters/{service}/{id}/look")
async def look(view: Viewed, service: str, id: str) -> Response:
    """The payload; that it was looked at is recorded."""
    found = await view.door.post(at("/v1/dead-letters/{}/{}:look", service, id))
    told = {"found": found, "service": service, "id": id, "subject": _subject(found["body"])}
    return view.show("dead_letter.html", **told, obituary=obituary)


@router.post("/bus/redrive")
async def redrive(view: Viewed, order: Annotated[Order, Form()]) -> Response:
    """One step, some hundred letters; the part of the page that shows it asks for the next until there is none."""
    done = await view.door.post("/v1/dead-letters:redrive", order.told())
    order = order.after(done)
    if not is_part(view.request):
        return RedirectResponse(order.address, 303)
    if not order.next:
        return Response(status_code=204, headers={"HX-Redirect": order.address})
    # where nothing went the bus has no room yet
    answer = view.show("redrive_part.html", order=order, going=True, pause=0 if done["redriven"] else 1)
    answer.headers["HX-Replace-Url"] = order.address
    return answer


def _order(view: View) -> Order | None:
    """The redrive that the address tells of."""
    query = view.request.query_params
    try:
        return Order.model_validate(dict(query)) if "redriven" in query else None
    except ValidationError:
        return None


def _times(told: Mapping[str, str]) -> dict[str, str]:
    """`since` and `until` with the city's zone; what is no time goes as it is, and the gateway says so."""
    return {name: zoned(told[name]) for name in ("since", "until")}


def _subject(body: str) -> str | None:
    """The business key of what an event is about; None for somebody else's body."""
    try:
        told = safe_json.loads(body.encode())
    except Fault:
        return None
    subject = told.get("subject") if isinstance(told, dict) else None
    return subject if isinstance(subject, str) else None

"""住户: masked for everybody who reads grids; who may see a person's values says what for, and is written down."""

import asyncio
from typing import Any

from starlette.responses import Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages.grids import router
from services.console.rendering import PAGE, Viewed

SHOWN = 20


@router.get("/grids/{code}/households")
async def list_households(view: Viewed, code: str) -> Response:
    """By number, masked."""
    told = view.asked("care", "cursor")
    grid, found = await asyncio.gather(
        view.door.get(at("/v1/grids/{}", code)),
        view.door.get("/v1/households", grid=code, **told, limit=PAGE),
    )
    return view.show("households.html", grid=grid, found=found, told=told)


@router.get("/households/{household_no}")
async def show_household(view: Viewed, household_no: str) -> Response:
    """One household, masked; its visits, and for operations who looked behind the masks."""
    one, visits, accesses = await asyncio.gather(
        view.door.get(at("/v1/households/{}", household_no)),
        view.door.get("/v1/visits", household_no=household_no, limit=SHOWN),
        _accesses(view, household_no),
    )
    may_look = view.session.may(Scope.PII_READ)
    return view.show("household.html", one=one, visits=visits["items"], accesses=accesses, may_look=may_look)


@router.post("/households/{household_no}/look")
async def look(view: Viewed, household_no: str) -> Response:
    """The values themselves, in this one answer only, and the look on record."""
    form = await view.request.form()
    order = {"purpose": str(form.get("purpose", "")).strip(), "fields": [*map(str, form.getlist("fields"))]}
    found = await view.door.post(at("/v1/households/{}:look", household_no), order)
    accesses = await _accesses(view, household_no)
    return view.show("looked_part.html", found=found, accesses=accesses)


async def _accesses(view: Viewed, household_no: str) -> Any:
    return await view.within(Scope.OPS, "/v1/accesses", household_no=household_no, limit=SHOWN)

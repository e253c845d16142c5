"""静默: what disturbs nobody for a while; looked at before it is made, approved by a second person, ended early."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import View, Viewed, zoned

page = Page("/silences", "静默", "Silences", place=24, scope=Scope.ALERTS_READ)
router = page.router
# conditions of one silence that the form has room for
ROWS = 3
PARTS = ("field", "op", "value")


@router.get("/silences")
async def list_silences(view: Viewed) -> Response:
    """Newest first, and the form of a new one."""
    return await view.show_list("silences", view.asked("state", "cursor"), rows=ROWS)


@router.post("/silences/dry-run")
async def try_silence(view: Viewed) -> Response:
    """Which open alerts the form would hit; nothing is written."""
    matchers = (await _order(view))["matchers"]
    found = await view.door.post("/v1/silences:dry-run", {"matchers": matchers})
    return view.show("silence_tried_part.html", found=found)


@router.post("/silences")
async def create(view: Viewed) -> Response:
    """A silence, in the operator's name."""
    await view.door.post("/v1/silences", await _order(view))
    return view.go("/silences")


@router.post("/silences/{id}/{action}")
async def act(view: Viewed, id: str, action: str) -> Response:
    """Approve it, or end it early."""
    await view.door.post(at("/v1/silences/{}:{}", id, action))
    return view.go("/silences")


async def _order(view: View) -> Mapping[str, Any]:
    """What the form says; an empty condition is none, and times are the city's."""
    conditions = (f"{part}.{row}" for row in range(ROWS) for part in PARTS)
    told = await view.filled("reason", "starts_at", "ends_at", *conditions)
    times: dict[str, str] = {name: zoned(told[name]) for name in ("starts_at", "ends_at") if name in told}
    matchers = [
        {part: told.get(f"{part}.{row}", "") for part in PARTS} for row in range(ROWS) if f"value.{row}" in told
    ]
    return {"matchers": matchers, "reason": told.get("reason", ""), **times}

"""设备: which of them live, and of one why nothing comes from it, its channels, and what may be done."""

import asyncio
from typing import Any

from starlette.responses import Response

from contracts.shared import Scope
from services.console.door import at
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/devices", "设备", "Devices", place=25, scope=Scope.ALERTS_READ)
router = page.router
FIELDS = ("state", "text", "cursor")
FACTS = ("name", "vendor", "gb_code", "timezone", "owner", "heartbeat_expected_s", "arm_state")
SHOWN = 10
MANY = 200


@router.get("/devices")
async def list_devices(view: Viewed) -> Response:
    """By id."""
    return await view.show_list("devices", view.asked(*FIELDS))


@router.get("/devices/{id}")
async def show_device(view: Viewed, id: str) -> Response:
    """One, also where nobody has registered it but its posts cannot be read."""
    found, channels, alerts = await asyncio.gather(
        view.door.get(at("/v1/devices/{}/diagnosis", id)),
        view.door.get("/v1/channels", device=id, limit=MANY),
        view.door.get("/v1/alerts", device=id, limit=SHOWN),
    )
    return view.show("device.html", one=found["device"], found=found, channels=channels, alerts=alerts["items"])


@router.post("/devices/{id}/act/{action}")
async def act(view: Viewed, id: str, action: str) -> Response:
    """One step of its machine, in the operator's name."""
    await view.door.post(at("/v1/devices/{}:{}", id, action), await view.filled("note"))
    return view.go(at("/devices/{}", id))


@router.post("/devices/{id}/change")
async def change(view: Viewed, id: str) -> Response:
    """All its facts as the form has them."""
    told: dict[str, Any] = await view.filled(*FACTS)
    seconds = told.get("heartbeat_expected_s", "")
    if seconds.isdecimal() and len(seconds) < SHOWN:
        told["heartbeat_expected_s"] = int(seconds)
    await view.door.post("/v1/devices", {**told, "id": id})
    return view.go(at("/devices/{}", id))

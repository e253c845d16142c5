"""待绑定: channels that report and have no place yet; a place is chosen on the map or written down."""

from typing import Any

from starlette.responses import Response

from contracts.shared import Scope
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/channels", "待绑定", "To bind", place=26, scope=Scope.ALERTS_READ)
router = page.router
PLACE = ("longitude", "latitude")


@router.get("/channels")
async def list_channels(view: Viewed) -> Response:
    """By device and channel; `device` and `bind` open the form for one of them."""
    told = view.asked("device", "channel", "name", "cursor")
    found = await view.door.get("/v1/channels", unbound="true", cursor=told["cursor"], limit=50)
    return view.show("channels.html", found=found, told=told, may_bind=view.session.may(Scope.ALERTS_HANDLE))


@router.post("/channels")
async def bind(view: Viewed) -> Response:
    """A channel gets its place; a coordinate that is no number goes on as it is and is refused."""
    told: dict[str, Any] = await view.filled("device", "channel", "name", "scene", *PLACE)
    told["point"] = {name: told.pop(name, "") for name in PLACE}
    await view.door.post("/v1/channels", told)
    return view.go("/channels")

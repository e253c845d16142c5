"""折叠设置: how long each type must be quiet, what is flapping, what is a flood, how long each level may wait."""

from starlette.responses import Response

from contracts.shared import Scope
from services.console.pages import Page
from services.console.rendering import Viewed

page = Page("/alert-settings", "折叠设置", "Folding", place=29, scope=Scope.ALERTS_READ)
router = page.router
NUMBERS = ("flapping_raised", "flapping_window_s", "flood_reports", "offline_after_s")
LISTS = ("quiet_s", "climb_minutes")


@router.get("/alert-settings")
async def show_settings(view: Viewed) -> Response:
    """As they stand."""
    return view.show("alert_settings.html", one=await view.door.get("/v1/alert-settings"))


@router.post("/alert-settings")
async def save(view: Viewed) -> Response:
    """What differs from what stands; a field of a list is called `list.key`."""
    one = await view.door.get("/v1/alert-settings")
    standing = {name: one[name] for name in NUMBERS}
    standing |= {f"{name}.{key}": value for name in LISTS for key, value in one[name].items()}
    filled = await view.filled(*standing)
    changed: dict[str, object] = {name: filled[name] for name in filled if filled[name] != str(standing[name])}
    lists = {
        name: {key: changed.pop(f"{name}.{key}") for key in one[name] if f"{name}.{key}" in changed} for name in LISTS
    }
    await view.door.post("/v1/alert-settings", {**changed, **lists})
    return view.go("/alert-settings")

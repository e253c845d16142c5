"""总览: the city's grids coloured by what is open in them, the day's figures, the busiest grids, the newest alerts."""

import asyncio

from starlette.responses import Response

from contracts.shared import Scope
from services.console.door import at
from services.console.overview import ground_of, overview
from services.console.pages import Page
from services.console.rendering import Viewed, is_part

page = Page("/map", "总览", "Overview", place=10, scope=Scope.GRID_READ)
router = page.router
SHOWN = 10


@router.get("/map")
async def show_map(view: Viewed) -> Response:
    """The map; only what changes by the second where the page asks for that part of itself."""
    return view.show("map_part.html" if is_part(view.request) else "map.html", now=await overview(view))


@router.get("/map/grids.json")
async def grids(view: Viewed) -> Response:
    """The ground as GeoJSON, features by grid code."""
    ground = await ground_of(view)
    headers = {"ETag": ground.tag, "Cache-Control": "private, no-cache"}
    if view.request.headers.get("if-none-match") == ground.tag:
        return Response(status_code=304, headers=headers)
    return Response(ground.document, media_type="application/geo+json", headers=headers)


@router.get("/map/grids/{code}")
async def show_grid(view: Viewed, code: str) -> Response:
    """One grid: who answers for it, and what is open in it."""
    found, responsible, alerts, cases = await asyncio.gather(
        view.door.get(at("/v1/grids/{}", code)),
        view.door.get(at("/v1/grids/{}/responsible", code)),
        view.within(Scope.ALERTS_READ, "/v1/alerts", grid=code, limit=SHOWN),
        view.within(Scope.CASES_READ, "/v1/cases", grid=code, limit=SHOWN),
    )
    return view.show(
        "grid_part.html" if is_part(view.request) else "grid.html",
        one=found,
        responsible=responsible["items"],
        alerts=alerts,
        cases=cases,
    )

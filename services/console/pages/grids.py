"""网格: the registry's grids on the map and as a list, a place looked up, each grid with all that is known."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import JSONResponse, RedirectResponse, Response

from contracts.shared import Scope
from services.console.door import at
from services.console.ground import CODE, Feature, around, collection, drawn, feature
from services.console.names import Names
from services.console.pages import Page
from services.console.rendering import PAGE, View, Viewed, zoned

page = Page("/grids", "网格", "Grids", place=15, scope=Scope.GRID_READ)
router = page.router
FIELDS = ("q", "datum", "parent", "state", "cursor")
PLACE = re.compile(r"(-?\d+(?:\.\d+)?)\s*[,\uff0c\s]\s*(-?\d+(?:\.\d+)?)")
FACTS = ("name", "households", "population", "party_branch", "responsible_body")
COUNTS = ("households", "population")
SEAT = ("staff_no", "role", "post")
MANY = 200
MOST_FEATURES = 1000
GEOJSON = "application/geo+json"


@router.get("/grids")
async def list_grids(view: Viewed) -> Response:
    """By code. What is searched for is a name; a code leads straight to its grid, and a position to what lies there."""
    told = view.asked(*FIELDS)
    if CODE.fullmatch(told["q"]):
        return RedirectResponse(at("/grids/{}", told["q"]), 303)
    place = PLACE.fullmatch(told["q"])
    which = {"parent": told["parent"], "state": told["state"], "name": "" if place else told["q"]}
    found, figures, hierarchies, located = await asyncio.gather(
        view.door.get("/v1/grids", **which, cursor=told["cursor"], limit=PAGE),
        view.door.get("/v1/figures/grid"),
        view.door.get("/v1/hierarchies"),
        _locate(view, place, told["datum"] or "wgs84"),
    )
    return view.show(
        "grids.html",
        found=found,
        told=told,
        figures=figures,
        hierarchies=[one for one in hierarchies["items"] if one["key"] != "admin"],
        located=located,
        names=await _names(view, located["path"] if located else ()),
    )


@router.get("/grids/layers/{state}.json")
async def show_layer(view: Viewed, state: str) -> Response:
    """Grids that are not on the map of live ones."""
    return geojson(map(feature, await drawn(view.door, "/v1/grids", state=state)))


@router.get("/grids/units/{hierarchy}.json")
async def show_units(view: Viewed, hierarchy: str) -> Response:
    """What another hierarchy lays over the same ground."""
    return geojson(map(feature, await drawn(view.door, "/v1/units", hierarchy=hierarchy)))


@router.get("/grids/features/{collection_name}.json")
async def show_features(view: Viewed, collection_name: str) -> Response:
    """Communities or buildings within a box, and whether there are more."""
    path = at("/ogc/collections/{}/items", collection_name)
    found = await view.door.get(path, bbox=view.asked("bbox")["bbox"], limit=MOST_FEATURES)
    features = [one for one in found["features"] if one["geometry"]]
    more = any(link["rel"] == "next" for link in found["links"])
    return JSONResponse({"type": "FeatureCollection", "features": features, "more": more}, media_type=GEOJSON)


@router.get("/grids/{code}")
async def show_grid(view: Viewed, code: str) -> Response:
    """One grid: its facts, its people, what lies over it, what it was; as of a day or time `at`."""
    told = view.asked("at")
    then = as_of(told["at"])
    one, responsible, postings, history, units, buildings, vacancies = await asyncio.gather(
        view.door.get(at("/v1/grids/{}", code), at=then),
        view.door.get(at("/v1/grids/{}/responsible", code), at=then),
        view.door.get("/v1/assignments", target=code, at=then),
        view.door.get(at("/v1/grids/{}/history", code)),
        view.door.get(at("/v1/grids/{}/units", code)),
        view.door.get("/v1/buildings", grid=code, limit=MANY),
        view.door.get("/v1/vacancies", parent=code[:12], limit=MANY),
    )
    return view.show(
        "grid_page.html",
        one=one,
        told=told,
        responsible=responsible["items"],
        postings=postings["items"],
        staff={posting["staff_no"]: posting["name"] for posting in postings["items"] if posting["name"]},
        history=history["items"],
        units=units["items"],
        buildings=buildings,
        vacancies=[role for role in vacancies["items"] if role["target"] == code],
        names=await _names(view, one["path"]),
        may_write=view.session.may(Scope.GRID_WRITE) and not then,
    )


@router.get("/grids/{code}/around.json")
async def show_around(view: Viewed, code: str) -> Response:
    """The grid with its buildings, and those beside it."""
    then = as_of(view.asked("at")["at"])
    one = await view.door.get(at("/v1/grids/{}", code), at=then)
    if not one["geometry"]:
        return geojson(())
    beside, buildings = await asyncio.gather(
        view.door.get("/v1/grids", bbox=around(one["geometry"]), geometries="true", at=then, limit=MANY),
        view.door.get("/v1/buildings", grid=code, limit=MANY),
    )
    neighbours = [other for other in beside["items"] if other["geometry"] and other["code"] != code]
    points = [building for building in buildings["items"] if building["point"]]
    drawn = [*(feature(other, part="neighbour") for other in neighbours), feature(one, part="grid")]
    return geojson([*drawn, *map(_point, points)])


@router.get("/grids/{code}/history.json")
async def show_history(view: Viewed, code: str) -> Response:
    """The ground of each of its periods, by version."""
    found = await view.door.get(at("/v1/grids/{}/history", code), geometries="true")
    return geojson(feature({**one, "code": one["version"]}) for one in found["items"] if one["geometry"])


@router.post("/grids/{code}/change")
async def change(view: Viewed, code: str) -> Response:
    """Other facts; what the form leaves empty stays."""
    await view.door.patch(at("/v1/grids/{}", code), numbered(await view.filled(*FACTS)))
    return view.go(at("/grids/{}", code))


@router.post("/grids/{code}/act/{action}")
async def act(view: Viewed, code: str, action: str) -> Response:
    """One step of the grid's machine, in the operator's name."""
    await view.door.post(at("/v1/grids/{}:{}", code, action), await view.filled("note"))
    return view.go(at("/grids/{}", code))


@router.post("/grids/{code}/postings")
async def assign(view: Viewed, code: str) -> Response:
    """Somebody gets a role here."""
    told = await view.filled(*SEAT, "primary", "starts_at", "ends_at")
    await view.door.post("/v1/assignments", {**timed(told), "target": code, "primary": "primary" in told})
    return view.go(at("/grids/{}", code))


@router.post("/grids/{code}/postings/{action}")
async def act_on_posting(view: Viewed, code: str, action: str) -> Response:
    """Leave begins or ends, or the posting does."""
    told = await view.filled(*SEAT, "backup", "vacant", "until")
    order = {**timed(told), "target": code, "action": action, "vacant": "vacant" in told}
    await view.door.post("/v1/assignments:act", order)
    return view.go(at("/grids/{}", code))


def geojson(features: Iterable[Feature]) -> Response:
    """As maps read it."""
    return Response(collection(features), media_type=GEOJSON)


def as_of(told: str) -> str:
    """A day stands for its end; nothing for now."""
    return zoned(f"{told}T23:59:59" if re.fullmatch(r"\d{4}-\d\d-\d\d", told) else told) if told else ""


def timed(told: Mapping[str, str]) -> dict[str, Any]:
    """What a form says, its times with the city's zone."""
    return {name: zoned(text) if name in ("starts_at", "ends_at", "until") else text for name, text in told.items()}


def numbered(told: Mapping[str, str]) -> dict[str, Any]:
    """What a form says, its counts as numbers; one that is none goes on as it is and is refused."""
    return {
        name: int(text) if name in COUNTS and re.fullmatch(r"\d{1,9}", text) else text for name, text in told.items()
    }


async def _locate(view: View, place: re.Match[str] | None, datum: str) -> dict[str, Any] | None:
    if place is None:
        return None
    found: dict[str, Any] = await view.door.get("/v1/locate", lon=place[1], lat=place[2], datum=datum)
    return found


async def _names(view: View, codes: Any) -> Mapping[str, str]:
    names: Names = view.request.app.state.names
    return await names.territories(view.session, view.door, codes)


def _point(building: Mapping[str, Any]) -> dict[str, Any]:
    place = building["point"]
    return {
        "type": "Feature",
        "id": building["code"],
        "properties": {"name": building["address"] or building["compound"] or building["code"], "part": "building"},
        "geometry": {"type": "Point", "coordinates": [place["longitude"], place["latitude"]]},
    }

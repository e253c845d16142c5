"""网格调整: split, merge, adjust, retire; a plan is looked at before and after, then carried out or given up."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.responses import Response

from contracts.grid import PlanKind
from contracts.shared import Scope
from services.console.door import LONG_PATIENCE, Problem, at
from services.console.ground import CODE, around, collection, feature
from services.console.pages import Page
from services.console.planning import ROWS, codes, following, order_of, pictured
from services.console.rendering import View, Viewed

page = Page("/plans", "网格调整", "Plans", place=16, scope=Scope.GRID_READ)
router = page.router
FIELDS = ("kind", "sources", "successors", "note", "cut", "geojson")
NEW = [f"{name}.{row}" for row in range(ROWS) for name in ("code", "name")]
# grids of one plan, as the registry takes them
MOST = 50
MANY = 200


@router.get("/plans")
async def list_plans(view: Viewed) -> Response:
    """The newest first."""
    return await view.show_list("plans", view.asked("state", "grid", "cursor"))


@router.get("/plans/new")
async def show_form(view: Viewed) -> Response:
    """A plan to be: its kind and its sources are chosen first, and the rest is asked according to them."""
    told = view.asked("kind", "sources")
    kind = told["kind"] if told["kind"] in [*PlanKind] else PlanKind.SPLIT
    chosen = codes(" ".join([told["sources"], *view.request.query_params.getlist("also")]))
    sources = await _grids(view, chosen[:MOST])
    beside: list[Mapping[str, Any]] = []
    new: list[str] = []
    if sources:
        community = sources[0]["community"]
        near, within = await asyncio.gather(
            view.door.get("/v1/grids", bbox=_box(sources), state="active", limit=MANY),
            view.door.get("/v1/grids", parent=community, limit=MANY),
        )
        beside = [one for one in near["items"] if one["code"] not in chosen]
        new = following((one["code"] for one in within["items"]), community, ROWS)
    present = collection(feature(one) for one in sources if one["geometry"]).decode()
    return view.show("plan_new.html", kind=kind, sources=sources, beside=beside, new=new, present=present)


@router.post("/plans/assess")
async def assess(view: Viewed) -> Response:
    """What the plan in the form would do; nothing is written."""
    plan = await view.door.post("/v1/plans:assess", await _order(view), LONG_PATIENCE)
    return view.show("assessed_part.html", one=plan, pictured=await _pictured(view, plan))


@router.post("/plans")
async def prepare(view: Viewed) -> Response:
    """The sources wait for the plan from now on."""
    plan = await view.door.post("/v1/plans", await _order(view), LONG_PATIENCE)
    return view.go(at("/plans/{}", plan["id"]))


@router.get("/plans/{id}")
async def show_plan(view: Viewed, id: str) -> Response:
    """What it does, before and after, and its record."""
    plan = await view.door.get(at("/v1/plans/{}", id))
    return view.show("plan.html", one=plan, pictured=await _pictured(view, plan))


@router.post("/plans/{id}/{action}")
async def act(view: Viewed, id: str, action: str) -> Response:
    """Carry it out, or give it up."""
    await view.door.post(at("/v1/plans/{}:{}", id, action), patience=LONG_PATIENCE)
    return view.go(at("/plans/{}", id))


async def _order(view: View) -> dict[str, Any]:
    form = await view.request.form()
    told = await view.filled(*FIELDS, *NEW)
    told |= {name: " ".join(map(str, form.getlist(name))) for name in ("sources", "successors")}
    return order_of(told, view.language)


async def _pictured(view: View, plan: Mapping[str, Any]) -> str:
    """The maps of a plan as GeoJSON; of one that was carried out its sources as they were."""
    before = plan["prepared_at"] if plan["state"] == "committed" else None
    others = {overlap["other"] for overlap in plan["assessment"]["overlaps"]} | {*plan["successors"]}
    planned = {one["code"] for one in plan["grids"]}
    sources, beside = await asyncio.gather(
        _grids(view, plan["sources"], before), _grids(view, sorted(others - planned - {*plan["sources"]}), before)
    )
    return collection(await asyncio.to_thread(pictured, plan, sources, beside)).decode()


async def _grids(view: View, wanted: Iterable[str], then: str | None = None) -> Sequence[dict[str, Any]]:
    """Those that there are."""
    found = await asyncio.gather(*(_grid(view, code, then) for code in wanted if CODE.fullmatch(code)))
    return [one for one in found if one]


async def _grid(view: View, code: str, then: str | None) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = await view.door.get(at("/v1/grids/{}", code), at=then)
    except Problem as problem:
        if problem.status != 404:
            raise
        return None
    return found


def _box(sources: Sequence[Mapping[str, Any]]) -> str | None:
    """Where they and their neighbours lie."""
    places = [one["geometry"]["coordinates"] for one in sources if one["geometry"]]
    return around({"coordinates": places}, margin=0.1) if places else None

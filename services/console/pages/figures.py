"""考核: three rates, departments' figures and charts; every number leads to the cases behind it."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from contracts.cases import Days
from contracts.shared import Scope
from services.console import standings
from services.console.charts import alert_charts, charts
from services.console.door import at
from services.console.lateness import pressing
from services.console.names import Names
from services.console.pages import Page
from services.console.rendering import PAGE, View, Viewed
from services.console.wording import span

page = Page("/figures", "考核", "Figures", place=90, scope=Scope.CASES_READ)
router = page.router
PERIODS = [str(days.value) for days in Days]
MONTH = str(Days.MONTH.value)
MOST_OPEN = "-open"


@router.get("/figures")
async def show_figures(view: Viewed) -> Response:
    """All of it for one period."""
    (found, rows), alerts, catalogue, ground = await asyncio.gather(
        _orgs(view),
        view.within(Scope.ALERTS_READ, "/v1/figures/alerts"),
        view.within(Scope.CATALOGUE_READ, "/v1/figures/catalogue"),
        view.within(Scope.GRID_READ, "/v1/figures/grid"),
    )
    told = _told(view)
    return view.show(
        "figures.html",
        found=found,
        orgs=rows,
        told=told,
        periods=PERIODS,
        charts=charts(found, rows, view.language),
        alerts=alerts,
        alert_charts=alert_charts(alerts, view.language) if alerts else {},
        catalogue=catalogue,
        ground=ground,
        standings=standings,
        lasted=lambda hours: span(view.language, timedelta(hours=hours)),
    )


@router.get("/figures/orgs.csv")
async def download(view: Viewed) -> Response:
    """The organisations' table as a file."""
    found, rows = await _orgs(view)
    name = f"figures-{found['today']['day']}-{found['days']}d.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(standings.as_csv(rows, view.language), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/figures/cases/{figure}")
async def show_cases(view: Viewed, figure: str) -> Response:
    """The cases behind one number."""
    names: Names = view.request.app.state.names
    told = view.asked("org", "grid", "category", "cursor") | {"days": _told(view)["days"]}
    found, categories, orgs = await asyncio.gather(
        view.door.get(at("/v1/figures/cases/{}", figure), **told, limit=PAGE),
        names.categories(view.door),
        names.territories(view.session, view.door, [told["org"]] if told["org"] != standings.NO_ORG else []),
    )
    return view.show(
        "figure_cases.html",
        found=found,
        figure=figure,
        told=told,
        org=standings.name_of(told["org"], orgs, view.language) if told["org"] else "",
        categories=categories,
        pressing=pressing,
    )


async def _orgs(view: View) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """The figures of cases, and their organisations with names, in order."""
    told = _told(view)
    found = await view.door.get("/v1/figures/cases", days=told["days"])
    names: Names = view.request.app.state.names
    known = await names.territories(view.session, view.door, [org["org"] for org in found["orgs"]])
    return found, standings.ordered(standings.named(found["orgs"], known, view.language), told["sort"])


def _told(view: View) -> dict[str, str]:
    told = view.asked("days", "sort")
    return {"days": told["days"] if told["days"] in PERIODS else MONTH, "sort": told["sort"] or MOST_OPEN}

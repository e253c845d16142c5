"""What waits in the city now: figures of alerts and cases, the busiest grids, the newest alerts and incidents."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from contracts.shared import Scope
from services.console.ground import Ground, ground
from services.console.keeping import Kept
from services.console.rendering import View

# as many as the wall has room for
BUSIEST, NEWEST, INCIDENTS = 10, 16, 12
# seconds: grids are moved by decree, and a page asks for what is new each second
GROUND_KEPT_S, NEWS_KEPT_S = 60.0, 0.8
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Busy:
    """A grid and what is open in it: `matters` counts an alert and the case that was opened from it once."""

    code: str
    name: str
    matters: int
    alerts: int
    cases: int
    overdue: int


@dataclass(frozen=True)
class Overview:
    """`alerts` and `cases` are None where the operator may not read them. `incidents` have not ended, newest first."""

    alerts: Figures | None
    cases: Figures | None
    newest: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    matters: dict[str, int]
    busiest: list[Busy]


async def overview(view: View) -> Overview:
    """As far as the operator's key reaches. Raises Problem."""
    kept: Kept[Overview] = view.request.app.state.overviews
    return await kept.of(view.session, partial(_look, view))


async def ground_of(view: View) -> Ground:
    """The grids that the operator's key shows. Raises Problem."""
    kept: Kept[Ground] = view.request.app.state.grounds
    return await kept.of(view.session, partial(ground, view.door))


async def _look(view: View) -> Overview:
    city, alerts, cases, newest, incidents = await asyncio.gather(
        ground_of(view),
        view.within(Scope.ALERTS_READ, "/v1/figures/alerts"),
        view.within(Scope.CASES_READ, "/v1/figures/cases", days=1),
        view.within(Scope.ALERTS_READ, "/v1/alerts", limit=NEWEST),
        view.within(Scope.ALERTS_READ, "/v1/incidents", open="true", limit=INCIDENTS),
    )
    matters = matters_of(alerts, cases)
    first = busiest(matters, alerts, cases, city.names)
    return Overview(alerts, cases, _items(newest), _items(incidents), matters, first)


def _items(found: Figures | None) -> list[dict[str, Any]]:
    return list(found["items"]) if found else []


def matters_of(alerts: Figures | None, cases: Figures | None) -> dict[str, int]:
    """What is open in each grid: cases, and alerts that no case stands for."""
    found: dict[str, int] = dict(cases["open_by_grid"]) if cases else {}
    if alerts:
        in_cases = alerts["in_cases_by_grid"] if cases else {}
        for code, count in alerts["open_by_grid"].items():
            found[code] = found.get(code, 0) + count - in_cases.get(code, 0)
    return {code: count for code, count in found.items() if count > 0}


def busiest(
    matters: Mapping[str, int], alerts: Figures | None, cases: Figures | None, names: Mapping[str, str]
) -> list[Busy]:
    """The grids with the most open matters, of equals those with the most that is late."""
    overdue: Mapping[str, int] = cases["overdue_by_grid"] if cases else {}
    first = sorted(matters, key=lambda code: (-matters[code], -overdue.get(code, 0), code))[:BUSIEST]
    return [
        Busy(
            code,
            names.get(code, code),
            matters[code],
            alerts["open_by_grid"].get(code, 0) if alerts else 0,
            cases["open_by_grid"].get(code, 0) if cases else 0,
            overdue.get(code, 0),
        )
        for code in first
    ]

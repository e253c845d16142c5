"""What waits in the city, from the figures of alerts and of cases."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from contracts.shared import Scope
from services.console.door import Problem
from services.console.ground import Ground
from services.console.keeping import Kept
from services.console.overview import GROUND_KEPT_S, NEWS_KEPT_S, Overview, busiest, matters_of, overview
from services.console.rendering import View
from services.console.session import Session
from services.console.settings import ConsoleSettings

ALERTS: dict[str, Any] = {"open_by_grid": {"a": 3, "b": 1}, "in_cases_by_grid": {"a": 2, "b": 1}}
CASES: dict[str, Any] = {"open_by_grid": {"a": 2, "c": 3}, "overdue_by_grid": {"c": 1}}


def test_an_alert_and_its_case_are_one_matter() -> None:
    assert matters_of(ALERTS, CASES) == {"a": 3, "c": 3}


def test_who_may_not_read_cases_sees_every_alert() -> None:
    assert matters_of(ALERTS, None) == {"a": 3, "b": 1}
    assert matters_of(None, CASES) == {"a": 2, "c": 3}
    assert matters_of(None, None) == {}


def test_of_equally_busy_grids_the_later_comes_first() -> None:
    found = busiest(matters_of(ALERTS, CASES), ALERTS, CASES, {"a": "甲", "c": "丙"})
    assert [(one.name, one.matters, one.alerts, one.cases, one.overdue) for one in found] == [
        ("丙", 3, 0, 3, 1),
        ("甲", 3, 3, 2, 0),
    ]


def test_incidents_that_cannot_be_read_are_not_shown_as_none() -> None:
    async def get(path: str, **_: object) -> dict[str, Any]:
        if path == "/v1/incidents":
            raise Problem(503, "alerts_away", "")
        return {"items": [], "next": None, **ALERTS, **CASES}

    kept = SimpleNamespace(overviews=Kept[Overview](NEWS_KEPT_S), grounds=Kept[Ground](GROUND_KEPT_S))
    request = SimpleNamespace(app=SimpleNamespace(state=kept))
    session = Session("key", "client", "name", "actor", tuple(Scope), None)
    view = View(cast(Any, request), session, "zh", cast(Any, SimpleNamespace(get=get)))
    with pytest.raises(Problem):
        asyncio.run(overview(view))


def test_tiles_are_named_to_the_browser_by_their_origin() -> None:
    tiles = ConsoleSettings(map_tiles="https://{s}.tiles.example/{z}/{x}/{y}.png").tiles
    assert tiles.origin == "https://*.tiles.example"
    assert ConsoleSettings().tiles.origin == ""


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/{z} ; script-src *", "tiles"])
def test_what_is_no_address_of_tiles_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        ConsoleSettings(map_tiles=url)

"""What waits in the city, from the figures of alerts and of cases."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.console.overview import busiest, matters_of
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


def test_tiles_are_named_to_the_browser_by_their_origin() -> None:
    tiles = ConsoleSettings(map_tiles="https://{s}.tiles.example/{z}/{x}/{y}.png").tiles
    assert tiles.origin == "https://*.tiles.example"
    assert ConsoleSettings().tiles.origin == ""


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a.example/{z} ; script-src *", "tiles"])
def test_what_is_no_address_of_tiles_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        ConsoleSettings(map_tiles=url)

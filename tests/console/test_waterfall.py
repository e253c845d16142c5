"""Where the time of a trace went."""

import pytest

from services.console.waterfall import waterfall
from tests.cli.test_waterfall import span, trace


def test_the_slowest_is_who_spent_the_most_time_of_its_own() -> None:
    found = waterfall(
        trace(
            gateway=[span("a", "", "POST /v1/cases", 0, 100)],
            cases=[span("b", "a", "answer report_case", 10, 90), span("c", "b", "insert cases", 20, 80)],
            alerts=[span("d", "c", "process cases.reported.v1", 150, 160)],
        )
    )
    assert found.slowest is not None
    assert (found.slowest.service, found.slowest.name, found.slowest.own_ms) == ("cases", "insert cases", 60)
    assert found.own == {"gateway": 20, "cases": 80, "alerts": 10}
    assert found.share == pytest.approx(60 / 110)
    assert (found.duration_ms, found.idle_ms) == (160, 50)


def test_an_empty_trace_has_none() -> None:
    found = waterfall({})
    assert (found.slowest, found.share, found.idle_ms) == (None, 0, 0)


def test_work_that_takes_no_time_has_no_share() -> None:
    found = waterfall(trace(cases=[span("a", "", "quick", 5, 5)]))
    assert (found.slowest is not None, found.share) == (True, 0)

"""When what is stored is put into alerts: soon where there is little, after a rest in a storm."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.alerts import AlertType
from services.alerts.backlog import Backlog, Raised, Waiting
from services.alerts.folding import Sighting
from tests.resting import RestClock

NOW = datetime(2026, 3, 14, 4, 0, tzinfo=UTC)
SEEN = Sighting(
    *("report", "source", "device", "1", AlertType.MOTION, "VMD", 3, None, None, True), NOW, NOW + timedelta(seconds=1)
)


@pytest.mark.parametrize(("sightings", "due_after"), [(1, 0.4), (50, 0.4), (51, 5.0), (2000, 5.0)])
def test_nobody_waits_a_whole_rest_while_there_is_no_storm(
    sightings: int, due_after: float, rest_clock: RestClock
) -> None:
    backlog = Backlog()
    assert not backlog.due
    backlog.rest.after(lambda: rest_clock.pass_(10))
    backlog.waiting.append(Waiting("fold", [SEEN] * sightings, {}, NOW))
    rest_clock.now += due_after - 0.2
    assert not backlog.due
    rest_clock.now += 0.2
    assert backlog.due


def test_what_a_rest_gathered_does_not_bring_about_the_next(rest_clock: RestClock) -> None:
    backlog = Backlog()
    backlog.rest.after(lambda: rest_clock.pass_(10))
    backlog.waiting += [Waiting(f"fold-{number}", [SEEN] * 2, {}, NOW) for number in range(1000)]
    rest_clock.now += 0.4
    assert backlog.due


@pytest.mark.parametrize(("alerts", "due_after"), [(1, 0.4), (50, 0.4), (51, 5.0)])
def test_what_was_raised_goes_through_the_rules_likewise(alerts: int, due_after: float, rest_clock: RestClock) -> None:
    raised = Raised()
    assert not raised.due
    raised.rest.after(lambda: rest_clock.pass_(10))
    raised.waiting += alerts
    rest_clock.now += due_after - 0.2
    assert not raised.due
    rest_clock.now += 0.2
    assert raised.due

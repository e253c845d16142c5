"""When what is stored is put into alerts: soon where there is little, after a rest in a storm."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from contracts.alerts import AlertType
from services.alerts.backlog import Backlog, Waiting
from services.alerts.folding import Sighting
from services.chassis import resting

NOW = datetime(2026, 3, 14, 4, 0, tzinfo=UTC)
SEEN = Sighting(
    *("report", "source", "device", "1", AlertType.MOTION, "VMD", 3, None, None, True), NOW, NOW + timedelta(seconds=1)
)


@pytest.mark.parametrize(("sightings", "due_after"), [(1, 0.4), (50, 0.4), (51, 5.0), (2000, 5.0)])
def test_nobody_waits_a_whole_rest_while_there_is_no_storm(sightings: int, due_after: float) -> None:
    clock = SimpleNamespace(now=100.0)
    clock.monotonic = lambda: clock.now
    with patch.object(resting, "time", clock):
        backlog = Backlog()
        assert not backlog.due

        def work() -> None:
            clock.now += 10

        backlog.rest.after(work)
        backlog.waiting.append(Waiting("fold", [SEEN] * sightings, {}, NOW))
        clock.now += due_after - 0.2
        assert not backlog.due
        clock.now += 0.2
        assert backlog.due

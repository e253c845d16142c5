"""A clock for rests that goes when it is told."""

import pytest

from services.chassis import resting


class RestClock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """As `time` tells it."""
        return self.now

    def pass_(self, seconds: float) -> None:
        """So long takes a work."""
        self.now += seconds


@pytest.fixture
def rest_clock(monkeypatch: pytest.MonkeyPatch) -> RestClock:
    """Every rest and every remembered answer goes by it."""
    found = RestClock()
    monkeypatch.setattr(resting, "time", found)
    return found

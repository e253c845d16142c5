"""Work that may wait takes a tenth of the time at most."""

import pytest

from services.alerts import resting
from services.alerts.resting import Rest


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(resting, "time", found)
    return found


@pytest.mark.parametrize(("takes", "rests"), [(0.1, 0.9), (0.5, 4.5), (2.0, 5.0)])
def test_the_rest_is_nine_times_as_long_as_the_work_and_bounded(clock: Clock, takes: float, rests: float) -> None:
    rest = Rest(5.0)
    assert rest.over()

    def work() -> None:
        clock.now += takes

    rest.after(work)
    clock.now += rests - 0.01
    assert not rest.over()
    clock.now += 0.02
    assert rest.over()


def test_who_fails_may_try_again_at_once(clock: Clock) -> None:
    rest = Rest(5.0)

    def work() -> None:
        clock.now += 1
        raise TimeoutError

    with pytest.raises(TimeoutError):
        rest.after(work)
    assert rest.over()

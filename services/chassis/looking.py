"""A question that is asked in the background, so that whoever wants its answer waits no longer than he will."""

from collections.abc import Callable

from eventlet.greenthread import GreenThread, spawn

from services.chassis.resting import Rest


class Look:
    """Asked by one at a time, and not again before it has rested."""

    def __init__(self, ask: Callable[[], None], rest: Rest) -> None:
        self._ask, self._rest = ask, rest
        self._asking: GreenThread | None = None

    def begin(self) -> None:
        """Ask, unless it is being asked or rests."""
        if (self._asking is None or self._asking.dead) and self._rest.over():
            self._asking = spawn(self._rest.after, self._ask)

    def wait(self) -> None:
        """Until the answer is there, where it is being asked."""
        if self._asking is not None:
            self._asking.wait()

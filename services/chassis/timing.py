"""`@every(seconds)`: work that comes round by itself and never overlaps itself."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

from eventlet.event import Event as Signal
from eventlet.timeout import Timeout
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint

from services.chassis.logs import describe

_log = logging.getLogger(__name__)
H = TypeVar("H", bound=Callable[..., None])


def every(seconds: float) -> Callable[[H], H]:
    """Run `handler(self)` at start and then `seconds` after each end. Make it idempotent: copies may run it too."""

    def decorate(handler: H) -> H:
        return cast("H", Round.decorator(seconds)(handler))

    return decorate


class Round(Entrypoint):
    """The clock of one method."""

    def __init__(self, seconds: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.seconds = seconds
        self._stop = Signal()

    def start(self) -> None:
        self.container.spawn_managed_thread(self._run, identifier=f"every {self.method_name}")

    def stop(self) -> None:
        if not self._stop.ready():
            self._stop.send()

    def _run(self) -> None:
        while not self._stop.ready():
            done = Signal()
            try:
                self.container.spawn_worker(self, (), {}, handle_result=self._into(done))
            except ContainerBeingKilled:
                return
            error = done.wait()
            if error:
                _log.warning("round failed", extra={"method": self.method_name, **describe(error)})
            with Timeout(self.seconds, False):
                self._stop.wait()

    def _into(self, done: Signal) -> Callable[..., tuple[Any, None]]:
        def handle_result(_worker: object, result: object, exc_info: Any) -> tuple[Any, None]:
            done.send(exc_info[1] if exc_info else None)
            return result, None

        return handle_result

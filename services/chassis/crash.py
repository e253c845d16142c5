"""Crash points: where a fault test kills the process, as kill -9 would."""

import os
import signal
from functools import cache

from services.chassis import context
from services.chassis.settings import settings

POINTS = (
    "received",
    "before_write",
    "after_write",
    "before_publish",
    "after_publish",
    "before_ack",
)
_passed: dict[str, int] = {}


@cache
def _armed() -> dict[str, tuple[str, int]]:
    """`CRASH_AT=<point>[@<work>][:<nth time>]`, several with commas; refused outside the test profile.

    `work` is the wire name of an event or the method of a request: the point counts only while that is handled.
    """
    found: dict[str, tuple[str, int]] = {}
    for told in settings().crash_at.split(",") if settings().crash_at else ():
        place, _, nth = told.partition(":")
        point, _, work = place.partition("@")
        if settings().profile != "test" or point not in POINTS:
            raise SystemExit(f"CRASH_AT={told!r} refused: PROFILE=test only, points are {', '.join(POINTS)}")
        found[point] = (work, int(nth or 1))
    return found


def point(name: str, queue: str = "") -> None:
    """Die here if a test asked for it. `queue` names the work where it is not the present one: `<service>.<work>`."""
    armed = _armed().get(name)
    if armed is None:
        return
    work, nth = armed
    if work and work != (queue.partition(".")[2] if queue else context.work()):
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == nth:
        os.kill(os.getpid(), signal.SIGKILL)

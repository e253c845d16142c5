"""Crash points: where a fault test kills the process, as kill -9 would."""

import os
import signal
from functools import cache

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
def _armed() -> tuple[str, int]:
    """`CRASH_AT=<point>[:<nth time>]`; refused outside the test profile."""
    point, _, nth = settings().crash_at.partition(":")
    if not point:
        return "", 0
    if settings().profile != "test" or point not in POINTS:
        raise SystemExit(f"CRASH_AT={settings().crash_at!r} refused: PROFILE=test only, points are {', '.join(POINTS)}")
    return point, int(nth or 1)


def point(name: str) -> None:
    """Die here if a test asked for it."""
    armed, nth = _armed()
    if armed != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == nth:
        os.kill(os.getpid(), signal.SIGKILL)

"""Read, decide, write; and again when somebody else wrote in between."""

from collections.abc import Callable
from typing import TypeVar

from contracts.faults import Conflict

T = TypeVar("T")
TIMES = 5


def rerun_stale(work: Callable[[], T], times: int = TIMES) -> T:
    """Do it until its version is not stale, `times` times at most."""
    for _ in range(times - 1):
        try:
            return work()
        except Conflict as error:
            if error.code != "version_stale":
                raise
    return work()

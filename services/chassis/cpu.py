"""Work that would hold the hub: geometry, parsing, hashing over some 50 ms."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from eventlet import tpool
from eventlet.patcher import is_monkey_patched

P = ParamSpec("P")
T = TypeVar("T")


def heavy(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run in a native thread so that heartbeats and other work go on; at once where nothing is patched (tests)."""
    if not is_monkey_patched("thread"):
        return work(*args, **kwargs)
    result: T = tpool.execute(work, *args, **kwargs)
    return result

"""How a city goes down, whatever of it has died before."""

import os
import signal
import time
from collections.abc import Sequence

from deploy.local.home import Home
from deploy.local.processes import leftovers
from deploy.local.supervisor import holder

DOWN_WITHIN = 50.0


def down(home: Home) -> None:
    """Stop everything: services first, then broker and store. Leaves no process, whatever had died before."""
    supervisor = holder(home)
    if supervisor is not None:
        _signal([supervisor], signal.SIGTERM)
        deadline = time.monotonic() + DOWN_WITHIN
        while holder(home) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
    sweep(home)


def sweep(home: Home) -> None:
    """End what a supervisor that is gone has left behind."""
    for number, grace in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + grace
        _signal(leftovers(home), number)
        while leftovers(home) and time.monotonic() < deadline:
            time.sleep(0.05)


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue

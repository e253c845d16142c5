"""What a process knows of itself."""

import os
from pathlib import Path

from contracts.operations import Process
from services.chassis import context, tracing

_STARTED_AT = context.now()
_RESIDENT = 1


def vitals() -> Process:
    """Since when it runs, and what it holds."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[_RESIDENT])
    return Process(
        started_at=_STARTED_AT,
        memory_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        spans_unsent=tracing.unsent(),
    )

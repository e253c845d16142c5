"""What a process knows of itself."""

import os
from datetime import UTC, datetime
from pathlib import Path

from contracts.operations import Process
from services.chassis import tracing

# no driven clock: it would read the settings, and a process is forked from one that has read none
_STARTED_AT = datetime.now(UTC)
_RESIDENT = 1


def vitals() -> Process:
    """Since when it runs, and what it holds."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[_RESIDENT])
    return Process(
        started_at=_STARTED_AT,
        memory_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        spans_unsent=tracing.unsent(),
    )

"""The clock that tests drive: `CLOCK_FILE` names a file that says by how many seconds it is ahead."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from services.chassis.settings import settings


def now() -> datetime:
    """The present, aware, UTC."""
    driven = _driven()
    return datetime.now(UTC) + timedelta(seconds=float(driven.read_text() or 0)) if driven else datetime.now(UTC)


@cache
def _driven() -> Path | None:
    """Refused outside the test profile."""
    told = settings()
    if told.clock_file and told.profile != "test":
        raise SystemExit(f"CLOCK_FILE={str(told.clock_file)!r} refused: PROFILE=test only")
    return told.clock_file

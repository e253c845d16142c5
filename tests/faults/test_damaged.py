"""Five thousand damaged reports for each adapter: read, or refused with a reason."""

import time

import pytest

from services.alerts.adapters import ADAPTERS
from tests.alerts.hostile import CONTENT_TYPES, damaged, samples, survives

from .harness import rows

MANY = 5_000


@pytest.mark.faults
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_damaged_reports_are_read_or_refused(adapter: str) -> None:
    began = time.monotonic()
    for number, body in enumerate(damaged(samples(adapter), MANY, seed=MANY)):
        survives(adapter, body, CONTENT_TYPES[number % len(CONTENT_TYPES)])
    rows.add("残缺报文 damaged report", injected=MANY, seconds=time.monotonic() - began)

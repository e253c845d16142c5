"""A store of its own for each test that asks for one."""

from typing import Any

import pytest
from pymongo.database import Database

from services.alerts.store import AlertStore


@pytest.fixture
def alerts(database: Database[dict[str, Any]]) -> AlertStore:
    return AlertStore(database)

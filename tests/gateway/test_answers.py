"""How a reply is written down for outsiders."""

import json
from datetime import UTC, date, datetime

from contracts.shared import Model
from services.gateway.answers import shown


class Reply(Model):
    at: datetime
    day: date
    scopes: frozenset[str]


def test_times_are_the_citys_and_days_are_days() -> None:
    reply = Reply(at=datetime(2026, 3, 12, 16, tzinfo=UTC), day=date(2026, 3, 13), scopes=frozenset("ba"))
    assert json.loads(shown(reply)) == {
        "at": "2026-03-13T00:00:00.000+08:00",
        "day": "2026-03-13",
        "scopes": ["a", "b"],
    }

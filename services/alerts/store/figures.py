"""告警数字 read from the store: what is open, by the index of the state, and what the day raised, by that of the order.

Both are as much as waits and as the day brought, never the whole past.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from contracts.alerts import AlertFigures, AlertState, AlertType
from services.alerts import figures
from services.alerts.figures import Waiting
from services.alerts.store import documents
from services.chassis import context
from services.chassis.aggregates import Aggregates

WAITING = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.JUDGED)
FIELDS = {"_id": 0, "type": 1, "severity": 1, "grid": 1, "case_no": 1}


class Figures:
    """Counts what the embedded store reads in 90 us an alert."""

    def __init__(self, alerts: Aggregates) -> None:
        self._alerts = alerts

    def count(self) -> AlertFigures:
        """Now."""
        now = context.now()
        return figures.counted(self._waiting(), self._raised(figures.midnight(now)), now)

    def _waiting(self) -> Iterator[Waiting]:
        for state in WAITING:
            for found in self._alerts.collection.find({"state": state.value}, FIELDS):
                yield Waiting(
                    state, AlertType(found["type"]), found["severity"], found["grid"], found["case_no"] is not None
                )

    def _raised(self, since: datetime) -> Iterator[datetime]:
        of_today = {"order": {"$gte": documents.mark(since), "$lt": documents.mark(since + timedelta(days=2))}}
        for found in self._alerts.collection.find(of_today, {"_id": 0, "order": 1}):
            yield documents.moment(found["order"])

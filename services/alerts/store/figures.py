"""告警数字 read from the store: what is open, by the index of the state, and what the day raised, by that of the order.

All is as much as waits, as the day brought and as there are devices, never the whole past.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from contracts.alerts import AlertFigures, AlertState, AlertType, DeviceState, IncidentState, Verdict
from services.alerts import figures, handling
from services.alerts.figures import Raised, Waiting
from services.alerts.store import documents
from services.chassis import context

WAITING = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.JUDGED)
FIELDS = {"_id": 0, "type": 1, "severity": 1, "grid": 1, "case_no": 1}
OF_TODAY = {
    "_id": 0,
    **dict.fromkeys(("order", "device", "channel", "channel_name", "count", "suppressed_count"), 1),
    **dict.fromkeys(("silenced_by", "inhibited_by", "verdict", "acknowledged_at"), 1),
}


class Figures:
    """Counts what the embedded store reads in 90 us an alert, and in 40 us a device."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._alerts, self._incidents = database["alerts"], database["incidents"]
        self._devices = database["devices"]

    def count(self) -> AlertFigures:
        """Now."""
        now = context.now()
        raised = self._raised(figures.midnight(now))
        return figures.counted(self._waiting(), raised, self._running(), self._standing(), now)

    def _waiting(self) -> Iterator[Waiting]:
        for state in WAITING:
            for found in self._alerts.find({"state": state.value}, FIELDS):
                yield Waiting(
                    state, AlertType(found["type"]), found["severity"], found["grid"], found["case_no"] is not None
                )

    def _raised(self, since: datetime) -> Iterator[Raised]:
        of_today = {"order": {"$gte": documents.mark(since), "$lt": documents.mark(since + timedelta(days=2))}}
        for found in self._alerts.find(of_today, OF_TODAY):
            yield Raised(
                at=documents.moment(found["order"]),
                device=found["device"],
                channel=found["channel"],
                name=found["channel_name"],
                reports=found["count"],
                suppressed=found["suppressed_count"],
                muted=bool(found["silenced_by"] or found["inhibited_by"]),
                verdict=Verdict(found["verdict"]) if found["verdict"] else None,
                acknowledged_at=found.get("acknowledged_at"),
            )

    def _running(self) -> dict[IncidentState, int]:
        counts = {state: self._incidents.count_documents({"state": state.value}) for state in handling.RUNNING}
        return {state: count for state, count in counts.items() if count}

    def _standing(self) -> dict[DeviceState, int]:
        # the embedded store counts groups twice as fast as documents that match
        told = self._devices.aggregate([{"$group": {"_id": "$state", "count": {"$sum": 1}}}])
        return {DeviceState(found["_id"]): found["count"] for found in told if found["_id"]}

"""Lists of alerts: muted ones, those of one incident, page by page; and no more of the past is read than is told."""

from datetime import timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.monitoring import CommandListener, CommandSucceededEvent

from contracts.alerts import AlertState, ListAlerts
from services.alerts.store import AlertStore, documents

from .scene import CALLER, NOON, listed, motion, received, take


def raise_at(store: AlertStore, *minutes: int, source: str = "cam-1") -> None:
    """One alert for each, of a channel of its own."""
    take(
        store,
        [received(motion(f"{at + 1}"), source=source, at=NOON + timedelta(minutes=at)) for at in minutes],
    )


def channels(store: AlertStore, **fields: Any) -> list[int]:
    """By number, page by page, newest first."""
    found: list[int] = []
    cursor: str | None = None
    while True:
        page = store.desk.page(ListAlerts(caller=CALLER, limit=2, cursor=cursor, **fields))
        found += [int(alert.channel) - 1 for alert in page.items]
        cursor = page.next
        if cursor is None:
            return found


FILTERS: list[tuple[dict[str, Any], list[int]]] = [
    ({"muted": True}, [9, 6, 3, 0]),
    ({"muted": False}, [8, 7, 5, 4, 2, 1]),
    ({"incident": "I1"}, [8, 6, 4, 2, 0]),
    ({"incident": "I1", "muted": True}, [6, 0]),
    ({"incident": "I1", "muted": False}, [8, 4, 2]),
    ({"incident": "I1", "state": AlertState.CLOSED}, []),
    ({"incident": "I2"}, []),
    ({"muted": True, "device": "cam-1", "state": AlertState.OPEN}, [9, 6, 3, 0]),
    ({"muted": True, "device": "cam-2"}, []),
    ({"muted": False, "device": "cam-1"}, [8, 7, 5, 4, 2, 1]),
]


def test_each_filter_finds_its_own_page_by_page(alerts: AlertStore) -> None:
    """Of ten alerts a minute apart every third is silenced, and the even ones are of one incident."""
    raise_at(alerts, *range(10))
    for number, alert in enumerate(reversed(listed(alerts))):
        told: dict[str, Any] = {"incident": "I1"} if number % 2 == 0 else {}
        if number % 3 == 0:
            told |= {"silenced_by": "S1", **documents.muted(alert.id)}
        if told:
            alerts.alert_documents.collection.update_one({"_id": alert.id}, {"$set": told})
    assert [channels(alerts, **fields) for fields, _ in FILTERS] == [expected for _, expected in FILTERS]


class Read(CommandListener):
    """How many documents of the alerts were brought."""

    documents = 0

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self.documents += len(event.reply.get("cursor", {}).get("firstBatch", ()))

    def started(self, event: Any) -> None:
        """Nothing."""

    def failed(self, event: Any) -> None:
        """Nothing."""


def test_few_muted_ones_are_found_without_reading_the_others(
    store: str, database: Database[dict[str, Any]], alerts: AlertStore
) -> None:
    raise_at(alerts, *range(200))
    oldest = listed(alerts, limit=200)[-1].id
    alerts.alert_documents.collection.update_one({"_id": oldest}, {"$set": documents.muted(oldest)})
    read = Read()
    with MongoClient[dict[str, Any]](store, tz_aware=True, event_listeners=[read]) as client:
        watched = AlertStore(client[database.name])
        assert [alert.id for alert in listed(watched, muted=True)] == [oldest]
    assert read.documents <= 10

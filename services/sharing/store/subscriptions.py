"""订阅: one document a subscription; `cursor` is the sequence up to which it was served."""

from datetime import datetime, timedelta
from typing import Any

from pymongo import IndexModel
from pymongo.database import Database

from contracts.sharing import Grant, Subscribe, Subscription
from services.chassis import context
from services.chassis.aggregates import Change, Changed, Document
from services.chassis.records import entry
from services.sharing.store.typed import Typed, order

_LONGEST_PAUSE = 60


class Subscriptions(Typed[Subscription]):
    """`subscriptions`."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        indexes = [IndexModel([("department", 1), ("order", 1)]), IndexModel([("serving", 1)], sparse=True)]
        super().__init__(database, "subscriptions", indexes)

    def view(self, document: Document) -> Subscription:
        return Subscription.model_validate({**document, "id": document["_id"]})

    def open(self, id: str, command: Subscribe, grant: Grant, queue: str | None) -> None:
        """A new subscription, from the first record of the log on."""
        document: Document = {
            "_id": id,
            "grant": grant.id,
            "dataset": grant.dataset,
            "department": grant.department,
            "delivery": command.delivery,
            "queue": queue,
            "cursor": 0,
            "state": "active",
            "failures": 0,
            "retry_at": context.now(),
            "order": order(context.now(), id),
            "timeline": [entry(command.caller.who, "subscribe", None, "active").model_dump()],
        }
        if queue:
            document["serving"] = True
        self.insert(document)

    def due(self) -> list[Subscription]:
        """The active queue subscriptions that do not pause after a failure."""
        now: datetime = context.now()
        found = self.collection.find({"serving": True})
        return [self.view(document) for document in found if document["retry_at"] <= now]

    def advance(self, subscription: Subscription, cursor: int) -> bool:
        """Serve on from `cursor`; False when somebody else has moved it."""
        return self._mark(subscription, Change(set={"cursor": cursor, "failures": 0}))

    def acknowledge(self, subscription: Subscription, cursor: int) -> None:
        """Remember what a puller says it has, so that it may go on from there without a cursor."""
        if cursor > subscription.cursor:
            self.advance(subscription, cursor)

    def pause(self, subscription: Subscription) -> None:
        """After a failure: try again in 1, 2, 4 … 60 s."""
        found = self.collection.find_one({"_id": subscription.id}, {"failures": 1}) or {"failures": 0}
        seconds = min(2 ** min(found["failures"], 6), _LONGEST_PAUSE)
        retry_at = context.now() + timedelta(seconds=seconds)
        self._mark(subscription, Change(set={"retry_at": retry_at}, inc={"failures": 1}))

    def suspend(self, subscription: Subscription, reason: str) -> bool:
        """Serve it no more; False when somebody else has done so."""
        step = entry("system", "suspend", subscription.state, "suspended", reason).model_dump()
        return self._mark(
            subscription, Change(set={"state": "suspended"}, unset=["serving"], push={"timeline": [step]})
        )

    def _mark(self, subscription: Subscription, change: Change) -> bool:
        # several in one message are right here, so that they do not count as its one application
        outcome = self.update_many([Changed(subscription.id, subscription.version, change)])
        return outcome == ["written"]

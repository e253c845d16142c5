"""Queue subscriptions: at least once, in order, and no failing one keeps the others waiting."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pymongo.database import Database

from contracts.sharing import DatasetApplication, Mask, Purpose, Subscribe, Subscription
from services.chassis import context
from services.chassis.links import connect
from services.chassis.outlets import Outlet
from services.sharing.delivery import Pump
from services.sharing.intake import examine
from services.sharing.schemas import Checker
from services.sharing.store import SharingStore
from services.sharing.store.record_log import Batch
from services.sharing.store.subscriptions import Subscriptions
from tests.sharing.scene import CONSUMER, NOW, consumer, event, provider, saving


class Killed(BaseException):
    """What a kill looks like from inside."""


@pytest.fixture
def store_of_250(database: Database[dict[str, Any]]) -> SharingStore:
    """A published dataset with 250 records and a grant on it."""
    store = SharingStore(database)
    store.datasets.create(saving("d"), provider.department or "")
    dataset = store.datasets.find("d")
    database.datasets.update_one({"_id": "d"}, {"$set": {"state": "published"}})
    good, _ = examine([event(number) for number in range(250)], Checker({}), "household")
    [appended] = store.log.append([Batch("d", good, "m", NOW)])
    store.datasets.announce({"d": dataset}, {"d": appended.end})
    application = DatasetApplication(
        id="A-1",
        dataset="d",
        applicant=CONSUMER,
        purpose=Purpose.GRID_GOVERNANCE,
        legal_basis="社会救助暂行办法",
        fields={"household": Mask.SHOW},
        valid_until=context.now() + timedelta(days=1),
        state="approved",
    )
    store.grants.give(application, dataset)
    return store


def subscribed(store: SharingStore, outlet: Outlet | None) -> Subscription:
    id = f"S-{uuid4().hex}"
    queue = f"sharing.subscription.{id}"
    if outlet:
        outlet.open(queue)
    command = Subscribe(caller=consumer, grant="G-1", delivery="queue")
    store.subscriptions.open(id, command, store.grants.find("G-1"), queue)
    return store.subscriptions.find(id)


def received(broker: str, subscription: Subscription) -> list[int]:
    numbers: list[int] = []
    with connect(broker, "reader") as connection:
        channel = connection.channel()
        while message := channel.basic_get(str(subscription.queue), no_ack=True):
            numbers.append(int(message.properties["message_id"].removeprefix(f"{subscription.id}:")))
    return numbers


def test_a_kill_after_sending_sends_again_under_the_same_ids(
    broker: str, store_of_250: SharingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, outlet = store_of_250, Outlet(broker, "sharing")
    subscription = subscribed(store, outlet)

    def die(*_: object) -> bool:
        raise Killed

    with monkeypatch.context() as dying, pytest.raises(Killed):
        dying.setattr(Subscriptions, "advance", die)
        Pump().run(store, outlet)
    Pump().run(store, outlet)
    outlet.close()
    assert received(broker, subscription) == [*range(1, 201), *range(1, 251)]
    assert store.subscriptions.find(subscription.id).cursor == 250
    assert store.exchanges.verify().entries == 3


def test_a_failing_subscription_pauses_and_the_others_are_served(broker: str, store_of_250: SharingStore) -> None:
    store, outlet = store_of_250, Outlet(broker, "sharing")
    failing = subscribed(store, None)  # its queue was deleted
    served = subscribed(store, outlet)
    Pump().run(store, outlet)
    assert received(broker, served) == list(range(1, 251))
    assert store.subscriptions.find(failing.id).cursor == 0
    logged = store.exchanges.verify().entries
    pausing = {"_id": failing.id, "retry_at": {"$gt": NOW}}
    assert store.subscriptions.collection.update_one(
        pausing, {"$set": {"retry_at": context.now() + timedelta(hours=1)}}
    ).matched_count
    Pump().run(store, outlet)
    assert store.exchanges.verify().entries == logged  # it pauses: no entry each second
    outlet.open(str(failing.queue))
    store.subscriptions.collection.update_one({"_id": failing.id}, {"$set": {"retry_at": NOW}})
    Pump().run(store, outlet)
    outlet.close()
    assert received(broker, failing) == list(range(1, 251))

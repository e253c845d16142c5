"""One atomic write, on the real store."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import IndexModel
from pymongo.database import Database

from contracts.faults import Conflict, NotFound
from services.chassis import context
from services.chassis.aggregates import Aggregates, Change, Changed, New, Pending
from services.chassis.copies import LocalCopy

Store = Database[dict[str, Any]]


class Taken:
    def __init__(self) -> None:
        self.pending: list[Pending] = []

    def take(self, written: Any) -> None:
        self.pending += written


@pytest.fixture
def things(database: Store) -> Iterator[Aggregates]:
    made = Aggregates(database, "things", [IndexModel([("key", 1)], unique=True, sparse=True)], applied_kept=4)
    made.relay = Taken()
    yield made


def made(probe_contracts: Any, id: str, version: int = 1) -> Any:
    return probe_contracts.ThingMade(id=id, version=version)


def test_state_and_events_stand_in_one_document(things: Aggregates, probe_contracts: Any) -> None:
    with context.applying("m1", "c1"):
        assert things.insert({"_id": "a", "count": 0}, [made(probe_contracts, "a")])
    found = things.get("a")
    assert found is not None
    assert (found["version"], found["applied"], found["pending"]) == (1, ["m1"], True)
    assert found["created_at"] == found["updated_at"]
    assert '"subject":"a"' in found["outbox"][0]["body"]
    assert '"causationid":"m1"' in found["outbox"][0]["body"]
    assert isinstance(things.relay, Taken)
    assert things.relay.pending[0].id == "a"


def test_the_same_thing_twice_is_done_work(things: Aggregates) -> None:
    assert things.insert({"_id": "a", "key": 1})
    assert not things.insert({"_id": "a", "key": 2})
    assert not things.insert({"_id": "b", "key": 1})
    new = [New({"_id": id, "key": key}) for id, key in (("a", 9), ("c", 3), ("d", 1), ("e", 5))]
    assert things.insert_many(new) == {"c", "e"}
    assert things.insert_many([]) == set()


def test_a_message_is_applied_once(things: Aggregates) -> None:
    things.insert({"_id": "a", "count": 0})
    with context.applying("m1", None):
        assert things.update("a", 1, Change(inc={"count": 1}))
        assert not things.update("a", 2, Change(inc={"count": 1}))
    assert things.get("a")["count"] == 1  # type: ignore[index]


def test_a_stale_version_is_refused_with_the_current_one(things: Aggregates) -> None:
    things.insert({"_id": "a", "count": 0})
    assert things.update("a", 1, Change(set={"count": 5}, push={"log": ["x", "y"]}, min={"low": 3}, max={"high": 4}))
    with pytest.raises(Conflict) as stale:
        things.update("a", 1, Change(set={"count": 6}))
    assert stale.value.facts == {"current_version": 2}
    with pytest.raises(NotFound):
        things.update("gone", 1, Change())
    assert things.update("a", 2, Change(unset=["low"]))
    found = things.get("a")
    assert found is not None
    assert (found["count"], found["log"], found["high"], "low" in found) == (5, ["x", "y"], 4, False)


def test_of_two_racing_writers_one_wins(things: Aggregates) -> None:
    things.insert({"_id": "a", "count": 0})
    outcomes: list[str] = []

    def write() -> None:
        try:
            things.update("a", 1, Change(inc={"count": 1}))
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")

    racers = [threading.Thread(target=write) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(outcomes) == ["lost"] * 7 + ["won"]


def test_many_updates_tell_what_became_of_each(things: Aggregates) -> None:
    things.insert_many([New({"_id": id, "count": 0}) for id in "abc"])
    add = Change(inc={"count": 1})
    first = things.update_many([Changed(id, 1, add, message_ids=("m1", "m2")) for id in "abc"])
    assert first == ["written"] * 3
    again = things.update_many(
        [
            Changed("a", 1, add, message_ids=("m1", "m2")),
            Changed("b", 2, add, message_ids=("m3",)),
            Changed("c", 1, add, message_ids=("m4",)),
            Changed("none", 1, add),
        ]
    )
    assert again[1:] == ["written", "stale", "stale"]
    assert [things.get(id)["count"] for id in "abc"] == [1, 2, 1]  # type: ignore[index]


def test_what_was_applied_is_forgotten_in_bounds(things: Aggregates) -> None:
    things.insert({"_id": "a", "count": 0})
    for n in range(1, 8):
        with context.applying(f"m{n}", None):
            things.update("a", n, Change())
    assert things.get("a")["applied"] == ["m4", "m5", "m6", "m7"]  # type: ignore[index]


def test_a_local_copy_keeps_the_newest_whatever_the_order(database: Store) -> None:
    copy = LocalCopy(database, "copies")
    copy.absorb([("a", 2, {"name": "two"}), ("a", 1, {"name": "one"}), ("b", 1, {"name": "b"})])
    copy.absorb([("a", 1, {"name": "late"}), ("b", 3, {"name": "three"})])
    copy.absorb([])
    assert {found["_id"]: found["name"] for found in copy.collection.find()} == {"a": "two", "b": "three"}

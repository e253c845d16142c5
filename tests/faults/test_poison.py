"""A handler that always fails: six attempts with growing pauses, a dead letter, and nobody beside it waits."""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from services.chassis.links import Outgoing, Publisher
from services.chassis.messages import STRUCTURED, envelope
from services.chassis.topology import EVENTS

from ..chassis.conftest import PAUSES, Probe, eventually, probe_contracts, running, topology  # noqa: F401
from .harness import rows

TRACEPARENT = "00-{:032x}-00000000000000aa-01"
POISONED, NEIGHBOUR_EVERY_S, NEIGHBOUR_WAITS_S = 10, 0.02, 1.0


@pytest.fixture(scope="module")
def publisher(running: Probe) -> Iterator[Publisher]:  # noqa: F811
    found = Publisher(running.url, "poisoner")
    yield found
    found.close()


def message(event: Any, trace: int | None = None) -> Outgoing:
    """An event as its owner would publish it."""
    wrapped = envelope(event, event.id, 1)
    headers = {"traceparent": TRACEPARENT.format(trace)} if trace else {}
    return Outgoing(EVENTS, wrapped.type, wrapped.model_dump_json().encode(), wrapped.id, headers, STRUCTURED)


@pytest.mark.parametrize("batched", [False, True], ids=["single", "batch"])
def test_poison_dies_after_six_attempts_while_neighbours_pass(
    running: Probe,  # noqa: F811
    probe_contracts: Any,  # noqa: F811
    publisher: Publisher,
    batched: bool,
) -> None:
    began = time.monotonic()
    event = probe_contracts.ThingCounted if batched else probe_contracts.ThingMade
    prefix = "counted" if batched else "made"

    def make(id: str, mode: str) -> Any:
        return event(id=id, mode=mode) if batched else event(id=id, mode=mode, version=1)

    poison = [message(make(f"poison {n}", "bug"), n + 1) for n in range(POISONED)]
    ids = [one.message_id for one in poison]
    assert publisher.publish(poison) == [None] * POISONED
    letters = running.database.dead_letters
    told: dict[str, float] = {}

    def neighbours_until_all_are_dead() -> bool:
        id = f"neighbour {len(told)}"
        told[id] = time.time()
        assert publisher.publish([message(make(id, "ok"))]) == [None]
        time.sleep(NEIGHBOUR_EVERY_S)
        return letters.count_documents({"message_id": {"$in": ids}}) == POISONED

    eventually(neighbours_until_all_are_dead, within=60)
    heard = {"_id": {"$regex": f"^{prefix} neighbour"}}
    eventually(lambda: running.database.heard.count_documents(heard) == len(told))
    waits = [
        found["created_at"].timestamp() - told[found["_id"].removeprefix(f"{prefix} ")]
        for found in running.database.heard.find(heard)
    ]
    assert len(told) > 20
    assert max(waits) <= NEIGHBOUR_WAITS_S, sorted(waits)[-5:]
    assert running.database.heard.count_documents({"_id": {"$regex": "poison"}}) == 0

    for place, id in enumerate(ids):
        letter = letters.find_one({"message_id": id})
        assert letter is not None
        assert (letter["attempts"], letter["reason"], letter["state"]) == (6, "fault: RuntimeError", "dead")
        assert letter["queue"] == f"probe.{event.wire}"
        assert letter["trace_id"] == f"{place + 1:032x}"
    count = POISONED + len(told)
    rows.add("毒消息 poison", injected=POISONED, acknowledged=count, seconds=time.monotonic() - began)
    if not batched:
        for place in range(POISONED):
            tried = running.database.tries.find({"message": ids[place]}).sort("at")
            pauses = [(later["at"] - earlier["at"]).total_seconds() for earlier, later in pairwise(tried)]
            assert len(pauses) == 5
            assert all(pause >= least for pause, least in zip(pauses, (*PAUSES, PAUSES[-1], PAUSES[-1]), strict=True))

"""A handler holds the whole process longer than the heartbeat: the connection comes back, everything is done once."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest

from services.chassis.links import HEARTBEAT_S, Outgoing, Publisher
from services.chassis.messages import STRUCTURED, envelope
from services.chassis.topology import EVENTS, REQUESTS

from ..chassis.conftest import CALLER, Probe, eventually, probe, probe_contracts, topology  # noqa: F401
from .harness import rows

# the broker gives a silent client up after two to three heartbeats
HELD_S = 3 * HEARTBEAT_S + 5
BEFORE, DURING = 400, 200


@pytest.mark.faults
def test_a_held_process_loses_its_connection_and_no_message(probe: Probe, probe_contracts: Any) -> None:  # noqa: F811
    began = time.monotonic()
    process = probe.start()
    probe.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id="counted")))
    publisher = Publisher(probe.url, "holder")

    def request(asked: Any) -> Outgoing:
        body = json.dumps({"args": [asked.model_dump(mode="json")], "kwargs": {}}).encode()
        id = str(uuid4())
        # without a deadline: what was in hand when the connection went is asked again
        return Outgoing(REQUESTS, f"probe.{asked.method}", body, id, {}, correlation_id=id, reply_to=str(uuid4()))

    def events(numbers: range) -> list[Outgoing]:
        wrapped = [envelope(probe_contracts.ThingMade(id=f"m{n}", version=1), f"m{n}", 1) for n in numbers]
        return [Outgoing(EVENTS, one.type, one.model_dump_json().encode(), one.id, {}, STRUCTURED) for one in wrapped]

    def orders(numbers: range) -> list[Outgoing]:
        return [
            request(probe_contracts.CountThing(caller=CALLER, id="counted", idempotency_key=f"k{n}")) for n in numbers
        ]

    hold = request(probe_contracts.Sleep(caller=CALLER, seconds=HELD_S, holding_the_hub=True))
    first = [*events(range(BEFORE)), *orders(range(20)), hold, *orders(range(20, 40))]
    assert publisher.publish(first) == [None] * len(first)
    during = events(range(BEFORE, BEFORE + DURING))
    assert publisher.publish(during) == [None] * len(during)
    publisher.close()

    assert process.child is not None
    heard = {"_id": {"$regex": "^made m"}}
    eventually(lambda: probe.database.heard.count_documents(heard) == BEFORE + DURING, within=HELD_S + 60)
    eventually(lambda: (probe.database.things.find_one({"_id": "counted"}) or {}).get("count") == 40)
    assert time.monotonic() - began > HELD_S
    assert process.child.poll() is None
    assert '"message": "bus away"' in process.log.read_text("utf-8").rpartition('"started"')[2]
    fine = probe.ask(lambda bus: bus.ask(probe_contracts.GetThing(caller=CALLER, id="counted")))
    assert (fine.count, fine.version) == (40, 41)
    assert probe.database.heard.count_documents({"version": {"$ne": 1}}) == 0
    assert probe.database.dead_letters.count_documents({}) == 0
    count = len(first) + len(during)
    rows.add("事件循环被占 65 秒 hub held for 65 s", injected=1, acknowledged=count, seconds=time.monotonic() - began)

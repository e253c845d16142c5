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
BEFORE, DURING, ORDERS = 400, 200, 40


@pytest.mark.faults
def test_a_held_process_loses_its_connection_and_no_message(probe: Probe, probe_contracts: Any) -> None:  # noqa: F811
    began = time.monotonic()
    process = probe.start()

    async def make(bus: Any) -> None:
        for number in range(ORDERS):
            await bus.ask(probe_contracts.MakeThing(caller=CALLER, id=f"c{number}"))

    probe.ask(make)
    publisher = Publisher(probe.url, "holder")

    def request(asked: Any, **headers: object) -> Outgoing:
        body = json.dumps({"args": [asked.model_dump(mode="json")], "kwargs": {}}).encode()
        id = str(uuid4())
        return Outgoing(REQUESTS, f"probe.{asked.method}", body, id, headers, correlation_id=id, reply_to=str(uuid4()))

    def events(numbers: range) -> list[Outgoing]:
        wrapped = [envelope(probe_contracts.ThingMade(id=f"m{n}", version=1), f"m{n}", 1) for n in numbers]
        return [Outgoing(EVENTS, one.type, one.model_dump_json().encode(), one.id, {}, STRUCTURED) for one in wrapped]

    def orders(numbers: range) -> list[Outgoing]:
        return [
            request(probe_contracts.CountThing(caller=CALLER, id=f"c{n}", idempotency_key=f"k{n}")) for n in numbers
        ]

    # like every request of the gateway it has a deadline, or it would hold the process again when delivered again; the
    # orders beside it have none and are carried out whenever they are delivered
    deadline = {"x-deadline": int((time.time() + 10) * 1000)}
    hold = request(probe_contracts.Sleep(caller=CALLER, seconds=HELD_S, holding_the_hub=True), **deadline)
    first = [*events(range(BEFORE)), *orders(range(ORDERS // 2)), hold, *orders(range(ORDERS // 2, ORDERS))]
    assert publisher.publish(first) == [None] * len(first)
    during = events(range(BEFORE, BEFORE + DURING))
    assert publisher.publish(during) == [None] * len(during)
    publisher.close()

    assert process.child is not None
    heard = {"_id": {"$regex": "^made m"}}
    eventually(lambda: probe.database.heard.count_documents(heard) == BEFORE + DURING, within=HELD_S + 60)
    things = probe.database.things
    eventually(lambda: things.count_documents({"count": {"$gte": 1}}) == ORDERS)
    assert time.monotonic() - began > HELD_S
    assert process.child.poll() is None
    assert '"message": "bus away"' in process.log.read_text("utf-8").rpartition('"started"')[2]
    fine = probe.ask(lambda bus: bus.ask(probe_contracts.GetThing(caller=CALLER, id="c0")))
    assert (fine.count, fine.version) == (1, 2)
    assert things.count_documents({"count": 1, "version": 2}) == ORDERS
    assert probe.database.heard.count_documents({"version": {"$ne": 1}}) == 0
    assert probe.database.dead_letters.count_documents({}) == 0
    count = len(first) + len(during)
    rows.add("事件循环被占 65 秒 hub held for 65 s", injected=1, acknowledged=count, seconds=time.monotonic() - began)

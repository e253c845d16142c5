"""The chassis as a running process: what is promised holds on the real broker and the real store."""

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest

from contracts.faults import Conflict, Forbidden, Invalid, NotFound, Unavailable
from contracts.operations import GetStatus, ListDeadLetters, LookAtDeadLetter, RedriveDeadLetters
from contracts.shared import Caller
from services.chassis.links import Outgoing, Publisher
from services.chassis.messages import envelope
from services.chassis.topology import EVENTS, REQUESTS

from .conftest import CALLER, Probe, eventually


def test_a_command_is_written_answered_and_heard(running: Probe, probe_contracts: Any) -> None:
    made = running.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id="w")))
    assert (made.id, made.version) == ("w", 1)
    eventually(lambda: running.database.heard.find_one({"_id": "made w"}))
    eventually(lambda: running.database.event_log.count_documents({"body": {"$regex": '"subject":"w"'}}) == 2)
    eventually(lambda: not running.database.things.find_one({"_id": "w", "pending": True}))
    assert running.database.things.find_one({"_id": "w"})["outbox"] == []  # type: ignore[index]
    eventually(lambda: (running.database.rounds.find_one({}) or {}).get("count", 0) >= 2)


def test_faults_come_back_as_they_were_raised(running: Probe, probe_contracts: Any) -> None:
    with pytest.raises(NotFound) as missing:
        running.ask(lambda bus: bus.ask(probe_contracts.GetThing(caller=CALLER, id="none")))
    assert missing.value.code == "thing_unknown"
    with pytest.raises(Forbidden):
        running.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=Caller(client="nobody"), id="f")))
    running.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id="f")))
    with pytest.raises(Conflict) as stale:
        running.ask(lambda bus: bus.ask(probe_contracts.CountThing(caller=CALLER, id="f", expected_version=7)))
    assert stale.value.facts["current_version"] == 1
    with pytest.raises(Invalid) as wrong:
        running.ask(lambda bus: bus.ask(probe_contracts.Sleep.model_construct(caller=CALLER, seconds="x")))
    assert wrong.value.errors[0].pointer == "/seconds"


def test_a_command_repeated_under_one_key_is_applied_once(running: Probe, probe_contracts: Any) -> None:

    async def count(bus: Any) -> list[int]:
        await bus.ask(probe_contracts.MakeThing(caller=CALLER, id="r"))
        command = probe_contracts.CountThing(caller=CALLER, id="r", idempotency_key="k")
        return [reply.count for reply in await asyncio.gather(*(bus.ask(command) for _ in range(10)))]

    assert set(running.ask(count)) == {1}


def test_racing_commands_lose_no_update(running: Probe, probe_contracts: Any) -> None:

    async def count(bus: Any) -> int:
        await bus.ask(probe_contracts.MakeThing(caller=CALLER, id="q"))
        done = 0
        while done < 20:
            tries = [bus.ask(probe_contracts.CountThing(caller=CALLER, id="q")) for _ in range(20 - done)]
            done += sum(not isinstance(one, Exception) for one in await asyncio.gather(*tries, return_exceptions=True))
        return int((await bus.ask(probe_contracts.GetThing(caller=CALLER, id="q"))).count)

    assert running.ask(count) == 20


def test_a_slow_answer_is_given_up_and_neighbours_are_served(running: Probe, probe_contracts: Any) -> None:

    async def race(bus: Any) -> float:
        slow = asyncio.create_task(bus.ask(probe_contracts.Sleep(caller=CALLER, seconds=3), timeout=0.5))
        began = time.monotonic()
        await bus.ask(probe_contracts.Sleep(caller=CALLER, seconds=0))
        took = time.monotonic() - began
        with pytest.raises(Unavailable) as late:
            await slow
        assert late.value.code == "timeout"
        return took

    assert running.ask(race) < 0.5


def test_a_slow_message_keeps_no_other_waiting(running: Probe, probe_contracts: Any) -> None:

    async def make(bus: Any) -> None:
        await bus.ask(probe_contracts.MakeThing(caller=CALLER, id="slow", mode="slow"))
        await asyncio.gather(*(bus.ask(probe_contracts.MakeThing(caller=CALLER, id=f"swift{n}")) for n in range(60)))

    running.ask(make)
    swift = {"_id": {"$in": [f"made swift{n}" for n in range(60)]}}
    eventually(lambda: running.database.heard.count_documents(swift) == 60)
    assert not running.database.heard.find_one({"_id": "made slow"})
    eventually(lambda: running.database.heard.find_one({"_id": "made slow"}))


def test_poison_is_tried_six_times_with_pauses_then_filed_and_its_neighbours_go_on(
    running: Probe, probe_contracts: Any
) -> None:
    process = running.started[0]

    async def make(bus: Any) -> None:
        await bus.ask(probe_contracts.MakeThing(caller=CALLER, id="poison", mode="bug"))
        await bus.ask(probe_contracts.MakeThing(caller=CALLER, id="fine"))

    running.ask(make)
    eventually(lambda: running.database.heard.find_one({"_id": "made fine"}), within=2)
    letter = eventually(lambda: running.database.dead_letters.find_one({"reason": "fault: RuntimeError"}))
    assert (letter["attempts"], letter["reason"]) == (6, "fault: RuntimeError")
    assert letter["trace_id"] is None or len(letter["trace_id"]) == 32
    tries = [found["at"] for found in running.database.tries.find({"message": letter["message_id"]}).sort("at")]
    assert len(tries) == 6
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(tries)]
    assert pauses[0] >= 0.2
    assert pauses[1] >= 0.5
    assert all(pause >= 1 for pause in pauses[2:])
    assert "a secret" not in process.log.read_text("utf-8")


def test_a_refused_event_dies_at_once_and_comes_back_by_redrive(running: Probe, probe_contracts: Any) -> None:
    running.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id="i", mode="invalid")))
    refused = {"state": "dead", "reason": "invalid: mode_invalid", "attempts": 1}
    letter = eventually(lambda: running.database.dead_letters.find_one(refused))

    async def operate(bus: Any) -> tuple[Any, Any, Any]:
        page = await bus.ask(ListDeadLetters(caller=CALLER), service="probe")
        look = await bus.ask(LookAtDeadLetter(caller=CALLER, id=letter["_id"]), service="probe")
        again = await bus.ask(RedriveDeadLetters(caller=CALLER, ids=[letter["_id"]]), service="probe")
        return page, look, again

    page, look, again = running.ask(operate)
    listed = next(item for item in page.items if item.id == letter["_id"])
    assert (listed.reason, listed.attempts) == ("invalid: mode_invalid", 1)
    assert '"mode":"invalid"' in look.body
    assert again.redriven == 1
    eventually(lambda: running.database.tries.count_documents({"message": listed.message_id}) == 2)
    eventually(lambda: running.database.dead_letters.find_one({"_id": letter["_id"], "state": "dead"}))
    assert {found["action"] for found in running.database.audit.find()} == {
        "look_at_dead_letter",
        "redrive_dead_letters",
    }
    status = running.ask(lambda bus: bus.ask(GetStatus(caller=CALLER), service="probe"))
    assert status.dead_letters >= 1


def test_only_the_culprit_leaves_a_batch(running: Probe, probe_contracts: Any) -> None:
    publisher = Publisher(running.url, "test")
    events = [probe_contracts.ThingCounted(id=str(n), mode="invalid" if n == 7 else "ok") for n in range(30)]
    wrapped = [envelope(event, event.id, 1) for event in events]
    messages = [
        Outgoing(EVENTS, one.type, one.model_dump_json().encode(), one.id, {}, "application/cloudevents+json")
        for one in wrapped
    ]
    assert publisher.publish(messages) == [None] * 30
    counted = {"_id": {"$regex": "^counted"}}
    eventually(lambda: running.database.heard.count_documents(counted) == 29)
    eventually(lambda: running.database.dead_letters.count_documents({"message_id": wrapped[7].id}) == 1)
    publisher.publish(messages)
    publisher.publish([messages[0]._replace(message_id="z", body=b'{"specversion"')])
    eventually(lambda: running.database.dead_letters.count_documents({"message_id": "z"}) == 1)
    assert running.database.heard.count_documents(counted) == 29
    publisher.close()


def test_a_foreign_body_arrives_byte_for_byte(running: Probe, probe_contracts: Any) -> None:
    body = bytes(range(256))
    running.ask(lambda bus: bus.publish(probe_contracts.ThingPosted(id="p", body=body), id="p"))
    assert eventually(lambda: running.database.heard.find_one({"_id": "posted p"}))["body"] == body


def test_a_request_without_reply_to_is_a_dead_letter(running: Probe) -> None:
    publisher = Publisher(running.url, "test")
    publisher.publish([Outgoing(REQUESTS, "probe.get_thing", b'{"args":[],"kwargs":{}}', "m", {})])
    eventually(lambda: running.database.dead_letters.find_one({"reason": "undecodable: reply_to_missing"}))
    publisher.close()

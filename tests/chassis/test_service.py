"""The chassis as a running process: what is promised holds on the real broker and the real store."""

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from contracts.faults import Conflict, Forbidden, Invalid, NotFound, Unavailable
from contracts.operations import GetStatus, ListDeadLetters, LookAtDeadLetter, RedriveDeadLetters
from contracts.shared import Caller
from services.chassis.links import Outgoing, Publisher
from services.chassis.messages import envelope
from services.chassis.topology import EVENTS, REQUESTS

from .conftest import CALLER, Probe


def eventually(check: Callable[[], Any], within: float = 15.0) -> Any:
    """The first truthy answer."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("never came true")


def test_a_command_is_written_answered_and_heard(probe: Probe, probe_contracts: Any) -> None:
    probe.start()
    made = probe.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id="a")))
    assert (made.id, made.version) == ("a", 1)
    eventually(lambda: probe.database.heard.find_one({"_id": "made a"}))
    eventually(lambda: probe.database.event_log.count_documents({}) == 2)
    eventually(lambda: not probe.database.things.find_one({"pending": True}))
    assert probe.database.things.find_one({"_id": "a"})["outbox"] == []  # type: ignore[index]
    eventually(lambda: (probe.database.rounds.find_one({}) or {}).get("count", 0) >= 2)


def test_faults_come_back_as_they_were_raised(probe: Probe, probe_contracts: Any) -> None:
    probe.start()
    with pytest.raises(NotFound) as missing:
        probe.ask(lambda bus: bus.ask(probe_contracts.GetThing(caller=CALLER, id="none")))
    assert missing.value.code == "thing_unknown"
    with pytest.raises(Forbidden):
        probe.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=Caller(client="nobody"), id="a")))
    probe.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id="a")))
    with pytest.raises(Conflict) as stale:
        probe.ask(lambda bus: bus.ask(probe_contracts.CountThing(caller=CALLER, id="a", expected_version=7)))
    assert stale.value.facts["current_version"] == 1
    with pytest.raises(Invalid) as wrong:
        probe.ask(lambda bus: bus.ask(probe_contracts.Sleep.model_construct(caller=CALLER, seconds="x")))
    assert wrong.value.errors[0].pointer == "/seconds"


def test_a_command_repeated_under_one_key_is_applied_once(probe: Probe, probe_contracts: Any) -> None:
    probe.start()

    async def count(bus: Any) -> list[int]:
        await bus.ask(probe_contracts.MakeThing(caller=CALLER, id="a"))
        command = probe_contracts.CountThing(caller=CALLER, id="a", idempotency_key="k")
        return [reply.count for reply in await asyncio.gather(*(bus.ask(command) for _ in range(10)))]

    assert set(probe.ask(count)) == {1}


def test_racing_commands_lose_no_update(probe: Probe, probe_contracts: Any) -> None:
    probe.start()

    async def count(bus: Any) -> int:
        await bus.ask(probe_contracts.MakeThing(caller=CALLER, id="a"))
        done = 0
        while done < 20:
            tries = [bus.ask(probe_contracts.CountThing(caller=CALLER, id="a")) for _ in range(20 - done)]
            done += sum(not isinstance(one, Exception) for one in await asyncio.gather(*tries, return_exceptions=True))
        return int((await bus.ask(probe_contracts.GetThing(caller=CALLER, id="a"))).count)

    assert probe.ask(count) == 20


def test_a_slow_answer_is_given_up_and_neighbours_are_served(probe: Probe, probe_contracts: Any) -> None:
    probe.start()

    async def race(bus: Any) -> float:
        slow = asyncio.create_task(bus.ask(probe_contracts.Sleep(caller=CALLER, seconds=3), timeout=0.5))
        began = time.monotonic()
        await bus.ask(probe_contracts.Sleep(caller=CALLER, seconds=0))
        took = time.monotonic() - began
        with pytest.raises(Unavailable) as late:
            await slow
        assert late.value.code == "timeout"
        return took

    assert probe.ask(race) < 0.5


def test_poison_is_tried_six_times_with_pauses_then_filed_and_its_neighbours_go_on(
    probe: Probe, probe_contracts: Any
) -> None:
    process = probe.start()

    async def make(bus: Any) -> None:
        await bus.ask(probe_contracts.MakeThing(caller=CALLER, id="poison", mode="bug"))
        await bus.ask(probe_contracts.MakeThing(caller=CALLER, id="fine"))

    probe.ask(make)
    eventually(lambda: probe.database.heard.find_one({"_id": "made fine"}), within=2)
    letter = eventually(lambda: probe.database.dead_letters.find_one({"state": "dead"}))
    assert (letter["attempts"], letter["reason"]) == (6, "fault: RuntimeError")
    assert letter["trace_id"] is None or len(letter["trace_id"]) == 32
    tries = [found["at"] for found in probe.database.tries.find({"message": letter["message_id"]}).sort("at")]
    assert len(tries) == 6
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(tries)]
    assert pauses[0] >= 0.2
    assert pauses[1] >= 0.5
    assert all(pause >= 1 for pause in pauses[2:])
    assert "a secret" not in process.log.read_text("utf-8")


def test_a_refused_event_dies_at_once_and_comes_back_by_redrive(probe: Probe, probe_contracts: Any) -> None:
    probe.start()
    probe.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id="a", mode="invalid")))
    eventually(lambda: probe.database.dead_letters.find_one({"state": "dead"}))

    async def operate(bus: Any) -> tuple[Any, Any, Any]:
        page = await bus.ask(ListDeadLetters(caller=CALLER), service="probe")
        look = await bus.ask(LookAtDeadLetter(caller=CALLER, id=page.items[0].id), service="probe")
        again = await bus.ask(RedriveDeadLetters(caller=CALLER, ids=[page.items[0].id]), service="probe")
        return page, look, again

    page, look, again = probe.ask(operate)
    assert (page.items[0].reason, page.items[0].attempts) == ("invalid: mode_invalid", 1)
    assert '"mode":"invalid"' in look.body
    assert again.redriven == 1
    eventually(lambda: probe.database.tries.count_documents({"message": page.items[0].message_id}) == 2)
    eventually(lambda: probe.database.dead_letters.find_one({"state": "dead"}))
    assert {found["action"] for found in probe.database.audit.find()} == {"look_at_dead_letter", "redrive_dead_letters"}
    status = probe.ask(lambda bus: bus.ask(GetStatus(caller=CALLER), service="probe"))
    assert status.dead_letters == 1


def test_only_the_culprit_leaves_a_batch(probe: Probe, probe_contracts: Any) -> None:
    probe.start()
    publisher = Publisher(probe.url, "test")
    events = [probe_contracts.ThingCounted(id=str(n), mode="invalid" if n == 7 else "ok") for n in range(30)]
    wrapped = [envelope(event, event.id, 1) for event in events]
    messages = [
        Outgoing(EVENTS, one.type, one.model_dump_json().encode(), one.id, {}, "application/cloudevents+json")
        for one in wrapped
    ]
    assert publisher.publish(messages) == [None] * 30
    eventually(lambda: probe.database.heard.count_documents({}) == 29)
    eventually(lambda: probe.database.dead_letters.count_documents({"reason": "invalid: mode_invalid"}) == 1)
    publisher.publish(messages)
    publisher.publish([messages[0]._replace(message_id="z", body=b'{"specversion"')])
    eventually(lambda: probe.database.dead_letters.count_documents({"reason": {"$regex": "^undecodable"}}) == 1)
    assert probe.database.heard.count_documents({}) == 29
    publisher.close()


def test_a_foreign_body_arrives_byte_for_byte(probe: Probe, probe_contracts: Any) -> None:
    probe.start()
    body = bytes(range(256))
    probe.ask(lambda bus: bus.publish(probe_contracts.ThingPosted(id="p", body=body), id="p"))
    assert eventually(lambda: probe.database.heard.find_one({"_id": "posted p"}))["body"] == body


def test_a_request_without_reply_to_is_a_dead_letter(probe: Probe) -> None:
    probe.start()
    publisher = Publisher(probe.url, "test")
    publisher.publish([Outgoing(REQUESTS, "probe.get_thing", b'{"args":[],"kwargs":{}}', "m", {})])
    letter = eventually(lambda: probe.database.dead_letters.find_one({}))
    assert letter["reason"] == "undecodable: reply_to_missing"
    publisher.close()


# events leave in batches, so that a publishing point is passed far less often
@pytest.mark.parametrize(
    "crash_at",
    ["received:3", "before_write:3", "after_write:3", "before_publish:1", "after_publish:1", "before_ack:3"],
)
def test_killed_at_any_point_nothing_is_lost_or_doubled(probe: Probe, probe_contracts: Any, crash_at: str) -> None:
    first = probe.start(CRASH_AT=crash_at)

    async def make(bus: Any, ids: range) -> list[str]:
        async def one(n: int) -> str | None:
            try:
                command = probe_contracts.MakeThing(caller=CALLER, id=f"t{n}", idempotency_key=f"k{n}")
                return str((await bus.ask(command, timeout=1.5)).id)
            except Unavailable:
                return None

        return [found for found in await asyncio.gather(*(one(n) for n in ids)) if found]

    acknowledged = probe.ask(lambda bus: make(bus, range(10)))
    assert first.child is not None
    first.child.wait(10)
    probe.start()
    acknowledged += probe.ask(lambda bus: make(bus, range(10)))
    assert sorted(set(acknowledged)) == [f"t{n}" for n in range(10)]
    eventually(lambda: probe.database.heard.count_documents({}) == 10)
    eventually(lambda: probe.database.things.count_documents({"pending": True}) == 0)
    assert probe.database.event_log.count_documents({"type": "probe.made.v1"}) == 10
    assert probe.database.dead_letters.count_documents({}) == 0


def test_stop_is_graceful(probe: Probe, probe_contracts: Any) -> None:
    process = probe.start()
    probe.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id="a")))
    assert process.child is not None
    began = time.monotonic()
    process.child.terminate()
    assert process.child.wait(10) == 0
    assert time.monotonic() - began < 8
    assert probe.database.things.count_documents({"pending": True}) == 0

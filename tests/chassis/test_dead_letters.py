"""Dead letters go back by name, by time, by queue or all together; each once, recorded, and never by accident."""

import asyncio
from typing import Any

import pytest

from contracts.faults import Invalid
from contracts.operations import ListDeadLetters, RedriveDeadLetters
from contracts.shared import Caller, Scope
from services.chassis import context, cursors
from services.chassis.dead_letters import DeadLetters, Letter
from services.chassis.messages import STRUCTURED, envelope
from services.chassis.topology import event_queue

from .conftest import Probe, eventually

OPERATOR = Caller(client="ops", actor="值班员", scopes=frozenset({Scope.OPS}))
MADE, COUNTED = event_queue("probe", "probe.made.v1"), event_queue("probe", "probe.counted.v1")


def plant(probe: Probe, events: list[Any], queue: str) -> list[str]:
    """Letters as a bad day leaves them, filed as the service files them; their message ids."""
    wrapped = [envelope(event, event.id, 1) for event in events]
    letters = [Letter(queue, one.id, one.model_dump_json().encode(), {}, STRUCTURED, "fault: X") for one in wrapped]
    DeadLetters(probe.database, "probe").file(letters)
    return [one.id for one in wrapped]


def redrive(probe: Probe, **told: Any) -> Any:
    order = RedriveDeadLetters(caller=OPERATOR, **told)
    return probe.ask(lambda bus: bus.ask(order, timeout=30, service="probe"))


def page(probe: Probe, **told: Any) -> Any:
    return probe.ask(lambda bus: bus.ask(ListDeadLetters(caller=OPERATOR, **told), service="probe"))


def test_an_order_that_tells_nothing_is_refused(running: Probe, probe_contracts: Any) -> None:
    plant(running, [probe_contracts.ThingMade(id="untouched", version=1)], MADE)
    with pytest.raises(Invalid) as nothing:
        redrive(running)
    assert nothing.value.errors[0].code == "selection_missing"
    for cursor in ("bm8", cursors.encode("no", "time", "x"), cursors.encode("no", "time")):
        with pytest.raises(Invalid):
            redrive(running, all=True, cursor=cursor)
        with pytest.raises(Invalid):
            page(running, cursor=cursor)
    letter = running.database.dead_letters.find_one({"queue": MADE, "state": "dead"})
    assert letter is not None and "redriven_count" not in letter
    assert redrive(running, ids=[letter["_id"]]).redriven == 1


def test_all_go_page_by_page_and_each_once(running: Probe, probe_contracts: Any) -> None:
    plant(running, [probe_contracts.ThingCounted(id=f"many{n}") for n in range(450)], COUNTED)
    counts, cursor = [], None
    while True:
        part = redrive(running, all=True, queue=COUNTED, cursor=cursor)
        counts.append(part.redriven)
        if part.next is None:
            break
        cursor = part.next
    assert (sum(counts), max(counts) <= 200) == (450, True)
    eventually(lambda: running.database.heard.count_documents({"_id": {"$regex": "^counted many"}}) == 450)
    assert redrive(running, all=True, queue=COUNTED).redriven == 0
    gone = page(running, state="redriven", queue=COUNTED, limit=200)
    assert {(one.redriven_by, one.redriven_count) for one in gone.items} == {("值班员", 1)}
    assert gone.next


def test_ten_people_at_once_are_one_redrive(running: Probe, probe_contracts: Any) -> None:
    events = [probe_contracts.ThingMade(id=f"race{n}", version=1) for n in range(30)]
    messages = plant(running, events, MADE)
    order = RedriveDeadLetters(caller=OPERATOR, queue=MADE)

    async def together(bus: Any) -> int:
        found = await asyncio.gather(*(bus.ask(order, timeout=30, service="probe") for _ in range(10)))
        return sum(one.redriven for one in found)

    assert running.ask(together) == 30
    heard = {"_id": {"$regex": "^made race"}}
    eventually(lambda: running.database.heard.count_documents(heard) == 30)
    assert running.database.tries.count_documents({"message": {"$in": messages}}) == 30


def test_by_time_and_by_queue_and_a_queue_that_is_gone(running: Probe, probe_contracts: Any) -> None:
    plant(running, [probe_contracts.ThingMade(id="early", version=1)], MADE)
    filed = context.now()
    eventually(lambda: context.now() > filed)
    between = context.now()
    plant(running, [probe_contracts.ThingMade(id="late", version=1)], MADE)
    plant(running, [probe_contracts.ThingMade(id="homeless", version=1)], "probe.gone.v1")
    assert [one.queue for one in page(running, since=between, queue=MADE).items] == [MADE]
    assert len(page(running, until=between, queue=MADE).items) == 1
    assert redrive(running, until=between, queue=MADE).redriven == 1
    eventually(lambda: running.database.heard.find_one({"_id": "made early"}))
    assert running.database.heard.find_one({"_id": "made late"}) is None
    both = redrive(running, since=between)
    assert (both.redriven, both.refused, both.next) == (1, 1, None)
    eventually(lambda: running.database.heard.find_one({"_id": "made late"}))
    assert running.database.dead_letters.find_one({"queue": "probe.gone.v1"})["state"] == "dead"  # type: ignore[index]

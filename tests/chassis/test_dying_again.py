"""A letter that was redriven and died again, and a redrive that was cut short: one letter, one effect."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.faults import Unavailable
from contracts.operations import LookAtDeadLetter, RedriveDeadLetters
from services.chassis import context

from .conftest import Probe, eventually
from .test_dead_letters import MADE, OPERATOR, plant, redrive


def test_what_dies_again_is_one_letter_with_its_history(probe: Probe, probe_contracts: Any) -> None:
    probe.start(OTLP_ENDPOINT="http://127.0.0.1:9/v1/traces")
    [message] = plant(probe, [probe_contracts.ThingMade(id="again", mode="invalid", version=1)], MADE)
    letter = probe.database.dead_letters.find_one({"message_id": message})
    assert letter is not None
    for turn in (1, 2):
        assert redrive(probe, all=True).redriven == 1
        died = {"_id": letter["_id"], "state": "dead", "attempts": 1 + turn}
        eventually(lambda died=died: probe.database.dead_letters.find_one(died))
    assert probe.database.dead_letters.count_documents({}) == 1
    shown = probe.ask(
        lambda bus: bus.ask(LookAtDeadLetter(caller=OPERATOR, id=letter["_id"]), timeout=30, service="probe")
    )
    assert '"mode":"invalid"' in shown.body
    assert (shown.letter.attempts, shown.letter.redriven_count, shown.letter.redriven_by) == (3, 2, "值班员")
    assert shown.letter.first_dead_at == letter["dead_at"] < shown.letter.dead_at
    assert [(past.by, past.reason, past.attempts) for past in shown.redrives] == [
        ("值班员", "fault: X", 1),
        ("值班员", "invalid: mode_invalid", 2),
    ]
    audited = [(one["actor"], one["action"], one["ids"]) for one in probe.database.audit.find().sort("at", 1)]
    assert audited == [
        ("值班员", "redrive_dead_letters", [letter["_id"]]),
        ("值班员", "redrive_dead_letters", [letter["_id"]]),
        ("值班员", "look_at_dead_letter", [letter["_id"]]),
    ]
    assert all(len(one["trace_id"]) == 32 for one in probe.database.audit.find())


def test_a_crash_between_publishing_and_marking_is_harmless(probe: Probe, probe_contracts: Any) -> None:
    first = probe.start(CRASH_AT="after_publish@redrive_dead_letters")
    name = f"cut{uuid4().hex}"
    [message] = plant(probe, [probe_contracts.ThingMade(id=name, version=1)], MADE)
    order = RedriveDeadLetters(caller=OPERATOR, all=True)
    with pytest.raises(Unavailable):
        probe.ask(lambda bus: bus.ask(order, timeout=2, service="probe"))
    assert first.child is not None
    first.child.wait(10)
    probe.start()
    eventually(lambda: probe.database.heard.find_one({"_id": f"made {name}"}))
    # the claim of the dead process stands for a minute
    assert redrive(probe, all=True).redriven == 0
    probe.database.dead_letters.update_one({}, {"$set": {"claimed_at": context.now() - timedelta(seconds=61)}})
    assert redrive(probe, all=True).redriven == 1
    eventually(lambda: probe.database.tries.count_documents({"message": message}) == 2)
    eventually(lambda: probe.database.dead_letters.find_one({"state": "redriven"}))
    assert probe.database.heard.count_documents({}) == 1

"""Killed at every point and stopped by signal: nothing lost, nothing doubled."""

import asyncio
import time
from typing import Any, Literal

import pytest

from contracts.faults import Unavailable
from services.chassis import crash
from services.chassis.settings import Settings

from .conftest import CALLER, Probe, eventually


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


@pytest.mark.parametrize(
    ("profile", "crash_at"), [("production", "received"), ("local", "received"), ("test", "never")]
)
def test_a_crash_point_is_refused_outside_of_tests(
    monkeypatch: pytest.MonkeyPatch, profile: Literal["production", "local", "test"], crash_at: str
) -> None:
    monkeypatch.setattr(crash, "settings", lambda: Settings(profile=profile, crash_at=crash_at))
    crash._armed.cache_clear()
    with pytest.raises(SystemExit, match="refused"):
        crash.point("received")


def test_several_points_are_armed_each_for_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Settings(profile="test", crash_at="received@make_thing:2,before_ack")
    monkeypatch.setattr(crash, "settings", lambda: told)
    crash._armed.cache_clear()
    assert crash._armed() == {"received": ("make_thing", 2), "before_ack": ("", 1)}
    crash.point("received", "probe.count_thing")
    crash.point("after_write")
    crash._armed.cache_clear()


def test_stop_is_graceful(probe: Probe, probe_contracts: Any) -> None:
    process = probe.start()
    probe.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id="a")))
    assert process.child is not None
    began = time.monotonic()
    process.child.terminate()
    assert process.child.wait(10) == 0
    assert time.monotonic() - began < 8
    assert probe.database.things.count_documents({"pending": True}) == 0

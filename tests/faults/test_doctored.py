"""The judge is judged: on a chassis that breaks one law the invariants fail, on the real one they hold.

Both run the same story with the same kill; nothing else differs.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from contracts.alerts import IncidentOpened
from services.chassis.topology import event_queue
from services.cli import payloads
from tests.faults.harness import (
    Client,
    Ledger,
    Piece,
    Town,
    check,
    depths,
    doubled,
    eventually,
    lost,
    outboxes,
    quiet,
    rows,
)

Story = Callable[[Town, Client, Piece, list[str]], Awaitable[None]]


async def an_alarm_becomes_a_case(town: Town, client: Client, ground: Piece, program: list[str]) -> None:
    """The service of cases dies when it has heard of the alarm and has written nothing."""
    town.start_all(("grid", "alerts", "gateway"))
    await client.report(payloads.hikvision(ground.cameras[0], "fielddetection", datetime.now(UTC), 1))
    queue = event_queue("cases", IncidentOpened.wire)
    await asyncio.to_thread(eventually, lambda: depths(town).get(queue) and not outboxes(town), 30, "an incident")
    armed = town.start("cases", crash_at=f"before_write@{IncidentOpened.wire}", argv=program, ready=False)
    assert await asyncio.to_thread(town.died, armed)
    town.start("cases", argv=program)


async def a_case_is_reported(town: Town, client: Client, _ground: Piece, program: list[str]) -> None:
    """The service of cases dies when the case is written and nobody knows; the order comes again."""
    town.start_all(("grid", "alerts", "gateway"))
    armed = town.start("cases", crash_at="before_ack@report_case", argv=program)
    body = {"category": "safety.sensor", "description": uuid4().hex, "place": {"address": "桥头"}}
    ordered = asyncio.create_task(client.order("/v1/cases", body, subject=str(body["description"])))
    assert await asyncio.to_thread(town.died, armed)
    town.start("cases", argv=program)
    assert await ordered


@pytest.mark.faults
@pytest.mark.parametrize(
    ("story", "law", "broken"),
    [
        (an_alarm_becomes_a_case, "acknowledges_first", lost),
        (a_case_is_reported, "forgets_what_it_applied", doubled),
    ],
)
def test_the_judge_catches_a_doctored_chassis_and_acquits_the_real_one(
    town: Town, ground: Piece, story: Story, law: str, broken: Callable[..., int]
) -> None:
    began = time.monotonic()

    async def lived(program: list[str]) -> Ledger:
        town.renew()
        async with Client(town) as client:
            await story(town, client, ground, program)
            await asyncio.to_thread(quiet, town)
            return client.ledger

    doctored = asyncio.run(lived([sys.executable, "-m", "tests.faults.doctored", "cases", law]))
    assert broken(check(town, doctored)) > 0

    real = asyncio.run(lived([]))
    violations = check(town, real)
    assert violations == []
    promised = len(real.promised)
    rows.add(
        "对照: 有意改坏的底座 a doctored chassis is caught", acknowledged=promised, seconds=time.monotonic() - began
    )

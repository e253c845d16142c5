"""Every piece of work of every service, killed at every point that it passes. See matrix.py."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.chassis.topology import SERVICES
from tests.faults.harness import Town, rows
from tests.faults.matrix import Outcome, Part, parts, perform
from tests.faults.scenes import SCENES, STANDS
from tests.faults.stage import Stage, separate

PARTS = [part for service in SERVICES for part in parts(service, SCENES[service])]
# in plain tests: the busiest handler, one of each service's commands, one listener with one write
SAMPLE = {
    *(f"alerts-alerts.report_received.v1-{point}" for point in ("after_write:2", "before_ack", "after_publish")),
    "cases-act_on_case-after_write",
    "cases-alerts.incident_opened.v1-before_ack",
    "sharing-decide_dataset_application-before_write:2",
    "grid-save_grid-after_write",
}


def marked(part: Part) -> object:
    """The long ones belong to `make faults`."""
    return pytest.param(part, id=part.id, marks=() if part.id in SAMPLE else pytest.mark.faults)


@pytest.fixture(scope="module")
def outcomes(town: Town, request: pytest.FixtureRequest) -> Iterator[dict[str, Outcome]]:
    """All parts that were selected are performed at once, the services beside one another."""
    mine = [item for item in request.session.items if item.module is request.module and hasattr(item, "callspec")]
    chosen = {item.callspec.params["part"].id for item in mine}
    separate(town)
    began, found = time.monotonic(), dict[str, Outcome]()
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        for outcome in pool.map(lambda service: asyncio.run(_service(town, service, chosen)), SERVICES):
            found |= outcome
    rows.add(
        "kill -9 at a crash point",
        injected=len(found),
        acknowledged=len(found),
        lost=sum(bool(one.lost) for one in found.values()),
        doubled=sum(bool(one.doubled) for one in found.values()),
        seconds=time.monotonic() - began,
    )
    yield found


async def _service(town: Town, service: str, chosen: set[str]) -> dict[str, Outcome]:
    mine = [part for part in PARTS if part.service == service and part.id in chosen]
    if not mine:
        return {}
    async with Stage(town, service) as stage:
        return await perform(stage, mine, STANDS[service])


@pytest.mark.parametrize("part", [marked(part) for part in PARTS])
def test_killed_there_its_effect_is_that_of_one(outcomes: dict[str, Outcome], part: Part) -> None:
    assert outcomes[part.id].faults == []

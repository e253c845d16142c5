"""Every event three times, late and in any order: the town ends up as one that was never disturbed."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local import cameras
from services.chassis.registry import listeners
from services.chassis.topology import event_queue
from services.cli.payloads import Payload
from tests.faults.doctored.disorder import disturb, told_again
from tests.faults.harness import Client, Piece, Town, check, depths, eventually, lay, outboxes, prepare, quiet, rows
from tests.faults.load import DATASET, STEPS, record

SEED = 20260314
REPEATS = 6
HEARERS = ("alerts", "cases")
# what time and chance decide, and what follows from it
BY_CHANCE = {"_id", "created_at", "updated_at", "applied", "version", "starts_at"}
Disturbance = Callable[[str], int]


async def story(town: Town, client: Client, ground: Piece, disturbed: Disturbance) -> int:
    """One morning, told in parts: whoever is to hear a part is away while it is told, and hears it all at once."""
    touched = 0
    town.start_all(("grid", "catalogue", "sharing", "gateway"))
    laying = asyncio.create_task(lay(client, ground))
    await until(lambda: bool(client.ledger.of("/v1/grids:activate")) and not outboxes(town), "the ground")
    touched += sum(disturbed(service) for service in HEARERS)
    town.start_all(HEARERS)
    await laying
    await prepare(client)
    await asyncio.to_thread(quiet, town)

    for service in HEARERS:
        town.kill(service)
    for payload in alarms(ground):
        await client.report(payload)
    touched += disturbed("alerts")
    town.start("alerts")
    await until(
        lambda: raised(town) == len(ground.cameras) and not outboxes(town) and not depths_of(town, "alerts"), "alerts"
    )
    touched += disturbed("cases")
    town.kill("alerts")
    town.start("cases")
    page = await opened(client, len(ground.cameras))
    for case in page:
        for action, actor, fields in STEPS:
            path = {"case_no": case["case_no"], "action": action}
            assert await client.order("/v1/cases/{case_no}:{action}", fields, actor=actor, **path)
    for number in range(5):
        batch = [record(f"{number}-{place}") for place in range(10)]
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        template = "/v1/datasets/{dataset}/events"
        await client.order(template, batch, who="minzheng", dataset=DATASET, headers=headers, subject=str(number))
    await until(lambda: not outboxes(town), "cases published")
    touched += disturbed("alerts")
    town.start("alerts")
    await asyncio.to_thread(quiet, town)
    return touched


async def until(true: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(eventually, true, 60.0, what)


def alarms(ground: Piece) -> list[Payload]:
    series = cameras.Series("fielddetection", len(ground.cameras), REPEATS, dispatching=True)
    return list(cameras.alarms(ground.cameras, [series], datetime.now(UTC) - timedelta(seconds=REPEATS)))


def raised(town: Town) -> int:
    return town.database("alerts")["event_log"].count_documents({"type": "alerts.raised.v1"})


def depths_of(town: Town, service: str) -> dict[str, int]:
    return {queue: depth for queue, depth in depths(town).items() if queue.startswith(f"{service}.")}


async def opened(client: Client, wanted: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(60):
        while True:
            page = await client.get("/v1/cases", limit=100)
            if len(page["items"]) == wanted:
                return list(page["items"])
            await asyncio.sleep(0.1)


async def told(client: Client, ground: Piece) -> dict[str, Any]:
    """What the town says of itself, without what chance decided."""
    found: dict[str, Any] = {}
    for camera in ground.cameras:
        page = await client.get("/v1/alerts", device=camera.device)
        [alert] = page["items"]
        case = await client.get(f"/v1/cases/{alert['case_no']}")
        lines = await client.get(f"/v1/cases/{case['case_no']}/timeline")
        history = await client.get(f"/v1/alerts/{alert['id']}")
        found[camera.device] = {
            **{name: alert[name] for name in ("type", "count", "state", "grid", "path", "severity")},
            "told of its case": alert["case_no"] == case["case_no"],
            "seconds": datetime.fromisoformat(alert["last_at"]) - datetime.fromisoformat(alert["first_at"]),
            "history": sorted(line["action"] for line in history["timeline"]),
            "case": (case["state"], case["place"]["grid"], [line["action"] for line in lines["items"]]),
        }
    dataset = await client.get(f"/v1/datasets/{DATASET}")
    return {**found, "records": dataset["records"], "dataset": dataset["state"]}


def copies(town: Town) -> dict[str, Any]:
    """What each service has kept of others."""
    return {
        f"{service}.{name}": {one["_id"]: without_chance(one) for one in town.database(service)[name].find()}
        for service, name in (("alerts", "grid_copies"), ("cases", "grid_copies"), ("cases", "roster_copies"))
    }


def without_chance(value: Any) -> Any:
    """The same without what chance decided, at any depth."""
    if isinstance(value, list):
        return [without_chance(one) for one in value]
    if isinstance(value, dict):
        return {name: without_chance(one) for name, one in value.items() if name not in BY_CHANCE}
    return value


def disturber(town: Town) -> Disturbance:
    queues = [(service, event_queue(service, event.wire)) for service, event in listeners()]

    def disturbed(service: str) -> int:
        return sum(disturb(town, queue, SEED) for hearer, queue in queues if hearer == service)

    return disturbed


async def lived(town: Town, ground: Piece, disturbed: Disturbance) -> tuple[int, dict[str, Any]]:
    """A fresh town that lived through the story: how many messages were disturbed, and what it says."""
    town.renew()
    async with Client(town) as client:
        touched = await story(town, client, ground, disturbed)
        assert check(town, client.ledger) == []
        return touched, {**await told(client, ground), **copies(town)}


@pytest.mark.faults
def test_late_shuffled_and_threefold_events_make_no_difference(town: Town, ground: Piece) -> None:
    began = time.monotonic()
    _, undisturbed = asyncio.run(lived(town, ground, lambda _: 0))
    touched, found = asyncio.run(lived(town, ground, disturber(town)))
    assert touched > 3 * len(ground.cameras)
    assert found == undisturbed

    # and everything that ever happened once more, long after
    again = told_again(town, SEED)
    quiet(town)

    async def now() -> dict[str, Any]:
        async with Client(town) as client:
            return {**await told(client, ground), **copies(town)}

    assert asyncio.run(now()) == undisturbed
    for service in HEARERS:
        assert town.database(service)["dead_letters"].count_documents({}) == 0
    rows.add(
        "事件三遍, 乱序, 迟到 events threefold, shuffled, late",
        injected=touched * 3 + again,
        seconds=time.monotonic() - began,
    )

"""Hostile bodies from outside: every device gets its 202, every program its 422, and nothing is unaccounted for."""

import asyncio
from typing import Any

from deploy.local.demo.door import Door, until
from services.alerts.adapters import ADAPTERS
from tests.alerts.hostile import hostile
from tests.laid import Tell

FULL = 262_144
ENDS = {"parsed", "heartbeat", "ignored", "rejected"}


def expected(adapter: str, body: bytes) -> int:
    if len(body) > FULL:
        return 413
    return 422 if adapter == "cloudevents" else 202


def test_every_hostile_body_is_taken_and_accounted_for(tell: Tell) -> None:
    bodies = [*hostile().values(), b"<a>" + b" " * FULL]

    async def story(door: Door) -> None:
        slots = asyncio.Semaphore(8)

        async def one(adapter: str, number: int) -> str | None:
            body = bodies[number]
            async with slots:
                path = f"/v1/intake/{adapter}/hostile-{number}"
                told = await door.ask("POST", path, key="device", content=body, status=expected(adapter, body))
                return told.get("report") if len(body) <= FULL else None

        posted = await asyncio.gather(*(one(adapter, number) for adapter in ADAPTERS for number in range(len(bodies))))
        reports = [report for report in posted if report]
        assert len(reports) == (len(ADAPTERS) - 1) * (len(bodies) - 1)

        async def read(report: str) -> dict[str, Any]:
            found: dict[str, Any] = await door.get(f"/v1/reports/{report}")
            return found

        ended = [await until("report read", lambda id=id: read(id), lambda one: one["state"] in ENDS) for id in reports]
        rejected = {one["report"] for one in ended if one["state"] == "rejected"}
        assert all(one["reason"] for one in ended if one["state"] == "rejected")
        assert len(rejected) > len(reports) / 2
        letters = await door.pages("/v1/dead-letters", {"service": "alerts"}, key="admin")
        assert rejected <= {letter["message_id"] for letter in letters}

    tell(story)

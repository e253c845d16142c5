"""Whatever dies, what was promised with a 202 is read exactly once."""

import asyncio
import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx

from deploy.local import cameras
from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from deploy.local.processes import answers
from services.cli.payloads import Payload
from tests.laid import Tell

from ..conftest import City, state

VICTIMS = ("grid", "catalogue", "sharing", "cases", "alerts", "gateway", "broker")
FIRST_CAMERA, CAMERAS, REPEATS = 20, 10, 50
AT_ONCE = 8


async def promised(door: Door, sent: Sequence[Payload]) -> set[str]:
    """Post each until it gets its 202, as a sender that keeps its key does; the report ids."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(payload: Payload) -> str:
        headers = {"Content-Type": payload.content_type, "Idempotency-Key": uuid4().hex}

        async def post() -> httpx.Response | None:
            try:
                return await door.send("POST", payload.path, key="device", headers=headers, content=payload.body)
            except httpx.HTTPError:
                return None

        async with turn:
            answer = await until("202", post, lambda found: found is not None and found.status_code == 202)
        assert answer is not None
        return str(answer.json()["report"])

    return set(await asyncio.gather(*map(one, sent)))


async def kill(city: City, name: str) -> None:
    """End a process without warning; return when its successor is ready."""
    before = state(city.home)[name]
    os.kill(before["pid"], signal.SIGKILL)

    async def back() -> bool:
        now = state(city.home)[name]
        return bool(now["pid"] not in (None, before["pid"]) and answers(now["probe"]))

    await until(f"{name} back", back, bool)


def test_every_202_becomes_one_report_whoever_is_killed(city: City, tell: Tell, laid: Ground) -> None:
    series = cameras.Series("fielddetection", CAMERAS, REPEATS, dispatching=True)
    chosen = laid.cameras[FIRST_CAMERA : FIRST_CAMERA + CAMERAS]
    now = datetime.now(UTC) - timedelta(seconds=REPEATS)
    payloads = list(cameras.alarms(chosen, [series], now))
    assert len(payloads) == 500

    async def story(door: Door) -> None:
        reports: set[str] = set()
        for at, victim in enumerate(VICTIMS):
            found, _ = await asyncio.gather(promised(door, payloads[at :: len(VICTIMS)]), kill(city, victim))
            reports |= found
        assert len(reports) == len(payloads)

        async def unread() -> set[str]:
            told = await asyncio.gather(*(door.send("GET", f"/v1/reports/{report}") for report in sorted(reports)))
            read = {one.json()["report"] for one in told if one.status_code == 200 and one.json()["state"] == "parsed"}
            return reports - read

        await until("every report read", unread, lambda left: not left)
        for camera in chosen:
            alerts = await door.pages("/v1/alerts", {"device": camera.device})
            assert sum(alert["count"] for alert in alerts) == REPEATS, camera.device

            async def cases(alert: str = alerts[0]["id"]) -> int:
                return len(await door.pages("/v1/cases", {"alert": alert}))

            assert await until("its case", cases, lambda count: count > 0) == 1

    tell(story)

"""A mixed story that goes on until it is stopped: alarms, cases reported and handled, applications, records."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, Self
from uuid import uuid4

from services.cli import payloads
from tests.faults.client import Client
from tests.faults.ground import Piece

DATASET = "faults"
ITEM = "9909010000001"
# who takes which step of a case, and what it needs; who checks is not who handled
STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("file", "handler", {"note": "file"}),
    ("dispatch", "handler", {"note": "dispatch"}),
    ("sign", "handler", {"note": "sign"}),
    ("resolve", "handler", {"result": "done"}),
    ("pass", "checker", {"note": "pass"}),
    ("call_back", "checker", {"feedback": {"responded": True, "solved": True, "satisfied": True}}),
)
APPLYING: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("submit", "portal", {}),
    ("accept", "operator", {"reason": "ok"}),
    ("review", "operator", {"reason": "ok"}),
    ("decide", "operator", {"decision": "approved", "reason": "ok"}),
)
SCHEMA = {"type": "object", "required": ["number"], "properties": {"number": {"type": "string"}}}


async def prepare(client: Client) -> None:
    """What the story needs besides its ground: an item to apply for, a dataset to publish."""
    item = {"code": ITEM, "name": "故障演练事项", "type": "public_service", "department": "民政局"}
    await client.order("/v1/items", item)
    for action in ("submit", "approve", "publish"):
        await client.order("/v1/items/{code}:{action}", {}, code=ITEM, action=action)
    dataset = {"code": DATASET, "title": "故障演练", "sharing_type": "conditional", "key_field": "number"}
    fields = [{"name": "number", "title_zh": "编号"}]
    await client.order("/v1/datasets", {**dataset, "fields": fields, "json_schema": SCHEMA}, who="minzheng")
    await client.order("/v1/datasets/{code}:{action}", {}, who="minzheng", code=DATASET, action="submit")
    done = await client.order("/v1/datasets/{code}:{action}", {}, code=DATASET, action="publish")
    assert done and done["state"] == "published", done


class Load:
    """`async with Load(client, piece):` runs the story in the background; leaving it lets what runs come to an end.

    `workers` writers of each kind; `pause` seconds between two orders of one writer.
    """

    def __init__(self, client: Client, ground: Piece, *, workers: int = 2, pause: float = 0.05) -> None:
        self.client, self.ground, self.workers, self.pause = client, ground, workers, pause
        self.sent = 0
        self._stopping = asyncio.Event()
        self._serial = count(1)

    async def __aenter__(self) -> Self:
        stories = (self._alarms, self._cases, self._applications, self._records, self._refusals)
        self._tasks = [asyncio.create_task(self._again(story)) for story in stories for _ in range(self.workers)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Begin nothing more, end what runs. Raises what a writer died of."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)

    async def _again(self, story: Callable[[int], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            await story(next(self._serial))
            self.sent += 1
            await asyncio.sleep(self.pause)

    async def _alarms(self, serial: int) -> None:
        camera = self.ground.cameras[serial % len(self.ground.cameras)]
        await self.client.report(payloads.hikvision(camera, "fielddetection", datetime.now(UTC), serial))

    async def _cases(self, serial: int) -> None:
        tile = self.ground.tiles[serial % len(self.ground.tiles)]
        body = {"category": "safety.sensor", "description": f"story {uuid4().hex}", "place": {"grid": tile.code}}
        told = await self.client.order("/v1/cases", body, subject=str(body["description"]))
        for action, actor, fields in STEPS:
            if told is None:
                return
            step = {"case_no": told["case_no"], "action": action}
            told = await self.client.order("/v1/cases/{case_no}:{action}", fields, actor=actor, **step)

    async def _applications(self, _serial: int) -> None:
        mark = uuid4().hex
        body = {"item_code": ITEM, "applicant": {"name": "某人"}, "materials": [mark]}
        told = await self.client.order("/v1/applications", body, who="portal", subject=mark)
        for action, who, fields in APPLYING:
            if told is None:
                return
            step = {"app_no": told["app_no"], "action": action}
            told = await self.client.order("/v1/applications/{app_no}:{action}", fields, who=who, **step)

    async def _records(self, serial: int) -> None:
        batch = [record(f"{serial}-{number}") for number in range(10)]
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        template = "/v1/datasets/{dataset}/events"
        subject = f"{serial}"
        await self.client.order(template, batch, who="minzheng", dataset=DATASET, headers=headers, subject=subject)

    async def _refusals(self, _serial: int) -> None:
        """What must be refused, and leave a record all the same."""
        await self.client.order("/v1/cases/{case_no}:{action}", {}, case_no="none", action="file")
        await asyncio.sleep(self.pause * 10)


def record(name: str) -> dict[str, Any]:
    """One record of the story's dataset as a CloudEvent."""
    told = {"specversion": "1.0", "id": name, "source": "/faults", "type": "faults.changed"}
    return {**told, "data": {"number": name}}

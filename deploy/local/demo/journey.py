"""One trace through the services, from the camera's post to the case."""

import asyncio
from typing import Any

from deploy.local.demo.door import Door, until
from deploy.local.demo.record import Record
from services.cli.waterfall import render
from services.console.waterfall import spans_of

# what a whole journey has at least; the reads and writes of a batch stand in the trace of its first message
MILESTONES = {
    ("gateway", "publish alerts.report_received.v1"),
    ("cases", "process alerts.incident_opened.v1"),
    ("alerts", "update alerts"),
}


async def show_journey(door: Door, record: Record) -> None:
    """The waterfall of an alarm that became a closed case: the fullest of them."""

    async def trace(id: str) -> dict[str, Any]:
        answer = await door.send("GET", f"/v1/traces/{id}")
        return answer.json() if answer.status_code == 200 else {}

    async def traces() -> list[dict[str, Any]]:
        return list(await asyncio.gather(*map(trace, record.facts["trace_ids"])))

    def complete(found: list[dict[str, Any]]) -> bool:
        return all({(span.service, span.name) for span in spans_of(one)} >= MILESTONES for one in found)

    with record.step("trace", "一次告警的全程链路") as found:
        journeys = await until("链路经过网关、告警、处置 one trace", traces, complete)
        told = max(journeys, key=lambda one: len(spans_of(one)))
        found |= {"步骤": len(spans_of(told)), "服务": len({span.service for span in spans_of(told)})}
    record.journey = render(told)

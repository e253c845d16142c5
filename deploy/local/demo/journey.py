"""One trace through the services, from the camera's post to the case."""

from typing import Any

from deploy.local.demo.door import Door, until
from deploy.local.demo.record import Record
from services.cli.waterfall import render
from services.console.waterfall import spans_of

# what a whole journey has at least: where it came in, and the case as it was stored
MILESTONES = {("gateway", "publish alerts.report_received.v1"), ("cases", "insert cases"), ("alerts", "update alerts")}


async def show_journey(door: Door, record: Record) -> None:
    """The waterfall of the alarm that became the first closed case."""
    path = f"/v1/traces/{record.facts['trace_id']}"

    async def trace() -> dict[str, Any]:
        answer = await door.send("GET", path)
        return answer.json() if answer.status_code == 200 else {}

    def complete(found: dict[str, Any]) -> bool:
        return {(span.service, span.name) for span in spans_of(found)} >= MILESTONES

    with record.step("trace", "一次告警的全程链路") as found:
        told = await until("链路经过网关、告警、处置 one trace", trace, complete)
        found |= {"步骤": len(spans_of(told)), "服务": len({span.service for span in spans_of(told)})}
    record.journey = render(told)

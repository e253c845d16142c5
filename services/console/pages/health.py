"""健康: every process and every dependency; who is silent is named first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from contracts.operations import Process
from contracts.shared import Scope
from services.chassis.vitals import vitals
from services.console import wording
from services.console.door import Problem
from services.console.pages import Page
from services.console.rendering import View, Viewed, is_part
from services.console.traces.intake import Intake
from services.console.wording import said

page = Page("/health", "健康", "Health", place=80, scope=Scope.OPS)
router = page.router


@dataclass(frozen=True)
class Traces:
    """The embedded trace store: spans that wait, spans that found no room, and whether the store answers."""

    waiting: int
    dropped: int
    store: bool


@router.get("/health")
async def show_health(view: Viewed) -> Response:
    """The page, and every five seconds the part of it that changes."""
    intake: Intake = view.request.app.state.traces
    traces = Traces(intake.gathering.waiting, intake.gathering.dropped, await intake.store_answers())
    bus = await _bus(view)
    template = "health_part.html" if is_part(view.request) else "health.html"
    own: Process = vitals()
    troubles = list(_troubles(view, bus, traces))
    return view.show(template, bus=bus, traces=traces, own=own, troubles=troubles)


async def _bus(view: View) -> dict[str, Any] | None:
    """What the gateway tells; None when it is away, which is what this page is for."""
    try:
        found: dict[str, Any] = await view.door.get("/v1/bus")
    except Problem as problem:
        if problem.code != "gateway_away":
            raise
        return None
    return found


def _troubles(view: View, bus: dict[str, Any] | None, traces: Traces) -> Iterator[str]:
    """What must be looked at now, in words."""

    def name(process: str) -> str:
        return said(wording.PROCESSES, view.language, process)

    def word(zh: str, en: str) -> str:
        return wording.word(view.language, zh, en)

    if not traces.store:
        yield word("链路库没有应答", "the trace store's database is silent")
    if bus is None:
        yield word(f"{name('gateway')}没有应答, 其余各服务未知", "the gateway is silent, the services are unknown")
        return
    for service in bus["silent"]:
        yield word(f"{name(service)}没有应答", f"{name(service)} is silent")
    if not bus["broker"]:
        yield word("消息总线没有应答", "the message broker is silent")
    if not bus["database"]:
        yield word("网关的数据库没有应答", "the gateway's database is silent")
    for one in bus["services"]:
        if not one["store"]:
            yield word(f"{name(one['service'])}的数据库没有应答", f"the database of {name(one['service'])} is silent")

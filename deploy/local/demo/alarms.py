"""视联网告警 → 接诉即办: what cameras report becomes few alerts, cases, and work done."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any
from uuid import uuid4

from deploy.local import cameras
from deploy.local.demo.door import Door, expect, until
from deploy.local.demo.ground import SEED, Ground
from deploy.local.demo.record import Record
from services.cli.payloads import Payload

AT_ONCE = 48
CLOSED = 6
HANDLED = {
    "file": {"note": "立案"},
    "dispatch": {"note": "派给网格所在社区"},
    "sign": {"note": "已签收"},
    "resolve": {"result": "到场查看, 人员已劝离, 现场恢复"},
}
CHECKED = {
    "pass": {"note": "现场照片相符"},
    "call_back": {"feedback": {"responded": True, "solved": True, "satisfied": True}},
}


@dataclass(frozen=True)
class Sent:
    """The posts, and the report that each of them was promised to be."""

    payloads: Sequence[Payload]
    reports: Sequence[str]


async def watch(door: Door, record: Record, ground: Ground) -> None:
    """From a minute of camera traffic to closed cases."""
    payloads = cameras.posts(ground.cameras, SEED, datetime.now(UTC))
    sent = await post(door, record, payloads)
    await read(door, record, sent)
    alerts = await fold(door, record, payloads, ground)
    cases = await open_cases(door, record, payloads, alerts, ground)
    await handle(door, record, cases[:CLOSED])


async def post(door: Door, record: Record, payloads: Sequence[Payload]) -> Sent:
    """Every one is accepted, whatever it holds."""
    with record.step("intake", "摄像机并发上报") as found:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(payload: Payload) -> str:
            async with turn:
                # a trace of the sender's own is recorded whole, whatever the traffic
                headers = {"Content-Type": payload.content_type, "traceparent": f"00-{uuid4().hex}-{token_hex(8)}-01"}
                told = {"content": payload.body, "headers": headers}
                return str((await door.ask("POST", payload.path, status=202, key="device", **told))["report"])

        reports = await asyncio.gather(*map(one, payloads))
        expect("报文编号各不相同 distinct reports", len(set(reports)), len(payloads))
        found["报文"] = len(reports)
    return Sent(payloads, reports)


async def read(door: Door, record: Record, sent: Sent) -> None:
    """Each report is read, known as a sign of life, or refused with a reason; none is lost."""
    with record.step("reports", "逐份追踪报文") as found:
        wanted = sum(payload.alarm is not None for payload in sent.payloads)

        async def folded() -> int:
            return sum(alert["count"] for alert in await door.pages("/v1/alerts"))

        await until("报文合并 sightings", folded, lambda count: count >= wanted)
        states: dict[str, str] = {}
        turn = asyncio.Semaphore(AT_ONCE)

        async def look(report: str) -> None:
            async with turn:
                told = await door.get(f"/v1/reports/{report}")
            if told["state"] == "rejected":
                expect("拒收须有理由 a reason", bool(told["reason"]), True)
            states[report] = told["state"]

        async def waiting() -> int:
            left = [report for report in sent.reports if states.get(report, "received") == "received"]
            await asyncio.gather(*map(look, left))
            return sum(state == "received" for state in states.values())

        await until("报文全部处理 every report read", waiting, lambda left: left == 0)
        expect(
            "各份报文的结果 what became of each report",
            Counter(
                (payload.becomes, states[report]) for payload, report in zip(sent.payloads, sent.reports, strict=True)
            ),
            Counter((payload.becomes, payload.becomes) for payload in sent.payloads),
        )
        counts = Counter(states.values())
        found |= {"告警": counts["parsed"], "心跳": counts["heartbeat"], "拒收": counts["rejected"]}


async def fold(door: Door, record: Record, payloads: Sequence[Payload], ground: Ground) -> dict[str, dict[str, Any]]:
    """Repeats are one alert, each in the grid of its camera. By id."""
    with record.step("alerts", "合并重复, 定位到网格") as found:
        repeats = Counter(payload.alarm for payload in payloads if payload.alarm)
        alerts = await door.pages("/v1/alerts")
        expect("告警数 alerts", len(alerts), len(repeats))
        expect("合并的报文数 sightings", sum(alert["count"] for alert in alerts), repeats.total())
        grids = {camera.device: camera.grid for camera in ground.cameras}
        expect(
            "告警所在网格 grids of alerts",
            [alert["grid"] for alert in alerts],
            [grids[alert["device"]] for alert in alerts],
        )
        found |= {"报文": repeats.total(), "告警": len(alerts), "网格": len({alert["grid"] for alert in alerts})}
    return {alert["id"]: alert for alert in alerts}


async def open_cases(
    door: Door,
    record: Record,
    payloads: Sequence[Payload],
    alerts: dict[str, dict[str, Any]],
    ground: Ground,
) -> list[dict[str, Any]]:
    """One incident with one case for what somebody must look at in a grid, with the worker of the grid."""
    with record.step("cases", "研判成事件, 自动立项, 分派网格员") as found:
        grids = {camera.device: camera.grid for camera in ground.cameras}
        wanted = len({grids[device] for device, _ in cameras.dispatching(payloads)})

        async def opened() -> list[dict[str, Any]]:
            return await door.pages("/v1/cases")

        cases = await until("事件成案 cases opened", opened, lambda cases: len(cases) >= wanted)
        expect("工单数 cases", len(cases), wanted)
        incidents = await door.pages("/v1/incidents")
        expect(
            "每个事件一单 one case an incident", {case["incident"] for case in cases}, {one["id"] for one in incidents}
        )
        expect(
            "工单的网格员 assignees",
            [case["assignee"] for case in cases],
            [ground.worker_of[alerts[case["alert"]]["grid"]] for case in cases],
        )
        found |= {"事件": len(incidents), "工单": len(cases), "网格员": len({case["assignee"] for case in cases})}
    return cases


async def handle(door: Door, record: Record, cases: Sequence[dict[str, Any]]) -> None:
    """The whole way of some of them; who checks is not who handled."""
    with record.step("handling", "立案→派单→签收→办结→核查→回访") as found:
        closed = await asyncio.gather(*(close(door, case) for case in cases))
        steps = [entry["action"] for entry in (await door.get(f"/v1/cases/{cases[0]['case_no']}/timeline"))["items"]]
        expect("全程留痕 the timeline", steps, ["report", *HANDLED, *CHECKED])

        async def ended() -> set[str]:
            told = await asyncio.gather(*(door.get(f"/v1/alerts/{case['alert']}") for case in cases))
            return {alert["state"] for alert in told}

        await until("告警随案关闭 alerts closed with their cases", ended, lambda states: states == {"closed"})
        record.facts["trace_ids"] = [case["trace_id"] for case in closed]
        record.facts["case_no"] = closed[0]["case_no"]
        found |= {"结案": len(closed), "告警关闭": len(cases), "留痕": len(steps)}


async def close(door: Door, case: dict[str, Any]) -> dict[str, Any]:
    """One case from filed to closed, as its worker and then as somebody else."""
    told: dict[str, Any] = case
    for actor, steps in ((case["assignee"], HANDLED), ("核查员(合成)", CHECKED)):
        for action, body in steps.items():
            told = await door.post(f"/v1/cases/{case['case_no']}:{action}", body, actor=actor)
    expect(f"工单 {case['case_no']}", told["state"], "closed")
    return told

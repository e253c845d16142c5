"""A camera's alarm becomes an alert, a case, work done; repeats are one matter; what cannot be read is not lost."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from deploy.local.demo.alarms import CHECKED, HANDLED, close
from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from services.cli import payloads
from services.cli.payloads import Payload
from tests.laid import Tell


async def send(door: Door, sent: Iterable[Payload]) -> list[dict[str, Any]]:
    """Post each, wait until each was read; the reports in order."""

    async def one(payload: Payload) -> dict[str, Any]:
        told = {"content": payload.body, "headers": {"Content-Type": payload.content_type}}
        accepted = await door.ask("POST", payload.path, status=202, key="device", **told)

        async def report() -> dict[str, Any]:
            found: dict[str, Any] = await door.get(f"/v1/reports/{accepted['report']}")
            return found

        return await until("report read", report, lambda found: found["state"] != "received")

    return list(await asyncio.gather(*map(one, sent)))


async def case_of(door: Door, alert: str) -> dict[str, Any]:
    """The case that an alert opened."""

    async def cases() -> list[dict[str, Any]]:
        return await door.pages("/v1/cases", {"alert": alert})

    return (await until("case opened", cases, lambda found: len(found) > 0))[0]


def spans_of(told: dict[str, Any]) -> list[tuple[str, str]]:
    """(service, span) of a trace in Jaeger's form."""
    found = []
    for resource in told["result"]["resourceSpans"]:
        attributes = {one["key"]: one["value"] for one in resource["resource"]["attributes"]}
        service = attributes["service.name"]["stringValue"]
        for scope in resource["scopeSpans"]:
            found += [(service, span["name"]) for span in scope["spans"]]
    return found


def test_an_alarm_goes_its_whole_way_as_one_trace(tell: Tell, laid: Ground) -> None:
    camera = laid.cameras[0]

    async def story(door: Door) -> None:
        [report] = await send(door, [payloads.hikvision(camera, "fielddetection", datetime.now(UTC), 1)])
        alert = await door.get(f"/v1/alerts/{report['alerts'][0]}")
        assert (alert["type"], alert["grid"], alert["target"]) == ("intrusion", camera.grid, "human")
        case = await case_of(door, alert["id"])
        assert (case["place"]["grid"], case["assignee"]) == (camera.grid, laid.worker_of[camera.grid])
        assert (await close(door, case))["closed_at"]
        steps = (await door.get(f"/v1/cases/{case['case_no']}/timeline"))["items"]
        assert [step["action"] for step in steps] == ["report", *HANDLED, *CHECKED]
        assert all(before["to_state"] == after["from_state"] for before, after in pairwise(steps))

        async def again() -> dict[str, Any]:
            found: dict[str, Any] = await door.get(f"/v1/alerts/{alert['id']}")
            return found

        ended = await until("alert closed", again, lambda found: found["state"] == "closed")
        assert (ended["case_no"], ended["verdict"]) == (case["case_no"], "true")

        async def spans() -> list[tuple[str, str]]:
            answer = await door.send("GET", f"/v1/traces/{report['trace_id']}")
            return spans_of(answer.json()) if answer.status_code == 200 else []

        known = await until("one trace", spans, lambda found: {"gateway", "alerts", "cases"} <= {s for s, _ in found})
        stored = {service for service, name in known if name.startswith(("insert", "update", "find", "mongodb"))}
        assert {"alerts", "cases"} <= stored, known

    tell(story)


def test_fifty_repeats_are_one_alert_and_one_case(tell: Tell, laid: Ground) -> None:
    camera, now = laid.cameras[1], datetime.now(UTC)
    repeats = [
        payloads.hikvision(camera, "fielddetection", now - timedelta(seconds=50 - turn), turn) for turn in range(1, 51)
    ]

    async def story(door: Door) -> None:
        reports = await send(door, repeats)
        assert {report["state"] for report in reports} == {"parsed"}
        assert len({report["report"] for report in reports}) == 50
        [alert_id] = {alert for report in reports for alert in report["alerts"]}
        [alert] = await door.pages("/v1/alerts", {"device": camera.device})
        assert (alert["id"], alert["count"]) == (alert_id, 50)
        await case_of(door, alert_id)
        assert len(await door.pages("/v1/cases", {"alert": alert_id})) == 1

    tell(story)


def test_signs_of_life_and_garbage_raise_nothing(tell: Tell, laid: Ground) -> None:
    own, national, now = laid.cameras[2], laid.cameras[-1], datetime.now(UTC)

    async def story(door: Door) -> None:
        alive = await send(door, [payloads.heartbeat(own, now, 1), payloads.heartbeat(national, now, 2)])
        assert [report["state"] for report in alive] == ["heartbeat", "heartbeat"]
        refused = await send(door, payloads.garbage(own, now))
        assert [report["state"] for report in refused] == ["rejected", "rejected"]
        assert all(report["reason"] for report in refused)
        assert refused[1]["reason"].startswith("doctype_forbidden")
        letters = {letter["message_id"]: letter for letter in await door.pages("/v1/dead-letters")}
        assert {letters[report["report"]]["service"] for report in refused} == {"alerts"}
        assert all(letters[report["report"]]["reason"] for report in refused)
        for camera in (own, national):
            assert await door.pages("/v1/alerts", {"device": camera.device}) == []

    tell(story)

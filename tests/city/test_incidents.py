"""Several alarms of one grid are one incident and one case, and go their way together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.demo.alarms import close
from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from deploy.local.synthetic.points import Camera
from services.cli import payloads
from tests.laid import Tell


async def alike(door: Door, laid: Ground, *, channels: int) -> Sequence[Camera]:
    """A recorder's channels at the place of one camera, in a grid where nothing was ever raised."""
    raised = {one["grid"] for one in await door.pages("/v1/alerts", {})}
    camera = next(one for one in laid.cameras if one.grid not in raised)
    return [replace(camera, device=f"{camera.device}-nvr", channel=str(number + 1)) for number in range(channels)]


async def bound(door: Door, channels: Sequence[Camera]) -> None:
    for one in channels:
        point = {"longitude": one.longitude, "latitude": one.latitude}
        await door.post("/v1/channels", {"device": one.device, "channel": one.channel, "point": point})


@pytest.mark.parametrize(("event", "rule"), [("fielddetection", "single"), ("VMD", "three_channels")])
def test_three_channels_of_a_grid_are_one_incident_and_one_case(
    tell: Tell, laid: Ground, event: str, rule: str
) -> None:

    async def story(door: Door) -> None:
        channels = await alike(door, laid, channels=3)
        await bound(door, channels)
        for one in channels:
            payload = payloads.hikvision(one, event, datetime.now(UTC), 1)
            told = {"content": payload.body, "headers": {"Content-Type": payload.content_type}}
            await door.ask("POST", payload.path, status=202, key="device", **told)

        async def alerts() -> list[dict[str, Any]]:
            return await door.pages("/v1/alerts", {"device": channels[0].device})

        found = await until(
            "alerts with their case", alerts, lambda listed: sum(bool(one["case_no"]) for one in listed) == 3
        )
        [incident_id] = {alert["incident"] for alert in found}
        incident = await door.get(f"/v1/incidents/{incident_id}")
        assert (incident["rule"], incident["alert_count"], incident["grid"]) == (rule, 3, channels[0].grid)
        assert {alert["case_no"] for alert in found} == {incident["case_no"]}
        case = await door.get(f"/v1/cases/{incident['case_no']}")
        assert (case["incident"], case["alert"]) == (incident_id, incident["alert"])
        assert [one["id"] for one in await door.pages("/v1/incidents", {"grid": incident["grid"]})] == [incident_id]
        await close(door, case)

        async def again() -> dict[str, Any]:
            told: dict[str, Any] = await door.get(f"/v1/incidents/{incident_id}")
            return told

        ended = await until("incident closed", again, lambda told: told["state"] == "closed")
        assert (ended["result"], ended["allowed_actions"]) == ("handled", [])
        steps = [step["action"] for step in ended["timeline"] if step["action"] != "notify"]
        assert steps == ["open", "dispatch", "answer", "resolve", "close"]
        await until("alerts closed", alerts, lambda listed: {one["state"] for one in listed} == {"closed"})

    tell(story)


def test_rules_are_tried_saved_and_refused_with_the_field(tell: Tell) -> None:
    rule = {"id": "made_up", "name": "两处聚集", "group_by": ["grid"], "window_s": 600, "threshold": 2}

    async def story(door: Door) -> None:
        tried = await door.post("/v1/rules:dry-run", {**rule, "hours": 1})
        assert tried["complete"]
        saved = await door.post("/v1/rules", {**rule, "enabled": False})
        assert (saved["matched"], saved["shipped"]) == (0, False)
        listed = {one["id"]: one for one in (await door.get("/v1/rules"))["items"]}
        assert listed["made_up"]["version"] == 1
        assert listed["repeats"]["governance"]
        refused = await door.send("POST", "/v1/rules", json={**rule, "window_s": 0})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/window_s")

    tell(story)

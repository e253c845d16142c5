"""Devices that nobody registered, and those of a platform's catalogue: every alarm gets its place in the end."""

from datetime import UTC, datetime
from typing import Any

from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from tests.alerts.scene import fixture, motion
from tests.alerts.test_cataloguing import body, item
from tests.laid import Tell

CAMERA, OFF = "23090300001329000001", "23090300001329000002"


async def report(door: Door, adapter: str, source: str, content: bytes) -> None:
    told = {"content": content, "headers": {"Content-Type": "application/xml"}}
    await door.ask("POST", f"/v1/intake/{adapter}/{source}", status=202, key="device", **told)


async def alert_of(door: Door, device: str) -> dict[str, Any]:
    found = await until(f"an alert of {device}", lambda: door.pages("/v1/alerts", {"device": device}), bool)
    return found[0]  # type: ignore[no-any-return]


def test_an_unknown_camera_waits_in_the_queue_until_it_is_bound(tell: Tell, laid: Ground) -> None:
    tile = laid.tiles[3]
    place = tile.area.representative_point()

    async def story(door: Door) -> None:
        await report(door, "hikvision", "stray-1", b"<EventNotificationAlert><")

        async def diagnosed() -> Any:
            answer = await door.send("GET", "/v1/devices/stray-1/diagnosis")
            return answer.json() if answer.status_code == 200 else None

        found = await until("why nothing comes", diagnosed, bool)
        assert (found["registered"], [one["cause"] for one in found["findings"]]) == (False, ["unreadable"])
        await report(door, "hikvision", "stray-1", motion("7", at=datetime.now(UTC)))
        alert = await alert_of(door, "stray-1")
        assert (alert["channel"], alert["grid"], alert["place_quality"]) == ("7", None, ["channel_unbound"])
        [waiting] = await door.pages("/v1/channels", {"device": "stray-1", "unbound": "true"})
        assert (waiting["channel"], waiting["alerts_waiting"]) == ("7", 1)
        point = {"longitude": place.x, "latitude": place.y}
        await door.post("/v1/channels", {"device": "stray-1", "channel": "7", "point": point})

        async def again() -> dict[str, Any]:
            return await alert_of(door, "stray-1")

        located = await until("its place", again, lambda one: one["grid"] is not None)
        assert (located["id"], located["grid"]) == (alert["id"], tile.code)
        assert await door.pages("/v1/channels", {"device": "stray-1", "unbound": "true"}) == []

    tell(story)


def test_an_alarm_lands_where_a_platforms_catalogue_put_its_camera(tell: Tell, laid: Ground) -> None:
    tile = laid.tiles[5]
    place = tile.area.representative_point()
    catalogue = body([item(CAMERA, place=(place.x, place.y)), item(OFF, status="OFF"), item("12")])

    async def story(door: Door) -> None:
        async def load(**query: str) -> dict[str, Any]:
            told = {"content": catalogue, "headers": {"Content-Type": "Application/MANSCDP+xml"}}
            found: dict[str, Any] = await door.ask(
                "POST", "/v1/devices:catalog", params={"platform": "p", **query}, **told
            )
            return found

        for query, wanted in (({"dry_run": "true"}, (2, 0)), ({}, (2, 0)), ({}, (0, 2))):
            found = await load(**query)
            assert (found["created"], found["unchanged"]) == wanted
        assert (await door.get(f"/v1/devices/{OFF}"))["state"] == "offline"
        alarm = fixture("gb_alarm_plain.xml")
        code = alarm.partition(b"<DeviceID>")[2][:20]
        await report(door, "gb28181", "p", alarm.replace(code, CAMERA.encode()))
        assert (await alert_of(door, CAMERA))["grid"] == tile.code
        await door.ask("POST", "/v1/devices:catalog", params={"platform": "p"}, content=b"<a/>", status=422)
        await door.ask("POST", "/v1/devices:catalog", content=catalogue, status=422)
        retired = await door.post(f"/v1/devices/{OFF}:retire", {"note": "已拆除"})
        assert (retired["state"], retired["allowed_actions"]) == ("retired", ["restore"])
        await door.ask("POST", f"/v1/devices/{OFF}:retire", json={}, status=409)

    tell(story)

"""Private values that come in through any door are in no log, no event and no span."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from pymongo import MongoClient

from deploy.local.demo import exchange
from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from deploy.local.synthetic import files
from services.cli import payloads
from tests.laid import Tell

from ..conftest import City
from .canary import Canary, kept_records, leaks, logs, spans, tapped, traced
from .reports import private

# the vendor's own bytes are what this message is for; its queue is read by one service alone
RAW = "alerts.report_received.v1"
AWAITED = {RAW, "alerts.raised.v1", "cases.reported.v1", "catalogue.applied.v1", "sharing.records_published.v1"}


async def people(door: Door, canary: Canary) -> None:
    """Staff, one by one and as a file, good and bad."""
    person = {"staff_no": "W-canary", "name": "合成员工", "role": "worker", "phone": canary.digits("staff", 11)}
    await door.post("/v1/staff", person)
    await door.ask("POST", "/v1/staff", json={**person, "phone": canary.text("staff refused")}, status=422)
    rows = [
        ("W-canary-2", "合成", canary.digits("staff row", 11), "worker"),
        ("W-3", "合成", canary.text("bad row"), "x"),
    ]
    await door.load("staff", files.table(("staff_no", "name", "phone", "role"), rows), files.CSV)


async def matters(door: Door, canary: Canary, grid: str) -> None:
    """A case and an application, good and bad, and a search."""
    case = {
        "source": "12345",
        "category": "livelihood.heating",
        "description": canary.text("case description"),
        "place": {"grid": grid},
        "reporter": {"name": canary.text("case reporter"), "phone": canary.digits("case phone", 11)},
    }
    await door.post("/v1/cases", case, status=201)
    await door.ask("POST", "/v1/cases", json={**case, "category": canary.text("category")}, status=422)
    broken = {"content": f'{{"reporter": "{canary.text("broken JSON")}'.encode()}
    await door.ask("POST", "/v1/cases", headers={"Content-Type": "application/json"}, status=422, **broken)
    item = {"code": "canary-item", "name": "合成事项", "type": "public_service", "department": "民政局"}
    await door.post("/v1/items", item, status=(200, 201))
    for action in ("submit", "approve", "publish"):
        await door.post("/v1/items/canary-item:" + action)
    applicant = {
        "name": canary.text("applicant"),
        "id_number": canary.identity("applicant id"),
        "phone": canary.digits("applicant phone", 11),
    }
    draft = {"item_code": "canary-item", "applicant": applicant, "form": {"reason": canary.text("form")}}
    told = await door.post("/v1/applications", draft, status=201, key="portal")
    await door.post(f"/v1/applications/{told['app_no']}:submit", key="portal")
    await door.get("/v1/items", params={"q": canary.text("search")})


async def records(door: Door, canary: Canary) -> None:
    """Data of a department, good and bad, read under a grant."""
    code = f"canary-{uuid4().hex[:8]}"
    dataset = {"code": code, "title": "合成", "sharing_type": "unconditional", "key_field": "number"}
    await door.post(
        "/v1/datasets",
        {**dataset, "fields": exchange.FIELDS, "json_schema": exchange.SCHEMA},
        key=exchange.PROVIDER,
        status=(200, 201),
    )
    await door.post(f"/v1/datasets/{code}:submit", key=exchange.PROVIDER)
    await door.post(f"/v1/datasets/{code}:publish")
    good = {
        "number": "DB000001",
        "name": canary.text("record name"),
        "id_number": canary.identity("record id"),
        "phone": canary.digits("record phone", 11),
        "grid": "230903011001001",
    }
    batch = [
        {"specversion": "1.0", "id": str(serial), "source": "/canary", "type": "canary", "data": values}
        for serial, values in enumerate([good, {**good, "id_number": canary.text("record refused")}])
    ]
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    await door.post(f"/v1/datasets/{code}/events", batch, key=exchange.PROVIDER, headers=headers, status=207)
    ask = {"dataset": code, "purpose": "statistics", "legal_basis": "合成", "fields": ["name", "id_number"]}
    await door.post(
        "/v1/dataset-applications", {**ask, "valid_until": "2099-01-01T00:00:00Z"}, key=exchange.USER, status=201
    )
    read = await door.get(f"/v1/data/{code}", key=exchange.USER, headers={"X-Purpose": "statistics"})
    assert len(read["items"]) == 1


async def alarms(door: Door, canary: Canary, ground: Ground) -> list[bytes]:
    """What is private in reports of every adapter, some of them unreadable; a key that is none. All that was said."""
    camera, now = ground.cameras[3], datetime.now(UTC)
    plate = f"</channelName><ANPR><licensePlate>{canary.text('plate')}</licensePlate></ANPR>"
    whole = payloads.event(camera, "ANPR", now, 1).replace(b"</channelName>", plate.encode())
    national = payloads.gb(ground.cameras[-2], "5/6", now, 1).body.decode("gb2312")
    described = national.replace("合成演示报警", canary.text("description"))
    place = f"<Longitude>131.{canary.digits('position', 12)}</Longitude><Latitude>45.7</Latitude></Notify>"
    moving = national.replace("<AlarmMethod>5", "<AlarmMethod>4").replace("</Notify>", place)
    bodies = (
        ("hikvision", camera.device, whole),
        ("hikvision", camera.device, b"<a>" + canary.text("unreadable").encode()),
        ("gb28181", "canary", described.encode("gb18030")),
        ("gb28181", "canary", moving.encode("gb18030")),
        ("hikvision", camera.device, payloads.event(camera, "fielddetection", now, 1, region=payloads.REGION)),
        *((adapter, "canary", body) for adapter, body in private(canary, now)),
        *((adapter, "canary", body[:-3]) for adapter, body in private(canary, now)),
    )
    said = []
    for adapter, source, body in bodies:
        for path in (f"/v1/intake/{adapter}/{source}", f"/v1/intake/{adapter}:test"):
            answer = await door.send("POST", path, key="device", content=body)
            assert answer.status_code in (200, 202) or (adapter, answer.status_code) == ("cloudevents", 422)
            said.append(answer.content)
    made = await door.post("/v1/sources", {"source": f"gate-{uuid4().hex[:8]}", "adapter": "hikvision"}, status=201)
    canary.values["token"] = made["token"]
    for adapter, status in (("hikvision", 202), ("gb28181", 403)):
        told = {"content": bodies[0][2], "headers": {"traceparent": f"00-{uuid4().hex}-{'1' * 16}-01"}}
        await door.ask("POST", f"/v1/intake/{adapter}/{made['token']}", status=status, **told)
    refused = await door.send("GET", "/v1/cases", headers={"Authorization": f"Bearer {canary.digits('key', 30)}"})
    assert refused.status_code == 401
    alerts = await until(
        "all is read", lambda: door.pages("/v1/alerts", {"device": "canary"}), lambda found: len(found) > 2
    )
    return [*said, refused.content, json.dumps(alerts, ensure_ascii=False).encode()]


async def looked_at(door: Door, canary: Canary, ground: Ground) -> None:
    """A picture stays where it is; its address is told to who looks, twice the same for one key."""
    camera, key = ground.cameras[4], {"Idempotency-Key": uuid4().hex}
    shot = f"<bkgUrl>http://10.9.8.7/{canary.digits('address', 20)}.jpg</bkgUrl></EventNotificationAlert>"
    body = payloads.event(camera, "fielddetection", datetime.now(UTC), 1, region=payloads.REGION)
    body = body.replace(b"</EventNotificationAlert>", shot.encode())
    await door.ask("POST", f"/v1/intake/hikvision/{camera.device}", key="device", content=body, status=202)

    async def raised() -> list[Any]:
        return list(await door.pages("/v1/alerts", {"device": camera.device}))

    [alert] = await until("alert with its picture", raised, bool)
    assert [one.partition("=")[0] for one in alert["media"]] == ["link;sha256"]
    path = f"/v1/alerts/{alert['id']}/media:look"
    shown = [await door.post(path, {"purpose": "核实告警"}, headers=key, actor="值班员") for _ in range(2)]
    assert shown[0] == shown[1]
    assert canary.values["address"] in shown[0]["items"][0]["ref"]
    await door.ask("POST", path, json={"purpose": " "}, status=422)
    views = await door.get("/v1/media-views", params={"alert": alert["id"]}, key="admin")
    assert [(one["actor"], one["purpose"], one["items"]) for one in views["items"]] == [
        ("值班员", "核实告警", alert["media"])
    ]


def remembered(city: City) -> list[tuple[str, bytes]]:
    """What the gateway keeps of what it was asked and has answered."""
    with MongoClient[dict[str, Any]](city.mongodb) as client:
        database = client["gateway"]
        return [(name, repr(one).encode()) for name in ("idempotency", "audit") for one in database[name].find({})]


def test_private_values_stay_private(city: City, tell: Tell, laid: Ground) -> None:
    canary, told = Canary(), list[bytes]()

    async def story(door: Door) -> None:
        await people(door, canary)
        await matters(door, canary, laid.tiles[0].code)
        await records(door, canary)
        told.extend(await alarms(door, canary, laid))
        await looked_at(door, canary, laid)
        await traced(door, city.console)

    with tapped(city.amqp, AWAITED) as heard:
        tell(story)
    assert len(canary.values) > 40
    assert leaks(canary, (("answer", answer) for answer in told)) == []
    # that the search finds what is there
    assert (RAW, "plate") in leaks(canary, heard)
    assert (RAW, "token") not in leaks(canary, heard)
    assert leaks(canary, logs(city)) == []
    assert leaks(canary, ((wire, body) for wire, body in heard if wire != RAW)) == []
    assert leaks(canary, kept_records(city)) == []
    assert leaks(canary, remembered(city)) == []
    kept = spans(city)
    assert any(b"/v1/datasets/{dataset}/events" in span for span in kept)
    assert leaks(canary, (("span", span) for span in kept)) == []

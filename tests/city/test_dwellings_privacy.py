"""Persons of households that come in by every way, good and bad: they are in their private field and nowhere else."""

import json
from typing import Any
from uuid import uuid4

import kombu
from pymongo import MongoClient

from contracts.grid import SaveHousehold
from contracts.shared import Caller, Scope
from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from deploy.local.synthetic import files
from services.chassis.topology import REQUESTS
from tests.laid import Tell

from ..conftest import City
from .canary import Canary, leaks, logs, spans, tapped, traced

CHANGED = "grid.household_changed.v1"
PURPOSE = "核实低保申请"
COLUMNS = ("household_no", "room", "department", "person_name", "relation", "id_number", "phone")
# where a value may be: the private field of a household, the note of a visit, the bytes of a dead letter
OWN = {"households": "private", "visits": "private", "dead_letters": "body"}


def person(canary: Canary, door: str) -> dict[str, str]:
    return {
        "name": canary.text(f"{door} name"),
        "relation": canary.text(f"{door} relation"),
        "id_number": canary.identity(f"{door} id"),
        "phone": canary.digits(f"{door} phone", 11),
    }


async def one_by_one(door: Door, canary: Canary, room: str) -> list[Any]:
    """Saved, saved again by a client that heard no answer, and refused; the answers."""
    told = {"household_no": "H-canary", "room": room, "department": "民政局", "persons": [person(canary, "saved")]}
    headers = {"Idempotency-Key": uuid4().hex}
    saved = [await door.post("/v1/households", told, headers=headers) for _ in range(2)]
    bad = {**person(canary, "refused"), "id_number": canary.text("bad id")}
    ill = {**person(canary, "ill"), "phone": canary.text("bad phone")}
    turned = [
        await door.ask("POST", "/v1/households", json={**told, "persons": [one]}, status=422) for one in (bad, ill)
    ]
    masked = {**told, "persons": [{"name": canary.text("masked") + "*"}]}
    turned.append(await door.ask("POST", "/v1/households", json=masked, status=422))
    lost = {**told, "household_no": "H-lost", "room": room[:-1] + "9", "persons": [person(canary, "roomless")]}
    turned.append(await door.ask("POST", "/v1/households", json=lost, status=404))
    visit = {"household_no": "H-canary", "staff_no": "W-dwell", "purpose": "月访", "note": canary.text("note")}
    await door.post("/v1/staff", {"staff_no": "W-dwell", "name": "合成员工", "role": "worker"})
    return [*saved, *turned, await door.post("/v1/visits", visit)]


async def as_a_file(door: Door, canary: Canary, room: str) -> list[Any]:
    """Good and bad rows; the reports."""
    good, bad = person(canary, "row"), person(canary, "bad row")
    rows = [
        ("H-row", room, "民政局", *good.values()),
        ("H-bad", room, "民政局", bad["name"], bad["relation"], canary.text("bad row number"), bad["phone"]),
        ("H-bad", room, "民政局", *person(canary, "beside a bad row").values()),
    ]
    reports = [await door.load("households", files.table(COLUMNS, rows), files.CSV) for _ in range(2)]
    assert [(one["created"], one["unchanged"], len(one["rejected"])) for one in reports] == [(1, 0, 2), (0, 1, 2)]
    return reports


def without_a_reply(city: City, canary: Canary, room: str) -> None:
    """An order that nobody can answer: it dies at once."""
    caller = Caller(client="canary", scopes=frozenset({Scope.GRID_WRITE}))
    told = SaveHousehold.model_validate(
        {"caller": caller, "household_no": "H-dead", "room": room, "persons": [person(canary, "dead")]}
    )
    body = {"args": [told.model_dump(mode="json")], "kwargs": {}}
    with kombu.Connection(city.amqp) as connection, connection.Producer() as producer:
        producer.publish(
            json.dumps(body, ensure_ascii=False), exchange=REQUESTS, routing_key="grid.save_household", retry=False
        )


async def looked_at(door: Door, canary: Canary) -> None:
    """By those who may, for a purpose, twice the same; the log says who, why and which fields."""
    scopes = ["grid:read", "pii:read"]
    made = await door.post(
        "/v1/clients", {"client": "inspector", "name": "督查", "scopes": scopes}, key="admin", status=201
    )
    door.keys["inspector"] = made["key"]
    asked = {"purpose": PURPOSE, "fields": ["persons"]}
    path, headers = "/v1/households/H-canary:look", {"Idempotency-Key": uuid4().hex}
    shown = [await door.post(path, asked, key="inspector", actor="李督查", headers=headers) for _ in range(2)]
    assert shown[0] == shown[1]
    assert shown[0]["persons"][0]["name"] == canary.values["saved name"]
    await door.ask("POST", path, json=asked, key="admin", status=403)
    await door.ask("POST", path, json={"purpose": ""}, key="inspector", status=422)
    log = await door.get("/v1/accesses", params={"household_no": "H-canary"}, key="admin")
    assert [(one["client"], one["purpose"], one["fields"]) for one in log["items"]] == [
        ("inspector", PURPOSE, ["persons"])
    ]
    assert (log["items"][0]["who"], log["items"][0]["id"]) == ("李督查", shown[0]["access"])
    seen = await door.get("/v1/visits", params={"household_no": "H-canary"}, key="inspector")
    assert [one["note"] for one in seen["items"]] == [canary.values["note"]]


async def masked_answers(door: Door, canary: Canary) -> list[Any]:
    """Every list and record, as an administrator sees it."""
    paths = ("households", "households/H-canary", "households/H-row", "visits", "accesses", "audit", "dead-letters")
    return [await door.get(f"/v1/{path}", key="admin") for path in paths]


def stored(city: City) -> list[tuple[str, bytes]]:
    """Every document of every database without the field that is made for private values."""
    found = []
    with MongoClient[dict[str, Any]](city.mongodb) as client:
        for database in ("grid", "gateway", "alerts", "cases", "catalogue", "sharing"):
            for name in client[database].list_collection_names():
                hidden = {OWN[name]: 0} if name in OWN else None
                found += [(f"{database}.{name}", repr(one).encode()) for one in client[database][name].find({}, hidden)]
    return found


def test_persons_of_households_stay_private(city: City, tell: Tell, laid: Ground) -> None:
    canary, answers = Canary(), list[Any]()
    building = f"{laid.tiles[0].code}00001"
    room = f"{building}-1-101"

    async def story(door: Door) -> None:
        await door.post("/v1/buildings", {"code": building})
        await door.post("/v1/rooms", {"code": room})
        answers.extend(await one_by_one(door, canary, room))
        answers.extend(await as_a_file(door, canary, room))
        without_a_reply(city, canary, room)

        async def died() -> list[Any]:
            letters = await door.get("/v1/dead-letters", params={"limit": 200}, key="admin")
            return [one for one in letters["items"] if one["reason"].endswith("reply_to_missing")]

        await until("dead letter filed", died, bool)
        await looked_at(door, canary)
        answers.extend(await masked_answers(door, canary))
        await traced(door, city.console)

    with tapped(city.amqp, {CHANGED}) as heard:
        tell(story)
    assert len(canary.values) > 25
    with MongoClient[dict[str, Any]](city.mongodb) as client:
        households = repr(list(client["grid"]["households"].find({}))).encode()
    # that the search finds what is there
    assert "saved phone" in canary.found_in(households)
    assert "row relation" in canary.found_in(households)
    assert {wire for wire, _ in heard} >= {CHANGED}
    assert leaks(canary, heard) == []
    assert leaks(canary, (("answer", json.dumps(one, ensure_ascii=False).encode()) for one in answers)) == []
    assert leaks(canary, logs(city)) == []
    assert leaks(canary, stored(city)) == []
    kept = spans(city)
    assert any(b"/v1/households/{household_no}:look" in span for span in kept)
    assert leaks(canary, (("span", span) for span in kept)) == []

"""重放: copies that were lost, spoilt or made up are made anew from the owner's log, while the city goes on."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from bson import ObjectId
from kombu import Connection
from pymongo import MongoClient

from contracts.alerts import SaveChannel, SaveDevice
from contracts.grid import ActivateGrids, ActOnGrid, Assign, GridAction, ImportGround, Role, SaveGrid
from contracts.shared import Point
from deploy.local.home import Home
from deploy.local.processes import Process, start_all, stop_all
from deploy.local.synthetic.points import Camera
from services.chassis.asking import Bus
from services.chassis.registry import listeners
from services.chassis.topology import event_queue
from services.cli import payloads
from tests.conftest import Processes
from tests.gateway.conftest import start_gateway
from tests.grid.sources import OPERATOR, chiefs, code, daoyi_rows, grid_rows, middle, person, rows

from .conftest import eventually

COMMUNITY = "210113004025"
CODES = [code(number, COMMUNITY) for number in range(1, 31)]
TOWN = ("grid", "alerts", "cases", "catalogue")
COPIED = (("alerts", "grid_copies"), ("cases", "grid_copies"), ("cases", "roster_copies"))
OTHERS = (("alerts", "alerts"), ("alerts", "channels"), ("alerts", "raw_reports"), ("cases", "cases"))
BOOKKEEPING = {"version": 0, "updated_at": 0}
State = dict[str, dict[str, Any]]


class Town:
    """Some services and a gateway on one broker, each with a database of its own."""

    def __init__(self, home: Home, broker: str, client: MongoClient[dict[str, Any]], processes: Processes) -> None:
        self.amqp, self.home, self.processes = broker, home, processes
        self.running: dict[str, Process] = {name: processes.start(name) for name in TOWN}
        self.stores = {name: client[process.plan.env["DATABASE"]] for name, process in self.running.items()}
        self.door = httpx.Client()
        self.kept: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def ask(self, work: Callable[[Bus], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with Bus(self.amqp, "tester") as bus:
                return await work(bus)

        return asyncio.run(run())

    def copies(self) -> dict[tuple[str, str], State]:
        """What is copied, without the mark of the replay that confirmed it."""
        return {
            place: {found["_id"]: {**found, "replay": None} for found in self.stores[place[0]][place[1]].find()}
            for place in COPIED
        }

    def others(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """What no replay may touch.

        Of a channel what it says: its grid follows the copies, so that a start amid spoilt ones moves it, and back.
        """
        return {
            (service, name): list(
                self.stores[service][name].find(projection=BOOKKEEPING if name == "channels" else None).sort("_id", 1)
            )
            for service, name in OTHERS
        }

    def in_step(self) -> bool:
        """Whether every copy is what its owner now holds."""
        owned = {found["_id"]: found for found in self.stores["grid"].grids.find({"state": {"$ne": "draft"}})}
        rosters = {found["_id"]: found for found in self.stores["grid"].assignments.find()}
        found = self.copies()
        grids_told = all(
            found[place, "grid_copies"].keys() == owned.keys()
            and all(
                (copy["sequence"], copy["state"], copy["path"], copy["geometry"])
                == (owned[id]["version"], owned[id]["state"], owned[id]["path"], owned[id]["geometry"])
                for id, copy in found[place, "grid_copies"].items()
            )
            for place in ("alerts", "cases")
        )
        kept = found["cases", "roster_copies"]
        return grids_told and {id: (one["sequence"], len(one["postings"])) for id, one in kept.items()} == {
            id: (one["version"], len(one["postings"])) for id, one in rosters.items()
        }

    def step(self, service: str) -> dict[str, Any]:
        answer = self.door.post(f"/v1/replays/{service}:continue")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def begin(self, service: str) -> dict[str, Any]:
        answer = self.door.post("/v1/replays", json={"service": service})
        assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/replays/{service}"), answer.text
        told: dict[str, Any] = answer.json()
        return told

    def carry_on(self, service: str) -> dict[str, Any]:
        """Step by step to the end."""
        return dict(eventually(lambda: (now := self.step(service))["state"] == "done" and now, within=90))


async def lay(bus: Bus) -> None:
    people = [person("S1"), person("W1", "worker"), person("W2", "worker")]
    given = [
        ("divisions", daoyi_rows()),
        ("grids", grid_rows(6, 5, COMMUNITY)),
        ("staff", rows(*people)),
        ("assignments", chiefs(CODES)),
    ]
    for kind, each in given:
        report = await bus.ask(ImportGround(caller=OPERATOR, kind=kind, rows=each), timeout=60)  # type: ignore[arg-type]
        assert report.rejected == []
    done = await bus.ask(ActivateGrids(caller=OPERATOR, codes=CODES), timeout=60)
    assert (done.activated, done.rejected) == (len(CODES), [])
    for number, each in enumerate(CODES[:12]):
        await bus.ask(SaveGrid(caller=OPERATOR, code=each, name=f"改名{number}"))
        await bus.ask(Assign(caller=OPERATOR, staff_no="W1", target=each, role=Role.WORKER, primary=True))
    await bus.ask(ActOnGrid(caller=OPERATOR, code=CODES[-1], action=GridAction.SUSPEND))


async def watch(bus: Bus) -> list[Camera]:
    """Six cameras in six grids."""
    found = []
    for number in range(6):
        longitude, latitude = middle(number, 0)
        device = f"replay-{number}"
        await bus.ask(SaveDevice(caller=OPERATOR, id=device, vendor="hikvision"))
        place = Point(longitude=longitude, latitude=latitude)
        await bus.ask(SaveChannel(caller=OPERATOR, device=device, channel="1", point=place))
        found.append(Camera(device, "1", "hikvision", "0" * 20, "门", "公安局", CODES[number], longitude, latitude))
    return found


def unharmed(town: Town) -> None:
    """Nothing that no replay may touch was touched; channels that stood nowhere for a moment are back."""
    with contextlib.suppress(AssertionError):
        eventually(lambda: town.others() == town.kept, within=30)
    assert town.others() == town.kept


@pytest.fixture(scope="module")
def town(
    home: Home, broker: str, store: str, mongo: MongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    with Connection(broker) as connection:
        # what other tests left for services that did not run then
        for service, event in listeners():
            connection.default_channel.queue_purge(event_queue(service, event.wire))
    processes = Processes(home, broker, store)
    gateway = start_gateway(home, broker, store, tmp_path_factory.mktemp("replay"), "replaying")
    try:
        found = Town(home, broker, mongo, processes)
        found.door = gateway.client()
        found.ask(lay)
        watched = found.ask(watch)
        eventually(found.in_step, within=60)
        placed = {"_id": {"$regex": "^replay-"}, "grid": {"$in": CODES}}
        eventually(lambda: found.stores["alerts"].channels.count_documents(placed) == 6, within=60)
        for camera in watched:
            for turn in (1, 2):
                payload = payloads.hikvision(camera, "fielddetection", datetime.now(UTC), turn)
                told = {"content": payload.body, "headers": {"Content-Type": payload.content_type}}
                assert found.door.post(payload.path, **told).status_code == 202  # type: ignore[arg-type]
        eventually(lambda: found.stores["cases"].cases.count_documents({}) == 6, within=60)
        eventually(lambda: found.stores["alerts"].alerts.count_documents({"case_no": {"$ne": None}}) == 6, within=60)
        eventually(lambda: found.stores["alerts"].raw_reports.count_documents({}) == 12, within=60)
        # what is still to be told is part of a document until it is told
        for service, name in OTHERS:
            eventually(lambda at=found.stores[service][name]: at.count_documents({"pending": True}) == 0, within=60)
        found.kept = found.others()
        yield found
    finally:
        stop_all([gateway.process, *processes.started])


def test_lost_copies_come_back_while_the_city_goes_on(town: Town) -> None:
    before = town.copies()
    for service, name in COPIED:
        town.stores[service][name].delete_many({})
    for service, staffed in (("alerts", CODES[25]), ("cases", CODES[26])):
        begun = town.begin(service)
        assert town.begin(service)["id"] == begun["id"]
        town.step(service)
        renamed = SaveGrid(caller=OPERATOR, code=CODES[1], name=f"在重放中改名 {service}")
        posted = Assign(caller=OPERATOR, staff_no="W2", target=staffed, role=Role.WORKER, primary=True)
        town.ask(lambda bus, order=renamed: bus.ask(order))
        town.ask(lambda bus, order=posted: bus.ask(order))
        done = town.carry_on(service)
        assert (done["unconfirmed"], done["removed"], done["stuck"], done["started_by"]) == (0, 0, [], "admin")
        assert done["sent"] >= len(CODES)
    eventually(town.in_step)
    after = town.copies()
    changed = {CODES[1], CODES[25], CODES[26]}
    for place, state in before.items():
        assert {id: one for id, one in after[place].items() if id not in changed} == {
            id: one for id, one in state.items() if id not in changed
        }
    unharmed(town)


def test_spoilt_fields_and_strays_are_set_right_and_nothing_else(town: Town) -> None:
    eventually(town.in_step)
    before = town.copies()
    alerts, cases = town.stores["alerts"].grid_copies, town.stores["cases"].grid_copies
    rosters = town.stores["cases"].roster_copies
    spoilt: list[tuple[Any, str, dict[str, Any]]] = [
        (alerts, CODES[0], {"geometry": {"type": "Polygon", "coordinates": []}}),
        (alerts, CODES[2], {"sequence": 999}),
        (cases, CODES[3], {"path": [], "sequence": 1}),
        (cases, CODES[4], {"sequence": "many"}),
        (cases, CODES[5], {"live": False, "state": "retired", "note": "of nobody"}),
        (rosters, CODES[6], {"postings": []}),
    ]
    for collection, id, fields in spoilt:
        assert collection.update_one({"_id": id}, {"$set": fields}).modified_count == 1
    alerts.insert_one({"_id": "999999999999999", "sequence": 3, "live": False})
    rosters.insert_one({"_id": ObjectId(), "postings": []})
    removed = {}
    for service in ("alerts", "cases"):
        town.begin(service)
        town.step(service)
        # whoever carries it on, and whoever dies on the way
        for name in ("grid", service):
            process = town.running[name]
            assert process.child is not None
            process.child.kill()
            process.child.wait()
            start_all([process])
        done = town.carry_on(service)
        assert (done["unconfirmed"], done["stuck"]) == (0, [])
        removed[service] = done["strays"] and done["removed"]
        audited = [one["action"] for one in town.stores[service].audit.find({"replay": done["id"]}).sort("at", 1)]
        assert audited == ["begin_replay", "remove_strays"]
    assert removed == {"alerts": 1, "cases": 1}
    assert town.copies() == before
    unharmed(town)
    assert town.in_step()


def test_who_copies_nothing_and_who_is_not_known_is_told_so(town: Town) -> None:
    refused = town.door.post("/v1/replays", json={"service": "catalogue"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_copies")
    assert town.door.post("/v1/replays", json={}).status_code == 422
    assert town.door.get("/v1/replays/nobody").status_code == 422
    assert town.door.get("/v1/replays/alerts").json()["state"] == "done"

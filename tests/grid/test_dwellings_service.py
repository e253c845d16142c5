"""Dwellings at the service process on the real bus: who may what, orders at one moment, and what is told."""

import asyncio
import json
from typing import Any

from pymongo import MongoClient

from contracts.faults import Forbidden
from contracts.grid import (
    GetHousehold,
    ImportDwellings,
    ListAccesses,
    ListHouseholds,
    ListVisits,
    LookAtHousehold,
    Person,
    RecordVisit,
    SaveBuilding,
    SaveHousehold,
    SaveRoom,
)
from contracts.shared import Caller, Scope
from services.chassis.asking import Bus
from tests.chassis.conftest import eventually
from tests.conftest import Processes
from tests.grid.homes import CENTRE, CIVIL, HOUSE, ROOM, SIX, building_code, point, room_code
from tests.grid.sources import OPERATOR, rows
from tests.grid.test_service import READER, TRUSTED, prepare, refusal

NAME, PHONE = "金丝雀某", "13077770000"
WORKER = Caller(client="desk", actor="网格员", department=CIVIL, scopes=frozenset({Scope.GRID_READ, Scope.GRID_WRITE}))


async def settled(bus: Bus) -> None:
    files = {
        "buildings": rows({"code": HOUSE, "compound": "花园"}),
        "rooms": rows({"code": ROOM}),
        "households": rows({"household_no": "H1", "room": ROOM, "person_name": NAME, "phone": PHONE}),
    }
    for kind, given in files.items():
        report = await bus.ask(ImportDwellings(caller=WORKER, kind=kind, rows=given))  # type: ignore[arg-type]
        assert (report.created, report.rejected) == (1, [])


async def rights(bus: Bus) -> None:
    look = LookAtHousehold(caller=OPERATOR, household_no="H1", purpose="核实低保申请")
    for asked in (
        look,
        look.model_copy(update={"caller": WORKER}),
        SaveHousehold(caller=READER, household_no="H1", size=1),
        SaveBuilding(caller=READER, code=HOUSE),
        SaveRoom(caller=READER, code=ROOM),
        RecordVisit(caller=READER, household_no="H1", staff_no="W1", purpose="月访"),
        ListAccesses(caller=TRUSTED),
        ListHouseholds(caller=TRUSTED, care="veteran"),  # type: ignore[arg-type]
    ):
        assert await refusal(bus.ask(asked)) == (Forbidden, "scope_missing")  # type: ignore[arg-type]
    for caller in (READER, TRUSTED, OPERATOR):
        seen = await bus.ask(GetHousehold(caller=caller, household_no="H1"))
        assert [(one.name, one.phone) for one in seen.persons] == [("金***", "130****0000")]
    assert (await bus.ask(ListAccesses(caller=OPERATOR))).items == []


async def at_one_moment(bus: Bus) -> None:
    """The same look three times over, three first writers of one household, a move while people move in."""
    look = LookAtHousehold(caller=TRUSTED, household_no="H1", purpose="核实低保申请", idempotency_key="one")
    shown = await asyncio.gather(*(bus.ask(look) for _ in range(3)))
    assert [one.persons for one in shown] == [[Person(name=NAME, phone=PHONE)]] * 3
    assert len((await bus.ask(ListAccesses(caller=OPERATOR, household_no="H1"))).items) == 1
    saves = (SaveHousehold(caller=WORKER, household_no="H2", room=ROOM, size=size) for size in (1, 2, 3))
    saved = await asyncio.gather(*(bus.ask(one) for one in saves))
    assert sorted(one.version for one in saved) == [1, 2, 3]
    new = building_code(SIX[1])
    await bus.ask(SaveBuilding(caller=WORKER, code=new))
    await bus.ask(SaveRoom(caller=WORKER, code=room_code(new)))
    arriving = (SaveHousehold(caller=WORKER, household_no=f"M{n}", room=room_code(new)) for n in range(10))
    moving = SaveBuilding(caller=WORKER, code=new, point=point(CENTRE[5]))
    await asyncio.gather(*(bus.ask(one) for one in arriving), bus.ask(moving))
    there = await bus.ask(ListHouseholds(caller=WORKER, grid=SIX[5]))
    assert sorted(one.household_no for one in there.items) == [f"M{n}" for n in range(10)]


async def visits(bus: Bus) -> None:
    told = RecordVisit(caller=WORKER, household_no="H1", staff_no="W1", purpose="月访", note=NAME, idempotency_key="v")
    first, again = await bus.ask(told), await bus.ask(told)
    assert (first, first.note) == (again, None)
    for caller, note in ((READER, None), (OPERATOR, None), (TRUSTED, NAME)):
        assert [one.note for one in (await bus.ask(ListVisits(caller=caller, grid=SIX[0]))).items] == [note]


def test_the_whole_story(processes: Processes, mongo: MongoClient[dict[str, Any]]) -> None:
    process = processes.start("grid")

    async def told() -> None:
        async with Bus(processes.broker, "gateway") as bus:
            await prepare(bus)
            await settled(bus)
            await rights(bus)
            await at_one_moment(bus)
            await visits(bus)

    asyncio.run(told())
    database = mongo[process.plan.env["DATABASE"]]
    eventually(lambda: not database["households"].count_documents({"pending": True}))
    log = list(database["event_log"].find())
    changes = [one for one in log if one["type"] == "grid.household_changed.v1"]
    versions = sum(one["version"] for one in database["households"].find({}, {"version": 1}))
    assert len(changes) == versions
    written = json.dumps(log, default=str, ensure_ascii=False) + process.log.read_text("utf-8")
    assert not any(private in written for private in (NAME, PHONE))

"""The service process on the real bus, asked as the gateway asks it."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from contracts.faults import Conflict, Fault, Forbidden, Invalid, NotFound
from contracts.grid import (
    ActivateGrids,
    Assign,
    GetGridFigures,
    GetTerritory,
    ImportGround,
    ListAssignments,
    ListStaff,
    Locate,
    LocateMany,
    Role,
    SaveStaff,
    WhoIsResponsible,
)
from contracts.shared import Caller, Point, Scope
from services.chassis.asking import Bus
from tests.conftest import Processes
from tests.grid.sources import FIRST, OPERATOR, cell, chiefs, code, daoyi_rows, grid_rows, middle, person, rows

READER = Caller(client="reader", scopes=frozenset({Scope.GRID_READ}))
TRUSTED = Caller(client="trusted", scopes=frozenset({Scope.GRID_READ, Scope.PII_READ}))
SIX = [code(number) for number in range(1, 7)]
PHONE = "13812345678"


async def prepare(bus: Bus) -> None:
    people = [person("S1"), person("W1", "worker")]
    given = [
        ("divisions", daoyi_rows()),
        ("grids", grid_rows()),
        ("staff", rows(*people)),
        ("assignments", chiefs(SIX)),
    ]
    for kind, each in given:
        report = await bus.ask(ImportGround(caller=OPERATOR, kind=kind, rows=each), timeout=60)  # type: ignore[arg-type]
        assert (report.created, report.rejected) == (len(each), [])
    done = await bus.ask(ActivateGrids(caller=OPERATOR, codes=SIX), timeout=60)
    assert (done.activated, done.rejected) == (6, [])


async def refusal(asked: Coroutine[Any, Any, object]) -> tuple[type[Fault], str]:
    with pytest.raises(Fault) as fault:
        await asked
    return type(fault.value), fault.value.code


async def story(bus: Bus) -> None:
    await prepare(bus)
    longitude, latitude = middle(0, 0)
    found = await bus.ask(Locate(caller=READER, longitude=longitude, latitude=latitude))
    assert (found.grid, found.grid_name, found.on_boundary) == (SIX[0], "第1网格", False)
    assert found.path == ["210000000000", "210100000000", "210113000000", "210113004000", FIRST]
    assert [(one.staff_no, one.rule) for one in found.responsible] == [("S1", "chief")]
    await bus.ask(Assign(caller=OPERATOR, staff_no="W1", target=SIX[0], role=Role.WORKER, primary=True))
    worker = await bus.ask(WhoIsResponsible(caller=READER, grid=SIX[0]))
    assert [(one.staff_no, one.rule) for one in worker.items] == [("W1", "worker")]
    points = [Point(longitude=x, latitude=y) for x, y in (middle(0, 0), middle(2, 1), middle(9, 9))] * 300
    many = await bus.ask(LocateMany(caller=READER, points=points))
    assert [one.grid for one in many.items[:3]] == [SIX[0], SIX[5], None]
    assert many.items[2].nearest == SIX[5]
    assert {one.index_version for one in many.items} == {found.index_version}
    roster = await bus.ask(ListAssignments(caller=READER, target=SIX[0]))
    assert [(one.staff_no, one.role, one.primary) for one in roster.items] == [
        ("S1", "chief", True),
        ("W1", "worker", True),
    ]
    assert (await bus.ask(GetTerritory(caller=READER, code="210113"))).name == "沈北新区"
    said = await bus.ask(GetGridFigures(caller=READER))
    assert (said.grids, said.territories["community"]) == ({"active": 6}, 23)


async def refusals(bus: Bus) -> None:
    ask: Callable[..., Coroutine[Any, Any, object]] = bus.ask
    nowhere = {"caller": READER, "longitude": 131.0, "latitude": 45.7}
    second = Assign(caller=OPERATOR, staff_no="W1", target=SIX[1], role=Role.CHIEF, primary=True)
    assert await refusal(ask(Locate(**nowhere, datum="beijing54"))) == (Invalid, "datum_unknown")  # type: ignore[arg-type]
    assert await refusal(ask(second)) == (Conflict, "assignment_overlap")
    assert await refusal(ask(WhoIsResponsible(caller=READER, grid=code(77)))) == (NotFound, "grid_unknown")
    assert await refusal(ask(GetTerritory(caller=READER, code="44"))) == (NotFound, "territory_unknown")
    forbidden = ImportGround(caller=READER, kind="divisions", rows=[])
    assert await refusal(ask(forbidden)) == (Forbidden, "scope_missing")


async def race(bus: Bus) -> None:
    """Two drafts over the same ground, activated at one moment: one wins."""
    twins = [code(31), code(32)]
    drawn = rows(*({"code": one, "name": "争", "geometry": cell(7, 7)} for one in twins))
    await bus.ask(ImportGround(caller=OPERATOR, kind="grids", rows=drawn))
    await bus.ask(ImportGround(caller=OPERATOR, kind="assignments", rows=chiefs(twins)))
    asked = (ActivateGrids(caller=OPERATOR, codes=[one]) for one in twins)
    done = await asyncio.gather(*(bus.ask(each) for each in asked))
    assert sorted(each.activated for each in done) == [0, 1]
    assert [one.fault for each in done for one in each.rejected] == ["grid_overlap"]


async def privacy(bus: Bus) -> None:
    masked = await bus.ask(ListStaff(caller=OPERATOR))
    assert [one.phone for one in masked.items] == ["138****5678"] * 2
    full = await bus.ask(ListStaff(caller=TRUSTED, limit=1))
    assert ([one.phone for one in full.items], full.next is not None) == ([PHONE], True)
    new = SaveStaff(caller=OPERATOR, staff_no="S9", name="赵某", phone="13900001111", role=Role.WORKER)
    assert (await bus.ask(new)).phone == "139****1111"
    moved = SaveStaff(caller=OPERATOR, staff_no="S9", name="赵某", role=Role.SUPERVISOR)
    assert ((await bus.ask(moved)).version, (await bus.ask(moved)).phone) == (2, "139****1111")


def relayed(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    """The replay log once every outbox is empty."""
    until = time.monotonic() + 10
    while any(database[name].count_documents({"pending": True}) for name in ("grids", "assignments", "imports")):
        assert time.monotonic() < until
        time.sleep(0.05)
    return list(database["event_log"].find())


def test_the_whole_story(processes: Processes, mongo: MongoClient[dict[str, Any]]) -> None:
    process = processes.start("grid")

    async def told() -> None:
        async with Bus(processes.broker, "gateway") as bus:
            await story(bus)
            await refusals(bus)
            await privacy(bus)
            await race(bus)

    asyncio.run(told())
    published = relayed(mongo[process.plan.env["DATABASE"]])
    kinds = Counter(one["type"] for one in published)
    assert kinds == {"grid.published.v1": 7, "grid.imported.v1": 6, "grid.staffed.v1": 9}
    written = json.dumps(published, default=str, ensure_ascii=False) + process.log.read_text("utf-8")
    assert not any(private in written for private in (PHONE, "138 1234-5678", "13900001111", "王某", "赵某"))

"""Leaves, vacancies and the clock of postings, asked of the process on the bus as the gateway asks it."""

import asyncio
from datetime import timedelta
from typing import Any

from pymongo import MongoClient

from contracts.grid import (
    ActivateGrids,
    ActOnAssignment,
    Assign,
    AssignmentAction,
    GetGridFigures,
    ImportGround,
    ListAssignments,
    ListVacancies,
    Locate,
    Role,
    WhoIsResponsible,
)
from services.chassis import context
from services.chassis.asking import Bus
from tests.chassis.conftest import eventually
from tests.conftest import Processes
from tests.grid.sources import OPERATOR, chiefs, code, daoyi_rows, grid_rows, middle, person, rows

ONE, TWO = code(1), code(2)


async def _prepare(bus: Bus) -> None:
    people = rows(person("S1"), person("W1", "worker"), person("W2", "worker"))
    workers = rows(*({"staff_no": "W1", "target": one, "role": "worker", "primary": True} for one in (ONE, TWO)))
    given = [("divisions", daoyi_rows()), ("grids", grid_rows(2, 1)), ("staff", people)]
    for kind, each in [*given, ("assignments", chiefs([ONE, TWO])), ("assignments", workers)]:
        report = await bus.ask(ImportGround(caller=OPERATOR, kind=kind, rows=each), timeout=60)  # type: ignore[arg-type]
        assert not report.rejected
    await bus.ask(ActivateGrids(caller=OPERATOR, codes=[ONE, TWO]), timeout=60)


async def _story(bus: Bus) -> None:
    await _prepare(bus)
    begun = context.now()
    told: dict[str, Any] = {"caller": OPERATOR, "staff_no": "W1", "role": Role.WORKER}
    assert (await bus.ask(ListVacancies(caller=OPERATOR))).items == []
    leave = await bus.ask(ActOnAssignment(**told, target=ONE, action=AssignmentAction.START_LEAVE, vacant=True))
    assert (leave.state, leave.name, leave.allowed_actions) == ("on_leave", "王某", ["end_leave", "end"])
    (vacancy,) = (await bus.ask(ListVacancies(caller=OPERATOR, parent=ONE[:12]))).items
    assert (vacancy.target, vacancy.role, vacancy.reason, vacancy.staff_no) == (ONE, "worker", "on_leave", "W1")
    assert (await bus.ask(GetGridFigures(caller=OPERATOR))).vacancies == 1
    longitude, latitude = middle(0, 0)
    found = await bus.ask(Locate(caller=OPERATOR, longitude=longitude, latitude=latitude))
    assert [(one.staff_no, one.rule) for one in found.responsible] == [("S1", "chief")]
    (then,) = (await bus.ask(WhoIsResponsible(caller=OPERATOR, grid=ONE, at=begun))).items
    assert (then.staff_no, then.rule) == ("W1", "worker")
    step = AssignmentAction.START_LEAVE
    await bus.ask(ActOnAssignment(**told, target=TWO, action=step, backup="W2", idempotency_key="leave"))
    again = await bus.ask(ActOnAssignment(**told, target=TWO, action=step, backup="W2", idempotency_key="leave"))
    assert (again.state, again.version) == ("on_leave", 3)
    (stand_in,) = (await bus.ask(WhoIsResponsible(caller=OPERATOR, grid=TWO))).items
    assert (stand_in.staff_no, stand_in.rule, stand_in.stands_in_for) == ("W2", "worker_backup", "W1")
    soon = {"starts_at": begun + timedelta(seconds=2), "ends_at": begun + timedelta(seconds=3)}
    planned = Assign(caller=OPERATOR, staff_no="W2", target=ONE, role=Role.WORKER, **soon)
    await bus.ask(planned)
    standing = (await bus.ask(ListAssignments(caller=OPERATOR, target=ONE))).items
    assert [(one.staff_no, one.role.value) for one in standing if one.state != "planned"] == [
        ("S1", "chief"),
        ("W1", "worker"),
    ]


def test_a_leave_a_vacancy_and_the_clock(processes: Processes, mongo: MongoClient[dict[str, Any]]) -> None:
    process = processes.start("grid")
    database = mongo[process.plan.env["DATABASE"]]

    async def told() -> None:
        async with Bus(processes.broker, "gateway") as bus:
            await _story(bus)

    asyncio.run(told())
    eventually(lambda: database.assignments.count_documents({"_id": ONE, "past.staff_no": "W2"}))
    eventually(lambda: not any(database[name].count_documents({"pending": True}) for name in ("grids", "assignments")))
    events = [one["type"] for one in database.event_log.find({}, {"type": 1})]
    assert events.count("grid.staff_on_leave.v1") == 2
    assert events.count("grid.unstaffed.v1") >= 1
    assert "王某" not in process.log.read_text("utf-8")

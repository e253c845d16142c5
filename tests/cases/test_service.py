"""The service on the real bus: an incident becomes a case and goes its way; nothing twice; nobody is betrayed."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from contracts.base import Envelope
from contracts.cases import (
    ActOnCase,
    Case,
    GetCase,
    GetCaseTimeline,
    ImportCategories,
    ListCases,
    ListCategories,
    ReportCase,
    Reporter,
)
from contracts.faults import Conflict, Forbidden, Invalid, NotFound, Refused
from contracts.grid import GridPublished, GridStaffed, Posting, Role
from contracts.shared import Caller, Geometry, Row, Scope
from services.chassis.asking import Bus
from tests.cases.conftest import Desk, eventually
from tests.cases.scene import COMMUNITY, PATH
from tests.cases.test_intake import incident

ADMIN = Caller(client="desk", actor="dispatcher", scopes=frozenset({Scope.ADMIN}))
CHECKER = ADMIN.model_copy(update={"actor": "checker"})
WORKER = Caller(client="app", actor="W77", scopes=frozenset({Scope.CASES_READ}))
GRID = f"{COMMUNITY}077"
SQUARE = Geometry(type="Polygon", coordinates=[[[131, 45], [131.1, 45], [131.1, 45.1], [131, 45]]])
NAME, PHONE = "欧阳金丝雀", "13977778888"


@pytest.fixture(scope="module")
def ground(desk: Desk) -> Desk:
    """With a grid and its worker known."""
    published = GridPublished(
        code=GRID, name="七七", community=COMMUNITY, path=PATH, geometry=SQUARE, geometry_version=1, version=2
    )
    staffed = GridStaffed(target=GRID, postings=[Posting(staff_no="W77", role=Role.WORKER)], version=1)
    desk.tell((published, GRID, 2), (staffed, GRID, 1))
    eventually(lambda: desk.database.grid_copies.find_one({"_id": GRID}))
    eventually(lambda: desk.database.roster_copies.find_one({"_id": GRID}))
    return desk


def case_of(desk: Desk, incident_id: str) -> dict[str, Any]:
    return eventually(lambda: desk.database.cases.find_one({"incident": incident_id})) or {}


def told(desk: Desk, case_no: str) -> list[str]:
    envelopes = [Envelope.model_validate_json(one["body"]) for one in desk.database.event_log.find()]
    return [one.type for one in sorted(envelopes, key=lambda one: one.sequence) if one.subject == case_no]


async def act(bus: Bus, case: Case, action: str, caller: Caller = ADMIN, **fields: object) -> Case:
    return await bus.ask(
        ActOnCase.model_validate({"caller": caller, "case_no": case.case_no, "action": action, **fields})
    )


def test_an_incident_goes_all_the_way(ground: Desk) -> None:
    one = uuid4().hex
    opened = incident(id=one, grid=GRID, path=PATH)
    ground.tell((opened, one, 1), (opened, one, 1))
    ground.tell((opened, one, 1))
    case_no = case_of(ground, one)["_id"]

    async def story(bus: Bus) -> Case:
        case = await bus.ask(GetCase(caller=ADMIN, case_no=case_no))
        assert (case.assignee, case.assigned_by, case.source) == ("W77", "grid_worker", "video")
        assert case.place.path == PATH
        assert case.trace_id == "5a" * 16
        with pytest.raises(Refused) as refused:
            await act(bus, case, "sign")
        assert refused.value.facts["allowed_actions"] == ["verify", "file", "reject", "withdraw"]
        case = await act(bus, case, "file")
        case = await act(bus, case, "dispatch")
        assert (case.owner_org, case.assignee) == (COMMUNITY, "W77")
        case = await act(bus, case, "sign", WORKER)
        case = await act(bus, case, "resolve", WORKER, result="已劝离")
        with pytest.raises(Forbidden):
            await act(bus, case, "pass", WORKER)
        case = await act(bus, case, "pass", CHECKER)
        return await act(bus, case, "call_back", feedback={"responded": True, "solved": True})

    closed = ground.ask(story)
    assert closed.state == "closed"
    assert closed.closed_at is not None
    assert [entry.to_state for entry in closed.timeline if entry.action in ("report", "file", "call_back")] == [
        "reported",
        "filed",
        "closed",
    ]
    assert all(entry.trace_id for entry in closed.timeline if entry.actor != "system")
    steps = ("reported", "filed", "dispatched", "signed", "resolved", "checked", "closed")
    eventually(lambda: len(told(ground, case_no)) == len(steps))
    assert told(ground, case_no) == [f"cases.{step}.v1" for step in steps]
    assert ground.database.cases.count_documents({"incident": one}) == 1


def test_a_report_by_hand_is_taken_once_and_its_reporter_stays_private(ground: Desk) -> None:
    resident = Caller(client="portal", actor="R1", scopes=frozenset({Scope.CASES_REPORT}))
    report = ReportCase(
        caller=resident,
        category="livelihood.water",
        description="停水",
        place={"grid": GRID},  # type: ignore[arg-type]
        reporter=Reporter(name=NAME, phone=PHONE),
        idempotency_key=uuid4().hex,
    )

    async def story(bus: Bus) -> list[Case]:
        first, again = await asyncio.gather(bus.ask(report), bus.ask(report))
        with pytest.raises(Invalid) as unknown:
            await bus.ask(report.model_copy(update={"category": NAME, "idempotency_key": None}))
        with pytest.raises(Invalid) as malformed:
            await bus.ask(report.model_copy(update={"reporter": Reporter.model_construct(name=NAME, phone=PHONE * 9)}))
        for fault in (unknown.value, malformed.value):
            assert NAME not in str(fault.to_wire())
            assert PHONE not in str(fault.to_wire())
        assert unknown.value.errors[0].pointer == "/category"
        assert malformed.value.errors[0].pointer == "/reporter/phone"
        case = await act(bus, first, "file")
        case = await act(bus, case, "withdraw", resident)
        page = await bus.ask(ListCases(caller=ADMIN, grid=GRID, category="livelihood.water"))
        reader = ADMIN.model_copy(update={"scopes": frozenset({Scope.CASES_READ, Scope.PII_READ})})
        return [first, again, case, page.items[0], await bus.ask(GetCase(caller=reader, case_no=first.case_no))]

    first, again, withdrawn, listed, plain = ground.ask(story)
    assert first.case_no == again.case_no == listed.case_no
    assert ground.database.cases.count_documents({"category": "livelihood.water"}) == 1
    assert first.reporter == withdrawn.reporter == listed.reporter == Reporter(name="欧****", phone="139****8888")
    assert plain.reporter == Reporter(name=NAME, phone=PHONE)
    eventually(lambda: len(told(ground, first.case_no)) == 3)
    assert told(ground, first.case_no) == ["cases.reported.v1", "cases.filed.v1", "cases.withdrawn.v1"]
    eventually(lambda: b"answer act_on_case" in ground.spans)
    written = str(list(ground.database.event_log.find())) + str(list(ground.database.dead_letters.find()))
    logged = "".join(process.log.read_text("utf-8") for process in ground.started)
    for canary in (NAME, PHONE):
        assert canary not in written
        assert canary not in logged
        assert canary.encode() not in ground.spans


def test_a_repeated_step_is_one_step_and_a_stale_one_is_refused(ground: Desk) -> None:
    async def story(bus: Bus) -> None:
        report = ReportCase.model_validate(
            {
                "caller": ADMIN,
                "category": "appearance.noise",
                "description": "噪声",
                "place": {"address": "建设路 1 号"},
            }
        )
        case = await bus.ask(report)
        key = uuid4().hex
        filed = [await act(bus, case, "file", idempotency_key=key, expected_version=1) for _ in range(2)]
        assert [one.version for one in filed] == [2, 2]
        with pytest.raises(Conflict) as stale:
            await act(bus, case, "dispatch", expected_version=1)
        assert stale.value.facts["current_version"] == 2
        with pytest.raises(Invalid) as nowhere:
            await act(bus, case, "dispatch")
        assert nowhere.value.errors[0].code == "org_required"
        dispatched = await act(bus, case, "dispatch", org=PATH[3])
        assert (dispatched.owner_org, dispatched.assigned_by) == (PATH[3], "none")
        timeline = await bus.ask(GetCaseTimeline(caller=ADMIN, case_no=case.case_no))
        assert [entry.action for entry in timeline.items if entry.actor != "system"] == ["report", "file", "dispatch"]
        with pytest.raises(NotFound):
            await bus.ask(GetCase(caller=ADMIN, case_no="1"))
        with pytest.raises(Forbidden):
            await bus.ask(ListCases(caller=Caller(client="nobody")))

    ground.ask(story)


def test_categories_are_listed_and_imported(ground: Desk) -> None:
    rows = [
        Row(line=2, values={"code": "parking", "name": "停车"}),
        Row(line=3, values={"code": "parking.pavement", "name": "人行道停车", "parent": "parking"}),
        Row(line=4, values={"code": "parking.x", "name": "无上级", "parent": "nowhere"}),
    ]

    async def story(bus: Bus) -> None:
        dry = await bus.ask(ImportCategories(caller=ADMIN, rows=rows, dry_run=True))
        wet = await bus.ask(ImportCategories(caller=ADMIN, rows=rows))
        again = await bus.ask(ImportCategories(caller=ADMIN, rows=rows))
        assert (dry.created, wet.created, again.created, again.unchanged) == (2, 2, 0, 2)
        assert [fault.line for fault in wet.rejected] == [4]
        table = {one.code: one for one in (await bus.ask(ListCategories(caller=WORKER))).items}
        assert not table["parking"].leaf
        assert table["parking.pavement"].leaf
        with pytest.raises(Forbidden):
            await bus.ask(ImportCategories(caller=WORKER, rows=rows))

    ground.ask(story)


def test_two_copies_share_the_work_and_repeat_nothing(ground: Desk) -> None:
    """Racing copies, redelivered incidents, clocks that ran out while nobody looked."""
    prefix = uuid4().hex
    opened = [incident(id=f"{prefix}{number}", grid=GRID, path=PATH) for number in range(150)]

    async def file_one(bus: Bus) -> Case:
        report = ReportCase.model_validate(
            {"caller": ADMIN, "category": "dispute.family", "description": "纠纷", "place": {"grid": GRID}}
        )
        return await act(bus, await act(bus, await bus.ask(report), "verify"), "file")

    case = ground.ask(file_one)
    clock = ground.database.cases.find_one({"_id": case.case_no})["clocks"][0]  # type: ignore[index]
    past = {**clock, "due_at": case.reported_at, "soon_at": case.reported_at, "fault": None}
    ground.database.cases.update_one({"_id": case.case_no}, {"$set": {"clocks": [past], "watch_at": case.reported_at}})
    ground.start()
    ground.tell(*((one, one.id, 1) for one in opened))
    ground.tell(*((one, one.id, 1) for one in opened))

    async def report_many(bus: Bus) -> list[Case]:
        report = ReportCase.model_validate(
            {"caller": ADMIN, "category": "facility.manhole", "description": "井盖", "place": {"grid": GRID}}
        )
        return await asyncio.gather(*(bus.ask(report) for _ in range(30)))

    made = ground.ask(report_many)
    cases = ground.database.cases
    eventually(lambda: cases.count_documents({"incident": {"$regex": prefix}}) == len(opened))
    numbers = [one["_id"] for one in cases.find({}, {"_id": 1})]
    positions = [one["position"] for one in cases.find({}, {"position": 1})]
    assert len(set(positions)) == len(set(numbers)) == len(numbers)
    assert len({one.case_no for one in made}) == 30
    notices = ["cases.due_soon.v1", "cases.overdue.v1"]
    eventually(lambda: told(ground, case.case_no)[-2:] == notices)
    assert told(ground, case.case_no) == ["cases.reported.v1", "cases.filed.v1", *notices]

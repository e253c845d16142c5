"""The service process on the real bus: one applicant's way from search to delivery, and what nobody else may read."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from bson import json_util
from pymongo import MongoClient

from contracts.catalogue import (
    ActOnApplication,
    ActOnItem,
    Applicant,
    Application,
    GetApplication,
    GetApplicationTimeline,
    GetCatalogueFigures,
    GetItem,
    ImportItems,
    ListApplications,
    SaveDraft,
    SaveItem,
    SearchItems,
)
from contracts.faults import Conflict, Fault, Forbidden, Invalid, NotFound, Refused
from contracts.shared import Caller, Row, Scope
from services.chassis.asking import Bus
from tests.conftest import Processes

SECRET = Applicant(name="欧阳秘密", id_number="11010519491231002X", phone="13987654321")
CANARIES = [value for value in SECRET.model_dump().values() if value]
FORM: dict[str, Any] = {
    "type": "object",
    "required": ["id", "reason"],
    "properties": {
        "id": {"type": "string", "title": "身份证号", "format": "id-number"},
        "reason": {"type": "string", "title": "事由", "minLength": 2},
    },
}
NEW = {
    "code": "LN1",
    "name": "老年人优待证办理",
    "type": "public_service",
    "department": "区民政局",
    "area_code": "511602000000",
    "legal_limit_days": 20,
    "promised_limit_days": 5,
    "form_schema": FORM,
}


class Sides:
    """The office, an applicant's client, and who may see particulars."""

    def __init__(self, bus: Bus, office: Caller, citizen: Caller) -> None:
        self.bus, self.office, self.citizen = bus, office, citizen
        self.trusted = office.model_copy(update={"scopes": office.scopes | {Scope.PII_READ}})

    async def act(self, caller: Caller, app_no: str, action: str, **told: Any) -> Application:
        command = {"caller": caller, "app_no": app_no, "action": action, **told}
        return await self.bus.ask(ActOnApplication.model_validate(command))

    async def draft(self, code: str, **told: Any) -> Application:
        return await self.bus.ask(SaveDraft(caller=self.citizen, item_code=code, applicant=SECRET, **told))


async def refusal(asked: Coroutine[Any, Any, object]) -> Fault:
    with pytest.raises(Fault) as fault:
        await asked
    assert not [canary for canary in CANARIES if canary in json.dumps(fault.value.to_wire(), ensure_ascii=False)]
    return fault.value


async def import_and_search(bus: Bus, office: Caller, citizen: Caller, rows: list[Row]) -> None:
    command = ImportItems(caller=office, rows=rows, source="广安区事项清单", idempotency_key="list-1")
    report = await bus.ask(command, timeout=120)
    assert (report.created, report.changed, report.rejected) == (651, 0, [])
    assert await bus.ask(command, timeout=120) == report
    again = await bus.ask(ImportItems(caller=office, rows=rows), timeout=120)
    assert (again.created, again.changed, again.unchanged) == (0, 0, 651)
    found = await bus.ask(SearchItems(caller=citizen, q="jhdjyy"))
    assert [(hit.name, hit.matched) for hit in found.items] == [("结婚登记预约", "initials")]
    item = await bus.ask(GetItem(caller=citizen, code=found.items[0].code))
    assert (item.state, item.version_no, item.timeline) == ("published", 1, [])
    seen: list[str] = []
    cursor = None
    while cursor or not seen:
        page = await bus.ask(SearchItems(caller=citizen, cursor=cursor, limit=200))
        seen, cursor = seen + [hit.code for hit in page.items], page.next
    assert (len(seen), seen) == (651, sorted(set(seen)))
    assert (await refusal(bus.ask(SearchItems(caller=citizen, cursor="AAAA")))).code == "cursor_invalid"
    assert isinstance(await refusal(bus.ask(ImportItems(caller=citizen, rows=[]))), Forbidden)


async def publish_item(sides: Sides) -> None:
    wrong = {**NEW, "promised_limit_days": 21, "online_depth": "IV", "visits": 2, "body_code": "11511301008778183X"}
    fault = await refusal(sides.bus.ask(SaveItem.model_validate({"caller": sides.office, **wrong})))
    assert {error.pointer for error in fault.errors} == {"/promised_limit_days", "/visits", "/body_code"}
    saved = await sides.bus.ask(SaveItem.model_validate({"caller": sides.office, **NEW}))
    assert (saved.state, saved.allowed_actions) == ("draft", ["submit"])
    assert isinstance(await refusal(sides.bus.ask(GetItem(caller=sides.citizen, code="LN1"))), NotFound)
    fault = await refusal(sides.draft("LN1"))
    assert isinstance(fault, NotFound)
    for action in ("submit", "approve", "publish"):
        command = {"caller": sides.office, "code": "LN1", "action": action}
        saved = await sides.bus.ask(ActOnItem.model_validate(command))
    assert (saved.state, saved.form_schema) == ("published", FORM)
    fault = await refusal(
        sides.bus.ask(ActOnItem.model_validate({"caller": sides.office, "code": "LN1", "action": "approve"}))
    )
    assert isinstance(fault, Refused)
    assert fault.facts["allowed_actions"] == ["suspend", "retire"]


async def approved_after_correction(sides: Sides) -> str:
    bus, office, citizen = sides.bus, sides.office, sides.citizen
    opened = await sides.draft("LN1", form={"id": "110105194912310021"})
    app_no = opened.app_no
    assert (opened.state, opened.allowed_actions) == ("draft", ["submit", "withdraw"])
    assert opened.applicant == Applicant(name="欧***", id_number="1****************X", phone="139****4321")
    fault = await refusal(sides.act(citizen, app_no, "submit"))
    assert [(error.pointer, error.zh) for error in fault.errors] == [
        ("/form/id", "「身份证号」应为公民身份号码 (校验位须正确)"),
        ("/form/reason", "「事由」必填"),
    ]
    form = {"id": SECRET.id_number, "reason": "首次申领"}
    saved = await bus.ask(SaveDraft(caller=citizen, app_no=app_no, form=form, materials=["身份证复印件"]))
    assert saved.form == {"id": "1" + "*" * 17, "reason": "首次申领"}
    submitted = await sides.act(citizen, app_no, "submit", idempotency_key="s-1")
    assert await sides.act(citizen, app_no, "submit", idempotency_key="s-1") == submitted
    assert isinstance(await refusal(sides.act(citizen, app_no, "accept")), Forbidden)
    assert (await refusal(sides.act(office, app_no, "ask_correction"))).errors[0].pointer == "/missing"
    asked = await sides.act(office, app_no, "ask_correction", missing=["近期免冠照片", "户口簿"])
    assert asked.correction == ["近期免冠照片", "户口簿"]
    corrected = await sides.act(citizen, app_no, "correct", materials=["身份证复印件", "照片", "户口簿"])
    assert corrected.allowed_actions == ["accept", "not_accept", "withdraw"]
    again = await refusal(sides.act(office, app_no, "ask_correction", missing=["还有一样"]))
    assert again.code == "illegal_step"
    accepted = await sides.act(office, app_no, "accept")
    assert accepted.due_at or accepted.clock_fault
    assert isinstance(await refusal(sides.act(office, app_no, "accept", expected_version=1)), Conflict)
    await sides.act(office, app_no, "review")
    assert (await refusal(sides.act(office, app_no, "decide", decision="refused"))).errors[0].pointer == "/reason"
    await sides.act(office, app_no, "decide", decision="approved")
    delivered = await sides.act(office, app_no, "deliver", delivery="EMS 邮寄")
    assert (delivered.state, delivered.allowed_actions, delivered.version) == ("delivered", [], 9)
    full = await bus.ask(GetApplication(caller=sides.trusted, app_no=app_no))
    assert (full.applicant, full.form) == (SECRET, form)
    return app_no


async def endings(sides: Sides) -> None:
    form = {"id": SECRET.id_number, "reason": "首次申领"}
    refused = (await sides.draft("LN1", form=form)).app_no
    for action, told in (("submit", {}), ("accept", {}), ("review", {})):
        await sides.act(sides.office, refused, action, **told)
    ended = await sides.act(sides.office, refused, "decide", decision="refused", reason="不满六十周岁")
    assert (ended.state, ended.decision_reason, ended.allowed_actions) == ("refused", "不满六十周岁", ["deliver"])
    declined = (await sides.draft("LN1", form=form)).app_no
    await sides.act(sides.citizen, declined, "submit")
    await sides.act(sides.office, declined, "not_accept", reason="不属于本机关职权")
    withdrawn = (await sides.draft("LN1", form=form)).app_no
    await sides.act(sides.citizen, withdrawn, "withdraw")
    left = (await sides.draft("LN1", form=form)).app_no
    await sides.bus.ask(ActOnItem.model_validate({"caller": sides.office, "code": "LN1", "action": "suspend"}))
    fault = await refusal(sides.act(sides.citizen, left, "submit"))
    assert (fault.kind, fault.code, fault.facts["item_state"]) == ("conflict", "item_not_available", "suspended")
    await sides.bus.ask(ActOnItem.model_validate({"caller": sides.office, "code": "LN1", "action": "retire"}))
    assert (await refusal(sides.draft("LN1"))).code == "item_not_available"
    figures = await sides.bus.ask(GetCatalogueFigures(caller=sides.citizen))
    assert figures.items == {"published": 651, "retired": 1}
    assert (figures.departments, figures.online_rate) == (17, None)
    assert figures.applications == {"delivered": 1, "refused": 1, "not_accepted": 1, "withdrawn": 1, "draft": 1}


async def readers(sides: Sides, app_no: str) -> None:
    ask: Callable[..., Coroutine[Any, Any, object]] = sides.bus.ask
    stranger = sides.citizen.model_copy(update={"client": "elsewhere"})
    nobody = Caller(client="portal", scopes=frozenset({Scope.CATALOGUE_READ}))
    assert isinstance(await refusal(ask(GetApplication(caller=stranger, app_no=app_no))), NotFound)
    assert isinstance(await refusal(ask(GetApplication(caller=nobody, app_no=app_no))), Forbidden)
    assert isinstance(await refusal(ask(GetApplication(caller=sides.office, app_no="202607"))), NotFound)
    unsound = SaveDraft(caller=sides.citizen, item_code="LN1", applicant=Applicant(name="王", id_number="1101051949"))
    fault = await refusal(ask(unsound))
    assert isinstance(fault, Invalid) or fault.code == "item_not_available"
    listed = await sides.bus.ask(ListApplications(caller=sides.office))
    assert [entry.applicant.name for entry in listed.items if entry.applicant] == ["欧***"] * 5
    assert (await sides.bus.ask(ListApplications(caller=stranger))).items == []
    timeline = await sides.bus.ask(GetApplicationTimeline(caller=sides.citizen, app_no=app_no))
    steps = ["save_draft", "save_draft", "submit", "ask_correction", "correct", "accept", "review", "decide", "deliver"]
    assert [entry.action for entry in timeline.items] == steps
    assert all(entry.trace_id and len(entry.trace_id) == 32 for entry in timeline.items)


def test_from_search_to_delivery(
    processes: Processes, mongo: MongoClient[dict[str, Any]], whole_list: list[Row], office: Caller, citizen: Caller
) -> None:
    process = processes.start("catalogue")

    async def story() -> str:
        async with Bus(processes.broker, "gateway") as bus:
            sides = Sides(bus, office, citizen)
            await import_and_search(bus, office, citizen, whole_list)
            await publish_item(sides)
            app_no = await approved_after_correction(sides)
            await endings(sides)
            await readers(sides, app_no)
            return app_no

    app_no = asyncio.run(story())
    database = mongo[process.plan.env["DATABASE"]]
    until = time.monotonic() + 10
    while any(database[name].count_documents({"pending": True}) for name in ("items", "imports", "applications")):
        assert time.monotonic() < until
    log = [json.loads(entry["body"]) for entry in database["event_log"].find()]
    told = [(event["type"], event["sequence"]) for event in log if event["subject"] == app_no]
    assert sorted(told, key=lambda event: event[1]) == [
        ("catalogue.applied.v1", 3),
        ("catalogue.correction_asked.v1", 4),
        ("catalogue.corrected.v1", 5),
        ("catalogue.accepted.v1", 6),
        ("catalogue.decided.v1", 8),
        ("catalogue.delivered.v1", 9),
    ]
    kinds = [event["type"] for event in log]
    assert kinds.count("catalogue.items_imported.v1") == 2
    assert (kinds.count("catalogue.item_published.v1"), kinds.count("catalogue.item_retired.v1")) == (1, 1)
    kept = json_util.dumps(database["applications"].find_one({"_id": app_no}), ensure_ascii=False)
    assert [canary for canary in CANARIES if canary in kept] == CANARIES
    outside = json.dumps(log, ensure_ascii=False) + process.log.read_text("utf-8")
    outside += json_util.dumps(database["applications"].find({}, {"private": 0}), ensure_ascii=False)
    assert not [canary for canary in CANARIES if canary in outside]

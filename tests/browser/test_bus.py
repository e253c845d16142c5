"""总线: which message died and why; it is looked at, which the audit knows, and put back on its queue."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from pymongo import MongoClient
from pymongo.database import Database

from deploy.local.demo.alarms import close
from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from services.console.rendering import CITY_TIME
from tests.browser.conftest import Desk, opened
from tests.browser.test_alerts import alarm
from tests.conftest import City
from tests.faults.town import eventually
from tests.laid import Tell

GARBAGE = b"<EventNotificationAlert><broken"
REPORTS, MANY = "alerts.alerts.report_received.v1", 450


@pytest.fixture
def unreadable(city: City) -> str:
    """The report id of a camera's garbage, dead at alerts."""
    answer = httpx.post(
        f"{city.gateway}/v1/intake/hikvision/browser-cam",
        content=GARBAGE,
        headers={"X-API-Key": city.keys["device"], "Content-Type": "application/xml"},
        trust_env=False,
    )
    assert answer.status_code == 202
    return str(answer.json()["report"])


@pytest.fixture
def alerts(city: City) -> Iterator[Database[dict[str, Any]]]:
    """The database of the alerts, as its administrator has it."""
    with MongoClient[dict[str, Any]](city.mongodb, tz_aware=True) as client:
        yield client["alerts"]


def test_a_dead_letter_is_looked_at_and_redriven(desk: Desk, city: City, unreadable: str) -> None:
    page = desk.sign_in(actor="王五")
    look = page.get_by_role("button", name=f"查看 {unreadable}")
    desk.appears("/bus?service=alerts", look)
    row = page.locator("tr").filter(has=look)
    assert "报文读不懂" in row.inner_text()
    desk.shoot("bus")
    assert desk.violations() == []
    look.click()
    assert GARBAGE.decode() in page.locator("pre.payload").inner_text()
    entries = httpx.get(
        f"{city.gateway}/v1/audit?limit=20", headers={"X-API-Key": city.keys["admin"]}, trust_env=False
    ).json()["items"]
    assert ("王五", "/v1/dead-letters/{service}/{id}:look") in {(one["actor"], one["path"]) for one in entries}
    page.get_by_role("button", name="重投").click()
    page.wait_for_url("**/bus?service=alerts&redriven=1&refused=0")
    assert "已重投 1" in page.get_by_role("status").inner_text()
    # it cannot be read this time either, and its past is told
    desk.appears("/bus?service=alerts", look)
    look.click()
    assert "王五" in page.locator("main ul").inner_text()


def test_what_died_of_a_gap_in_the_data_takes_effect_once_the_gap_is_closed(
    desk: Desk, tell: Tell, laid: Ground, alerts: Database[dict[str, Any]]
) -> None:
    """A database came back from a copy that was older than its newest incident; then that is put in again."""
    device = alarm(tell, laid, 45)

    async def with_case(door: Door) -> dict[str, Any]:
        async def found() -> list[dict[str, Any]]:
            return await door.pages("/v1/alerts", {"device": device})

        listed = await until("alert with its case", found, lambda known: bool(known and known[0]["case_no"]))
        case: dict[str, Any] = await door.get(f"/v1/cases/{listed[0]['case_no']}")
        return case

    case = tell(with_case)
    incident = alerts.incidents.find_one_and_delete({"_id": case["incident"]})
    assert incident is not None
    tell(lambda door: close(door, case))
    letter = eventually(lambda: alerts.dead_letters.find_one({"queue": "alerts.cases.closed.v1"}))
    # which message died, why, and where its way can be followed
    page = desk.sign_in(actor="王五")
    page.goto(f"{desk.console}/bus?service=alerts&queue=alerts.cases.closed.v1")
    row = page.locator("tr").filter(has_text="工单结案")
    assert "所指的对象不存在: 没有这个事件" in row.inner_text()
    row.get_by_role("button", name="查看").click()
    assert case["case_no"] in page.locator("main dl").inner_text()
    assert page.get_by_role("link", name=letter["trace_id"]).is_visible()
    desk.shoot("dead-letter")
    assert desk.violations() == []
    # redriven before the gap is closed it dies again, and that is told
    page.get_by_role("button", name="重投").click()
    page.wait_for_url("**/bus?service=alerts&redriven=1&refused=0")
    eventually(lambda: alerts.dead_letters.find_one({"_id": letter["_id"], "state": "dead", "attempts": 2}))
    alerts.incidents.insert_one(incident)
    page.goto(f"{desk.console}/alerts/{case['alert']}")
    assert page.get_by_text("已关闭").count() == 0
    page.goto(f"{desk.console}/bus?service=alerts&queue=alerts.cases.closed.v1")
    row.get_by_role("button", name="查看").click()
    assert "王五" in page.locator("main ul").inner_text()
    page.get_by_role("button", name="重投").click()
    page.wait_for_url("**/bus?service=alerts&redriven=1&refused=0")
    desk.appears(f"/alerts/{case['alert']}", page.get_by_text("已关闭").first)
    assert case["case_no"] in page.locator("main").inner_text()
    page.goto(f"{desk.console}/bus?service=alerts&queue=alerts.cases.closed.v1")
    assert page.get_by_text("没有死信").is_visible()
    page.get_by_label("状态").select_option("redriven")
    page.get_by_role("button", name="查找").click()
    assert "2 ×" in row.inner_text()


@pytest.fixture
def many(city: City, tell: Tell, alerts: Database[dict[str, Any]]) -> str:
    """Since when MANY reports have died that nobody can read, by the city's clock."""
    began = datetime.now(UTC).replace(microsecond=0)

    async def post(door: Door) -> None:
        turn = asyncio.Semaphore(16)

        async def one(number: int) -> None:
            async with turn:
                body = GARBAGE + str(number).encode()
                headers = {"Content-Type": "application/xml"}
                path = "/v1/intake/hikvision/browser-many"
                await door.ask("POST", path, status=202, key="device", content=body, headers=headers)

        await asyncio.gather(*map(one, range(MANY)))

    tell(post)
    all_dead(alerts, began)
    return began.astimezone(CITY_TIME).strftime("%Y-%m-%dT%H:%M:%S")


def all_dead(alerts: Database[dict[str, Any]], began: datetime) -> None:
    told = {"queue": REPORTS, "state": "dead", "dead_at": {"$gte": began}}
    eventually(lambda: alerts.dead_letters.count_documents(told) == MANY, within=60, what="all of them dead")


def test_many_go_step_by_step_with_their_number_told_and_also_by_hand(
    chromium: Browser, city: City, alerts: Database[dict[str, Any]], many: str
) -> None:
    shown = f"/bus?service=alerts&queue={REPORTS}&since={many}"
    with opened(chromium, city) as desk:
        page = desk.sign_in()
        page.goto(desk.console + shown)
        steps: list[str] = []
        page.on("response", lambda answer: steps.append(answer.url) if answer.url.endswith("/bus/redrive") else None)
        page.get_by_role("button", name="重投筛选出的全部").click()
        page.wait_for_url(f"**&redriven={MANY}&refused=0")
        assert f"已重投 {MANY}" in page.get_by_role("status").inner_text()
        assert page.get_by_role("button", name="继续").count() == 0
        assert len(steps) == 3
        began = datetime.fromisoformat(many).replace(tzinfo=CITY_TIME)
        all_dead(alerts, began)
    with opened(chromium, city, java_script_enabled=False) as desk:
        page = desk.sign_in()
        page.goto(desk.console + shown)
        page.get_by_role("button", name="重投筛选出的全部").click()
        assert "已重投 200" in page.get_by_role("status").inner_text()
        left = page.url
    # left, and taken up again from its address
    with opened(chromium, city) as desk:
        page = desk.sign_in()
        page.goto(left)
        assert "尚未完成" in page.get_by_role("status").inner_text()
        desk.shoot("redrive")
        assert desk.violations() == []
        page.get_by_role("button", name="继续").click()
        page.wait_for_url(f"**&redriven={MANY}&refused=0")


def test_filters_that_are_none_are_refused_in_words(desk: Desk) -> None:
    page = desk.sign_in()
    for wrong in ("since=yesterday", "service=nobody", "state=lost", "cursor=x"):
        page.goto(f"{desk.console}/bus?{wrong}")
        assert page.get_by_role("alert").is_visible()
    page.goto(f"{desk.console}/bus?redriven=-1&refused=x&next=y")
    assert page.locator("#redrive").inner_text().strip() == ""
    desk.faults.clear()


def test_who_is_no_operator_of_the_bus_is_refused(desk: Desk, city: City) -> None:
    page = desk.sign_in("portal")
    page.goto(f"{desk.console}/bus")
    assert "权限" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("button", name="全部重投").count() == 0
    desk.faults.clear()

"""考核: each number leads to its cases; and a case says itself why it is late."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from tests.browser.conftest import Desk
from tests.conftest import City
from tests.faults.town import eventually
from tests.laid import Tell

Body = dict[str, Any]
SAID = ({"responded": True, "solved": True, "satisfied": True}, {"responded": True, "solved": True, "satisfied": False})


@dataclass(frozen=True)
class Handled:
    """Cases of one grid: closed ones, and one that was given back and is late now."""

    grid: str
    community: str
    closed: list[str]
    late: str


async def walk(door: Door, case_no: str, *steps: tuple[str, Body]) -> None:
    for action, body in steps:
        actor = "核查员" if action == "pass" else "调度员"
        await door.post(f"/v1/cases/{case_no}:{action}", body, actor=actor)


async def report(door: Door, grid: str, category: str) -> str:
    body = {"category": category, "description": "居民反映路灯不亮", "place": {"grid": grid}, "source": "12345"}
    return str((await door.ask("POST", "/v1/cases", status=201, json=body))["case_no"])


@pytest.fixture(scope="module")
def handled(city: City, tell: Tell, laid: Ground) -> Handled:
    """Two closed by call-backs that differ; one with a clock that has run out.

    No limit is shorter than a working hour, so the test moves the clock's moments into the past, as the store's
    administrator; that it has run out is found by the service, on its next look.
    """
    grid = laid.tiles[60].code

    async def work(door: Door) -> Handled:
        closed = []
        for said in SAID:
            case_no = await report(door, grid, "appearance.noise")
            handle = [("resolve", {"result": "已劝阻"}), ("pass", {}), ("call_back", {"feedback": said})]
            await walk(door, case_no, ("file", {}), ("dispatch", {}), ("sign", {}), *handle)
            closed.append(case_no)
        late = await report(door, grid, "livelihood.water")
        back = ("return", {"reason": "不属本社区管辖"})
        street = ("dispatch", {"org": f"{grid[:9]}000"})
        await walk(door, late, ("file", {}), ("dispatch", {}), back, street)
        return Handled(grid, grid[:12], closed, late)

    found: Handled = tell(work)
    past = datetime.now(UTC) - timedelta(hours=3, minutes=12)
    with MongoClient[Body](city.mongodb, tz_aware=True) as store:
        cases = store["cases"]["cases"]
        clocks = (cases.find_one({"_id": found.late}) or {})["clocks"]
        ran_out = {**clocks[-1], "due_at": past, "soon_at": past, "fault": None}
        cases.update_one({"_id": found.late}, {"$set": {"clocks": [*clocks[:-1], ran_out], "watch_at": past}})

    async def marked(door: Door) -> None:
        async def clock() -> Body:
            return dict((await door.get(f"/v1/cases/{found.late}"))["clocks"][-1])

        await until("clock found to have run out", clock, lambda told: bool(told["overdue"]))

    tell(marked)
    return found


def test_a_late_case_says_why_in_a_sentence(desk: Desk, handled: Handled) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/cases?grid={handled.grid}")
    row = page.locator("tr.failed").filter(has_text=handled.late)
    assert "超时" in row.inner_text()
    assert "供水" in row.inner_text()
    row.get_by_role("link", name=handled.late).click()
    said = page.locator(".standing").inner_text()
    assert said.startswith("已超时 3 小时 12 分: 签收阶段 (限 4 工作小时) 应于 ")
    assert re.search(r"手上, 已 (不到 )?\d+ 分未签收", said)
    assert "曾退单 1 次 (不属本社区管辖)" in said
    desk.shoot("case-late")
    assert desk.violations() == []


def test_a_number_leads_to_its_cases(desk: Desk, handled: Handled) -> None:
    page = desk.sign_in()
    page.get_by_role("link", name="考核", exact=True).click()
    # what was counted a moment ago is counted again soon
    number = page.locator("tbody th[scope=row]").filter(has_text=handled.community).locator("..").get_by_role("link")
    desk.appears("/figures?days=7", number.filter(has_text="2").first)
    row = page.locator("tbody tr").filter(has_text=handled.community)
    assert "100.0 %" in row.inner_text()
    assert "50.0 %" in row.inner_text()
    row.get_by_role("link", name=re.compile("结案 2$")).first.click()
    listed = page.locator("#main tbody a").all_inner_texts()
    assert listed == handled.closed[::-1]
    desk.shoot("figure-cases")
    assert desk.violations() == []
    page.get_by_role("link", name="考核").last.click()
    page.locator("tbody tr").filter(has_text=handled.community).get_by_role("link", name=re.compile(" 满意 1$")).click()
    assert page.locator("#main tbody a").all_inner_texts() == handled.closed[:1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_is_drawn_and_can_be_read_without_seeing(desk: Desk, handled: Handled, theme: str) -> None:
    page = desk.sign_in()
    if theme == "dark":
        page.get_by_role("button", name="深色").click()
    page.goto(f"{desk.console}/figures?days=30")
    plots = page.locator(".plot")
    page.locator(".plot canvas").nth(2).wait_for()
    assert [plot.get_attribute("aria-label") for plot in plots.all()] == [
        plot.get_attribute("aria-label") for plot in page.get_by_role("img").all()
    ]
    assert page.get_by_role("region", name="点位误报").is_visible()
    assert "每日上报与结案: 上报" in str(plots.first.get_attribute("aria-label"))
    # drawn, and with no style that the page's policy would have refused
    plots.first.hover()
    assert eventually(lambda: painted(desk), what="a chart with something on it")
    days = page.locator(".charts").first
    days.locator("summary").press("Enter")
    assert days.locator("tbody tr").count() == 30
    days.locator("summary").press("Enter")
    desk.shoot(f"figures-{theme}")
    assert desk.violations() == []


def painted(desk: Desk) -> bool:
    """Whether the first chart has a colour on it."""
    return bool(
        desk.page.evaluate(
            """() => {
              const canvas = document.querySelector(".plot canvas");
              const drawn = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
              return drawn.some((value) => value);
            }"""
        )
    )


def test_the_table_is_sorted_by_keyboard_and_downloaded(desk: Desk, handled: Handled) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/figures?days=7")
    page.locator(".orgs thead").get_by_role("link", name="结案", exact=True).press("Enter")
    page.wait_for_url("**sort=-closed#orgs")
    assert page.locator(".orgs th[aria-sort=descending]").inner_text() == "结案 ↓"
    closed = [int(cell) for cell in page.locator(".orgs tbody td:nth-child(5)").all_inner_texts()]
    assert closed == sorted(closed, reverse=True)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="下载 CSV").click()
    told = downloading.value.path().read_bytes()
    assert downloading.value.suggested_filename.endswith("-7d.csv")
    head, *rows = csv.reader(io.StringIO(told.decode("utf-8-sig")))
    assert head[0] == "单位代码"
    assert handled.community in {row[0] for row in rows}


def test_nonsense_in_the_address_is_no_fault(desk: Desk, handled: Handled) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/figures?days=9999&sort=-rates")
    assert page.get_by_role("heading", name="考核").is_visible()
    page.goto(f"{desk.console}/figures/cases/nonsense?days=x&cursor=y")
    assert page.get_by_role("alert").is_visible()
    desk.faults.clear()

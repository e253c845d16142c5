"""事项 and 办件: people find an item by their own words; the office takes each step on a page."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page

from deploy.local.demo import services
from deploy.local.demo.door import Door
from deploy.local.demo.ground import SEED, Ground
from deploy.local.synthetic.files import CSV, table
from deploy.local.synthetic.people import Person, persons
from tests.browser.conftest import Desk
from tests.laid import Tell

CODE = "BROWSER-0001"
ITEM: dict[str, Any] = {
    "code": CODE,
    "name": "养老服务补贴(合成)",
    "type": "grant",
    "department": "民政局(合成)",
    "main_item": "养老服务",
    "themes": ["养老"],
    "object": "自然人",
    "legal_limit_days": 20,
    "promised_limit_days": 10,
    "visits": 0,
    "online_depth": "III",
    "channels": ["web", "window"],
    "materials": ["申请表", "户口簿"],
    "link": "https://example.org/items/1",
    "form_schema": {"type": "object", "required": ["grounds"], "properties": {"grounds": {"type": "string"}}},
}


def take(page: Page, step: str, button: str | None = None, **told: str) -> None:
    """One step by its form, with the keyboard; `told` by label."""
    form = page.locator(".actions details").filter(has=page.get_by_text(step, exact=True).first)
    form.locator("summary").press("Enter")
    for label, text in told.items():
        field = form.get_by_label(re.compile(label))
        if field.evaluate("found => found.tagName") == "SELECT":
            field.select_option(label=text)
        else:
            field.fill(text)
    form.get_by_role("button", name=button or step).press("Enter")


def state(page: Page, wanted: str) -> None:
    """Wait until the page says so."""
    page.locator(".head .tag").get_by_text(wanted, exact=True).wait_for()


@pytest.fixture(scope="module")
def drafted(tell: Tell, catalogued: dict[str, Any]) -> str:
    """An item that nobody has published."""
    tell(lambda door: door.post("/v1/items", ITEM))
    return CODE


@pytest.fixture(scope="module")
def applied(tell: Tell, laid: Ground, drafted: str) -> tuple[str, Person]:
    """Somebody has applied for a published item."""
    [person] = persons(laid.tiles, 1, SEED + 1)

    async def story(door: Door) -> str:
        path = f"/v1/items/{drafted}"
        standing = (await door.get(path))["state"]
        for step in ("submit", "approve", "publish") if standing == "draft" else ():
            await door.post(f"{path}:{step}")
        applicant = {"name": person.name, "id_number": person.id_number, "phone": person.phone}
        # somebody wrote the number into the form as well
        form = {"grounds": "高龄独居", "household_head": person.id_number}
        body = {"item_code": drafted, "applicant": applicant, "form": form, "materials": ["申请表"]}
        draft = await door.post("/v1/applications", body, status=201, key="portal")
        await door.post(f"/v1/applications/{draft['app_no']}:submit", key="portal")
        return str(draft["app_no"])

    return str(tell(story)), person


def test_an_item_is_found_as_people_search(desk: Desk, catalogued: dict[str, Any]) -> None:
    page = desk.sign_in()
    page.get_by_role("link", name="一网通办", exact=True).click()
    figures = page.locator(".figures").inner_text()
    assert str(services.ITEMS) in figures
    assert "网办率" in figures
    search, row = page.get_by_role("searchbox"), page.locator("#items tbody tr")
    search.fill("gljt")
    search.press("Enter")
    page.wait_for_url("**q=gljt**")
    row.filter(has_text=services.WANTED).filter(has_text="拼音首字母").wait_for()
    search.fill(services.SOUGHT)
    search.press("Enter")
    row.first.filter(has_text=services.WANTED).filter(has_text="名称").wait_for()
    desk.shoot("items")
    assert desk.violations() == []
    row.first.get_by_role("link").click()
    page.get_by_role("heading", name=services.WANTED).wait_for()
    assert catalogued["department"] in page.locator("main").inner_text()
    assert page.get_by_role("link", name=catalogued["link"]).is_visible()
    assert "导入" in page.locator(".timeline").inner_text()


def test_an_item_is_published_step_by_step_and_keeps_its_versions(desk: Desk, tell: Tell, drafted: str) -> None:
    page = desk.sign_in(actor="李科长")
    page.goto(f"{desk.console}/items")
    page.get_by_label("事项编码").fill(drafted)
    page.get_by_role("button", name="打开").click()
    for step, reached in (("送审", "审核中"), ("审核通过", "已审核"), ("发布", "已发布")):
        take(page, step, 说明="已核对")
        state(page, reached)
    told = page.locator("main").inner_text()
    assert all(word in told for word in ("户口簿", "承诺件", "窗口", "养老服务", "III"))
    assert page.locator(".timeline li").last.inner_text().count("李科长") == 1
    desk.shoot("item")
    assert desk.violations() == []
    columns = ("item_code", "name", "department", "task_type", "area_code")
    row = (drafted, "养老服务补贴发放(合成)", ITEM["department"], "5", "511602000000")
    tell(lambda door: door.load("items", table(columns, [row]), CSV))
    page.reload()
    page.get_by_role("heading", name="养老服务补贴发放(合成)").wait_for()
    page.get_by_role("link", name="1", exact=True).click()
    page.get_by_role("heading", name=ITEM["name"]).wait_for()
    assert page.locator(".actions").count() == 0
    page.get_by_role("link", name="看现行版本").click()
    page.wait_for_url(f"**/items/{drafted}")


def test_an_application_from_submitted_to_delivered(desk: Desk, tell: Tell, applied: tuple[str, Person]) -> None:
    number, person = applied
    page = desk.sign_in(actor="王五")
    page.get_by_role("link", name="一网通办", exact=True).click()
    page.get_by_role("link", name="办件", exact=True).click()
    page.get_by_label("事项编码").fill(CODE)
    page.get_by_label("状态").select_option(label="已提交")
    page.get_by_role("button", name="查找").click()
    page.wait_for_url("**state=submitted**")
    page.locator("#applications").get_by_role("link", name=number).click()
    state(page, "已提交")
    take(page, "补正告知", 需补正="户口簿\n近期照片")
    state(page, "待补正")
    assert page.locator("dd li").all_inner_texts() == ["户口簿", "近期照片"]
    tell(
        lambda door: door.post(f"/v1/applications/{number}:correct", {"materials": ["申请表", "户口簿"]}, key="portal")
    )
    page.reload()
    take(page, "受理", 理由="材料齐全")
    state(page, "已受理")
    assert "计时中" in page.locator("dl.attributes").inner_text()
    desk.shoot("application")
    assert desk.violations() == []
    page.goto(f"{desk.console}/applications?item_code={CODE}")
    desk.shoot("applications")
    assert desk.violations() == []
    page.get_by_role("link", name=number).click()
    take(page, "审查", 理由="条件核对")
    state(page, "审查中")
    # a refusal needs its reason, which the service says
    take(page, "决定", **{"^决定": "不予批准"})
    assert "必须写明理由" in page.get_by_role("alert").inner_text()
    desk.faults.clear()
    page.go_back()
    page.reload()
    take(page, "决定", **{"^决定": "准予", "理由": "符合规定"})
    state(page, "准予")
    take(page, "送达", 送达="上门送达(合成)")
    state(page, "已送达")
    assert page.locator(".actions").count() == 0
    steps = [step.split(" ", 4)[2:4] for step in page.locator(".timeline li").all_inner_texts()[-4:]]
    assert steps == [["受理", "王五"], ["审查", "王五"], ["决定", "王五"], ["送达", "王五"]]
    assert not any(value in page.content() for value in (person.name, person.id_number, person.phone))
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Dark").click()
    state(page, "delivered")
    desk.shoot("application-dark-en")
    assert desk.violations() == []


def test_who_may_only_look_sees_no_actions(desk: Desk, tell: Tell, applied: tuple[str, Person]) -> None:
    body = {"client": "catalogue-reader", "name": "只读", "scopes": ["catalogue:read"]}
    made = tell(lambda door: door.post("/v1/clients", body, status=201, key="admin"))
    desk.keys = {**desk.keys, "reader": made["key"]}
    page = desk.sign_in("reader")
    page.goto(f"{desk.console}/items/{CODE}")
    assert page.get_by_role("link", name="办件", exact=True).count() == 0
    assert page.get_by_role("heading", name="养老服务补贴").is_visible()
    assert page.locator(".actions").count() + page.locator(".timeline").count() == 0
    # and the gateway refuses what the page does not offer
    send = "path => fetch(path, {method: 'POST', body: new URLSearchParams({note: 'x'})}).then(found => found.status)"
    assert page.evaluate(send, f"/items/{CODE}/suspend") == 403
    assert page.evaluate(send, f"/applications/{applied[0]}/withdraw") == 403
    page.goto(f"{desk.console}/applications/{applied[0]}")
    assert "权限" in page.get_by_role("alert").inner_text()
    desk.faults.clear()


def test_nothing_found_and_nonsense_are_said(desk: Desk, catalogued: dict[str, Any]) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/items?q=zzzzqqq")
    assert "没有符合条件的事项" in page.locator("#items").inner_text()
    for path in (f"/items/{CODE}/versions/x", "/items/nowhere", "/applications/nowhere", "/applications?state=x"):
        answer = page.request.get(desk.console + path)
        assert 400 <= answer.status < 500, path

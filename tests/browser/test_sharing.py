"""共享: one department offers, another applies, the provider grants and revokes, and the log proves every use."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from pymongo import MongoClient

from deploy.local.demo import exchange
from deploy.local.demo.door import Door
from deploy.local.demo.ground import SEED, Ground
from deploy.local.synthetic.people import Person, persons
from tests.browser.conftest import Desk, opened
from tests.conftest import City
from tests.laid import Tell

DATASET = "browser-low-income"
PROVIDER, USER = exchange.PROVIDER, exchange.USER
ACTED = {
    ("陈经办", "/v1/datasets/{code}:{action}"),
    ("周审核", "/v1/datasets/{code}:{action}"),
    ("吴警官", "/v1/dataset-applications"),
    ("陈经办", "/v1/dataset-applications/{id}:{decision}"),
    ("陈经办", "/v1/grants/{id}:revoke"),
}
SEND = "path => fetch(path, {method: 'POST', body: new URLSearchParams({reason: 'x'})}).then(found => found.status)"


@pytest.fixture
def desk(chromium: Browser, city: City) -> Iterator[Desk]:
    """A window whose operator may be of a department as well."""
    with opened(chromium, city) as found:
        found.keys = {**city.keys, **city.departments}
        yield found


@pytest.fixture(scope="module")
def people(laid: Ground) -> list[Person]:
    """Five who draw assistance."""
    return list(persons(laid.tiles, 5, SEED + 2))


@pytest.fixture(scope="module")
def registered(tell: Tell) -> str:
    """A draft of a dataset on the directory."""
    body: dict[str, Any] = {"code": DATASET, "title": "低保对象(页面)", "sharing_type": "conditional"}
    body |= {"key_field": "number", "fields": exchange.FIELDS, "json_schema": exchange.SCHEMA}
    tell(lambda door: door.post("/v1/datasets", body, key=PROVIDER))
    return DATASET


def test_from_the_directory_to_the_proof(
    desk: Desk, city: City, tell: Tell, people: list[Person], registered: str
) -> None:
    publish(desk, registered)
    batch = [exchange.event(person, serial) for serial, person in enumerate(people)]
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    tell(lambda door: door.post(f"/v1/datasets/{registered}/events", batch, key=PROVIDER, headers=headers))
    apply(desk, registered)
    grant(desk, registered)
    asked = {"X-Purpose": "public_security"}
    used = tell(lambda door: door.get(f"/v1/data/{registered}", key=USER, actor="吴警官", headers=asked))
    assert len(used["items"]) == len(people)
    subscribe(desk, tell, registered)
    verify(desk)
    assert not any(value in desk.page.content() for one in people for value in (one.name, one.phone, one.id_number))
    spoil(desk, city, registered)
    revoke(desk, registered)
    tell(lambda door: door.get(f"/v1/data/{registered}", key=USER, headers=asked, status=403))
    audited = tell(lambda door: door.get("/v1/audit", key="admin", params={"limit": 100}))["items"]
    assert {(one["actor"], one["path"]) for one in audited} >= ACTED


def publish(desk: Desk, dataset: str) -> None:
    """Its provider submits it, an operator puts it on the directory."""
    page = desk.sign_in(PROVIDER, "陈经办")
    page.get_by_role("link", name="共享", exact=True).click()
    page.get_by_role("link", name="低保对象(页面)").click()
    assert page.locator(".actions summary").all_inner_texts() == ["送审", "撤下"]
    page.locator(".actions summary").first.press("Enter")
    page.get_by_role("button", name="送审").click()
    page.locator(".head .tag").get_by_text("审核中").wait_for()
    page = desk.sign_in("operator", "周审核")
    page.goto(f"{desk.console}/sharing/datasets/{dataset}")
    assert page.locator(".actions summary").all_inner_texts() == ["发布"]
    page.locator(".actions summary").press("Enter")
    page.get_by_label("说明").fill("目录信息已核对")
    page.get_by_role("button", name="发布").click()
    page.locator(".head .tag").get_by_text("已发布").wait_for()


def apply(desk: Desk, dataset: str) -> None:
    """Another department asks for some of its fields, and may not decide that itself."""
    page = desk.sign_in(USER, "吴警官")
    page.goto(f"{desk.console}/sharing/datasets/{dataset}")
    assert page.locator(".actions").count() == 0
    page.get_by_text("填写申请").click()
    page.get_by_label("使用目的").select_option(label="公共安全")
    page.get_by_label("法律依据").fill("演示用, 非真实依据")
    page.get_by_label("使用至").fill("2099-12-31")
    for name in ("number", "name", "phone", "grid"):
        page.locator(f'input[value="{name}"]').check()
    desk.shoot("dataset-request")
    assert desk.violations() == []
    page.get_by_role("button", name="提交申请").click()
    page.get_by_text("待审批").wait_for()
    assert page.get_by_text("批准", exact=True).count() == 0


def grant(desk: Desk, dataset: str) -> None:
    """The provider approves, and shows less of a name than the directory says; more is not offered."""
    page = desk.sign_in(PROVIDER, "陈经办")
    page.get_by_role("link", name="共享", exact=True).click()
    page.get_by_role("link", name="申请", exact=True).click()
    row = page.locator("tr").filter(has_text=dataset)
    row.locator("summary").get_by_text("批准", exact=True).press("Enter")
    name = row.get_by_label("name")
    assert name.locator("option").all_inner_texts() == ["不显示", "仅姓", "散列"]
    name.select_option(label="散列")
    desk.shoot("dataset-applications")
    assert desk.violations() == []
    row.get_by_label("理由").first.fill("用途与依据相符")
    row.get_by_role("button", name="批准", exact=True).click()
    page.wait_for_url(re.compile("/sharing/datasets/"))
    page.locator("tr").filter(has_text=f"{PROVIDER} → {USER}").filter(has_text="name · 散列").wait_for()
    desk.shoot("dataset")
    assert desk.violations() == []


def subscribe(desk: Desk, tell: Tell, dataset: str) -> None:
    """The department that was granted it sees what it receives."""

    async def story(door: Door) -> None:
        [held] = await door.pages("/v1/grants", {"dataset": dataset}, key=USER)
        await door.post("/v1/subscriptions", {"grant": held["id"]}, key=USER, status=201)

    tell(story)
    page = desk.sign_in(USER)
    page.goto(f"{desk.console}/sharing/subscriptions")
    page.locator("tr").filter(has_text=dataset).filter(has_text="拉取").wait_for()
    desk.shoot("subscriptions")
    assert desk.violations() == []


def verify(desk: Desk) -> None:
    """The log tells of the use, and is unbroken."""
    page = desk.sign_in(PROVIDER, "陈经办")
    page.goto(f"{desk.console}/sharing/datasets/{DATASET}")
    page.get_by_role("link", name="该数据集的交换日志").click()
    row = page.locator("tr").filter(has_text=f"{USER} · 吴警官").filter(has_text="公共安全")
    row.get_by_text("name · 脱敏").wait_for()
    page.get_by_role("button", name="核验全链").click()
    page.get_by_role("status").get_by_text("链条完整").wait_for()
    page.locator("tbody summary").first.press("Enter")
    desk.shoot("exchange-log")
    assert desk.violations() == []


def spoil(desk: Desk, city: City, dataset: str) -> None:
    """An entry that somebody changed behind the log's back is named; then it is put right again."""
    with MongoClient[dict[str, Any]](city.mongodb) as client:
        log = client["sharing"]["exchange_log"]
        [entry] = log.find({"dataset": dataset})
        log.update_one({"_id": entry["_id"]}, {"$set": {"count": 0}})
        try:
            desk.page.reload()
            assert f"第一条有误的是第 {entry['_id']} 条" in desk.page.get_by_role("status").inner_text()
        finally:
            log.update_one({"_id": entry["_id"]}, {"$set": {"count": entry["count"]}})


def revoke(desk: Desk, dataset: str) -> None:
    """The provider ends the grant."""
    page = desk.page
    page.get_by_role("link", name="授权", exact=True).click()
    row = page.locator("tr").filter(has_text=dataset)
    row.locator("summary").press("Enter")
    row.get_by_label("理由").fill("用途已结束")
    desk.shoot("grants")
    assert desk.violations() == []
    row.get_by_role("button", name="撤销").press("Enter")
    page.wait_for_url(re.compile("/sharing/datasets/"))
    page.get_by_text("已撤销").wait_for()
    assert page.get_by_role("button", name="撤销").count() == 0


def test_in_english_and_dark(desk: Desk, registered: str) -> None:
    page = desk.sign_in(PROVIDER)
    page.goto(f"{desk.console}/sharing")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Dark").click()
    page.goto(f"{desk.console}/sharing/datasets/{registered}")
    page.get_by_role("heading", name="Grants").wait_for()
    desk.shoot("dataset-dark-en")
    assert desk.violations() == []
    # an operator belongs to no department
    desk.sign_in().goto(f"{desk.console}/sharing")
    assert page.locator(".tabs").get_by_text("Subscriptions").count() == 0


def test_who_may_only_look_sees_no_actions(desk: Desk, tell: Tell, registered: str) -> None:
    async def story(door: Door) -> str:
        body = {"client": "sharing-reader", "name": "只读", "scopes": ["datasets:read"]}
        made = await door.post("/v1/clients", body, status=201, key="admin")
        return str(made["key"])

    desk.keys = {**desk.keys, "reader": tell(story)}
    page = desk.sign_in("reader")
    page.goto(f"{desk.console}/sharing")
    desk.shoot("sharing-reader")
    assert desk.violations() == []
    assert page.locator(".tabs a").all_inner_texts() == ["目录"]
    assert page.get_by_role("link", name="低保对象(页面)").count() == 1
    page.get_by_role("link", name="低保对象(页面)").click()
    assert page.get_by_text("身份证号").is_visible()
    assert page.locator(".actions, form.stack").count() == 0
    # and the gateway refuses what the page does not offer
    refused = [f"/sharing/datasets/{registered}/suspend", "/sharing/applications", "/sharing/grants/x/revoke"]
    assert [page.evaluate(SEND, path) for path in refused] == [403, 403, 404]
    assert page.request.get(f"{desk.console}/sharing/exchanges").status == 403
    desk.faults.clear()

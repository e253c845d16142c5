"""事件 and 会商: who was told of it, and a session from the call to the end."""

import re
from typing import Any

from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from tests.browser.conftest import Desk
from tests.browser.test_alerts import alarm
from tests.laid import Tell


def incident_of(tell: Tell, device: str) -> dict[str, Any]:
    """The incident that a camera's alarm has become."""

    async def story(door: Door) -> dict[str, Any]:
        async def found() -> list[dict[str, Any]]:
            listed = await door.pages("/v1/alerts", {"device": device})
            return [one for one in listed if one["incident"]]

        alerts = await until("an alert in an incident", found, bool)
        one: dict[str, Any] = await door.get(f"/v1/incidents/{alerts[0]['incident']}")
        return one

    incident: dict[str, Any] = tell(story)
    return incident


def test_from_the_notice_to_the_decision(desk: Desk, tell: Tell, laid: Ground) -> None:
    camera = laid.cameras[60]
    incident = incident_of(tell, alarm(tell, laid, 60))
    page = desk.sign_in()
    desk.at(f"/incidents/{incident['id']}")
    told = page.get_by_role("region", name="通知").locator("tbody tr")
    assert [laid.worker_of[camera.grid] in told.first.inner_text(), "网格员" in told.first.inner_text()] == [True, True]
    assert desk.violations() == []
    page.locator("summary", has_text="发起会商").press("Enter")
    page.get_by_label("种类").select_option("command")
    page.get_by_label("名称").fill("桃山东门处置")
    page.get_by_label("呼叫工号").fill("S-1 S-2")
    page.get_by_role("button", name="发起", exact=True).click()
    page.get_by_role("heading", name="桃山东门处置").wait_for()
    people = page.get_by_role("region", name="人员").locator("tbody tr")
    assert people.count() == 2
    people.first.get_by_role("button", name="到会").click()
    people.first.get_by_role("button", name="离会").wait_for()
    assert page.get_by_label("设备").input_value() == incident["device"]
    page.get_by_role("button", name="调看点位").click()
    page.get_by_text(re.compile(re.escape(f"{incident['device']} / "))).first.wait_for()
    page.get_by_label("内容").fill("增派两名网格员")
    page.get_by_role("button", name="决定").click()
    page.get_by_text("张三: 增派两名网格员").wait_for()
    desk.shoot("session")
    assert desk.violations() == []
    page.get_by_role("button", name="结束会商").click()
    page.get_by_text("已结束").first.wait_for()
    assert page.locator("main form").count() == 0
    page.get_by_role("link", name=re.compile("区域入侵")).click()
    page.get_by_role("region", name="会商列表").get_by_role("link", name="桃山东门处置").wait_for()
    desk.shoot("incident")


def test_a_training_is_opened_on_the_list(desk: Desk) -> None:
    page = desk.sign_in()
    desk.at("/sessions")
    page.locator("summary", has_text="发起演练").press("Enter")
    page.get_by_label("名称").fill("防汛演练")
    page.get_by_role("button", name="发起", exact=True).click()
    page.get_by_text("还没有呼叫任何人").wait_for()
    page.get_by_label("工号").fill("W-9")
    page.get_by_role("button", name="呼叫").click()
    page.get_by_role("region", name="人员").get_by_text("W-9").wait_for()
    desk.at("/sessions")
    assert page.get_by_role("link", name="防汛演练").count() == 1
    assert desk.violations() == []

"""事件 and 研判规则: from the list to what may be done, and a rule that is tried before it is saved."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from services.cli import payloads
from tests.browser.conftest import Desk
from tests.laid import Tell


@pytest.fixture(scope="module")
def incident(tell: Tell, laid: Ground) -> dict[str, Any]:
    """One that has a case."""
    payload = payloads.hikvision(laid.cameras[70], "fielddetection", datetime.now(UTC), 1)

    async def story(door: Door) -> dict[str, Any]:
        told = {"content": payload.body, "headers": {"Content-Type": payload.content_type}}
        await door.ask("POST", payload.path, status=202, key="device", **told)

        async def found() -> list[dict[str, Any]]:
            return await door.pages("/v1/incidents", {"grid": laid.cameras[70].grid})

        return (await until("incident with its case", found, lambda listed: bool(listed and listed[0]["case_no"])))[0]

    made: dict[str, Any] = tell(story)
    return made


def test_an_operator_follows_an_incident_and_answers_it(desk: Desk, incident: dict[str, Any]) -> None:
    page = desk.sign_in(actor="赵六")
    page.goto(f"{desk.console}/incidents?grid={incident['grid']}")
    desk.shoot("incidents")
    assert desk.violations() == []
    page.locator(f'[id="incident-{incident["id"]}"]').get_by_role("link", name="区域入侵").click()
    assert page.locator("dl.attributes").get_by_role("link", name=incident["case_no"]).is_visible()
    desk.shoot("incident")
    assert desk.violations() == []
    step = page.locator(".actions details").filter(has_text="接手")
    step.locator("summary").press("Enter")
    step.get_by_role("button").click()
    page.get_by_text("处置中").first.wait_for()
    assert "赵六" in page.locator(".timeline").inner_text()
    page.locator(f'[id="alert-{incident["alert"]}"]').get_by_role("link", name="区域入侵").click()
    page.wait_for_url(re.compile("/alerts/"))


def test_a_rule_is_tried_and_what_is_wrong_is_said_in_the_form(desk: Desk, incident: dict[str, Any]) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/rules")
    assert page.locator("#rule-repeats").get_by_text("未诉先办").first.is_visible()
    desk.shoot("rules")
    assert desk.violations() == []
    page.locator(f'[id="rule-{incident["rule"]}"]').get_by_role("link").click()
    page.get_by_role("button", name="试算").click()
    page.locator("#trial table tbody tr").first.wait_for()
    desk.shoot("rule")
    assert desk.violations() == []
    text = page.locator("textarea")
    sound = text.input_value()
    for wrong, said in (("{", "JSON"), (sound.replace('"window_s": 300', '"window_s": 0'), "/window_s")):
        text.fill(wrong)
        page.get_by_role("button", name="保存").click()
        page.locator(".refused").get_by_text(said).first.wait_for()
    desk.faults.clear()
    text.fill(sound.replace('"单条告警"', '"单条告警 (改)"'))
    page.get_by_role("button", name="保存").click()
    page.wait_for_url(re.compile("/rules$"))
    assert page.get_by_text("单条告警 (改)").is_visible()

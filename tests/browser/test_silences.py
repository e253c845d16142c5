"""静默 and 折叠设置: seen before it is made, approved by another, ended; a time of folding that is changed."""

import re
from datetime import datetime, timedelta

from deploy.local.demo.ground import Ground
from services.console.rendering import CITY_TIME
from tests.browser.conftest import Desk
from tests.browser.test_alerts import alarm
from tests.faults.town import eventually
from tests.laid import Tell


def test_a_silence_is_tried_made_approved_and_ended(desk: Desk, tell: Tell, laid: Ground) -> None:
    device = alarm(tell, laid, 60)
    page = desk.sign_in(actor="王五")
    eventually(lambda: desk.at(f"/alerts?device={device}").locator("#alerts tbody tr").count(), what="the alarm")
    desk.at("/silences")
    page.locator("summary", has_text="新建静默").press("Enter")
    page.locator('[name="value.0"]').fill(device)
    page.locator('[name="value.1"]').fill("")
    page.get_by_label("原因").fill("路口施工")
    page.get_by_label(re.compile("^结束")).fill(f"{datetime.now(CITY_TIME) + timedelta(hours=2):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="看会命中什么").click()
    page.locator("#tried").get_by_text("须由另一人批准").wait_for()
    assert page.locator("#tried li").count() == 1
    desk.shoot("silence-new")
    assert desk.violations() == []
    page.get_by_role("button", name="建立").click()
    row = page.locator("tbody tr").filter(has_text=device)
    row.get_by_text("待批准").wait_for()
    row.get_by_role("button", name="批准").click()
    page.locator("#acted").get_by_text("另一人").wait_for()
    desk.faults.clear()
    desk.sign_in(actor="赵六")
    desk.at("/silences")
    row.get_by_role("button", name="批准").click()
    row.get_by_text("生效中").wait_for()
    assert "王五 / 赵六" in row.inner_text()
    desk.shoot("silences")
    assert desk.violations() == []
    row.get_by_role("button", name="结束").click()
    row.get_by_text("已结束").wait_for()


def test_a_quiet_time_is_changed(desk: Desk) -> None:
    page = desk.sign_in()
    desk.at("/alert-settings")
    page.get_by_label("虚焦").fill("301")
    # to go on at once would break the order off
    with page.expect_navigation():
        page.get_by_role("button", name="保存").click()

    def kept() -> bool:
        return desk.at("/alert-settings").get_by_label("虚焦").input_value() == "301"

    eventually(kept, what="the new quiet time")
    assert desk.violations() == []
    desk.shoot("alert-settings")

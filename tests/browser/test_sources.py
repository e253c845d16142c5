"""接入源: a URL for a camera is shown once, works, and ends."""

import httpx

from tests.browser.conftest import Desk


def test_a_camera_gets_its_url_and_loses_it(desk: Desk) -> None:
    page = desk.sign_in()
    page.get_by_role("link", name="视联网", exact=True).click()
    page.get_by_role("link", name="接入源", exact=True).click()
    page.get_by_label("接入格式").select_option("hikvision")
    page.get_by_label("来源名").fill("browser-gate")
    page.get_by_role("button", name="新建").press("Enter")
    url = page.locator("#url").inner_text()
    assert httpx.post(url, content=b"<EventNotificationAlert/>", trust_env=False).status_code == 202
    row = page.locator("#sources tr").filter(has_text="browser-gate")
    row.locator("td.number", has_text="1").wait_for()
    desk.shoot("sources")
    assert desk.violations() == []
    # the same name once more: said where it was asked, and what was filled in stays
    page.get_by_role("button", name="新建").press("Enter")
    page.locator("#made .problem").get_by_text("已存在").wait_for()
    assert page.get_by_label("来源名").input_value() == "browser-gate"
    page.get_by_role("button", name="吊销 browser-gate").press("Enter")
    row.get_by_text("已吊销").wait_for()
    assert url not in desk.at("/sources").content()
    desk.faults.clear()

"""设备 and 待绑定: why nothing comes from a camera, and a channel that gets its place on the map."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.demo.door import Door, until
from deploy.local.demo.ground import Ground
from tests.alerts.scene import motion
from tests.browser.conftest import Desk
from tests.laid import Tell

DEVICE = "browser-stray"


@pytest.fixture(scope="module")
def stray(tell: Tell, laid: Ground) -> str:
    """A camera that nobody registered has reported; the one channel of it waits."""

    async def story(door: Door) -> None:
        told = {"content": motion("3", at=datetime.now(UTC)), "headers": {"Content-Type": "application/xml"}}
        await door.ask("POST", f"/v1/intake/hikvision/{DEVICE}", status=202, key="device", **told)

        async def waiting() -> list[dict[str, Any]]:
            found = await door.pages("/v1/channels", {"device": DEVICE, "unbound": "true"})
            return [one for one in found if one["alerts_waiting"]]

        await until("a channel that waits", waiting, bool)

    tell(story)
    return DEVICE


def test_a_channel_is_bound_by_a_click_on_the_map(desk: Desk, tell: Tell, stray: str) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/channels")
    page.get_by_role("link", name=f"绑定 {stray} / 3").click()
    place = page.locator("#map[data-drawn]")
    place.wait_for()
    box = place.bounding_box()
    assert box
    place.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert page.get_by_label("经度").input_value()
    page.get_by_label("名称").fill("桃南路口")
    desk.shoot("channels")
    assert desk.violations() == []
    longitude = page.get_by_label("经度")
    right = longitude.input_value()
    longitude.fill("1")
    longitude.press("Enter")
    page.locator(".refused").get_by_text("中国范围").first.wait_for()
    longitude.fill(right)
    longitude.press("Enter")
    page.wait_for_url("**/channels")
    assert page.get_by_role("link", name=f"绑定 {stray} / 3").count() == 0
    desk.faults.clear()

    async def located(door: Door) -> None:
        async def found() -> list[dict[str, Any]]:
            return await door.pages("/v1/alerts", {"device": stray})

        await until("its alert in a grid", found, lambda alerts: all(one["grid"] for one in alerts))

    tell(located)


def test_why_nothing_comes_from_it_and_what_to_do(desk: Desk, stray: str) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/devices")
    page.get_by_role("searchbox").fill("stray")
    page.get_by_role("button", name="查找").press("Enter")
    page.get_by_role("link", name=stray).wait_for()
    desk.shoot("devices")
    assert desk.violations() == []
    page.get_by_role("link", name=stray).click()
    page.locator(".actions details").filter(has_text="登记").locator("summary").press("Enter")
    page.get_by_label("布防").select_option(label="撤防")
    page.get_by_label("心跳周期").fill("60")
    page.get_by_role("button", name="登记").press("Enter")
    page.locator(".findings").get_by_text("请在设备或平台上布防").wait_for()
    page.locator(".actions details").filter(has_text="停用").locator("summary").press("Enter")
    page.get_by_label("说明").fill("已拆除")
    page.get_by_role("button", name="停用").press("Enter")
    page.locator(".head .tag").get_by_text("停用").wait_for()
    assert page.get_by_text("已拆除").is_visible()
    desk.shoot("device")
    assert desk.violations() == []
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Dark").click()
    page.locator(".findings").get_by_text("arm it at the device").wait_for()
    assert desk.violations() == []

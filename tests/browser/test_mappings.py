"""类型映射: a type that nobody knows is seen, is given a meaning, and loses it again."""

from uuid import uuid4

import httpx

from tests.alerts.scene import motion
from tests.browser.conftest import Desk
from tests.conftest import City


def report(city: City, raw_type: str) -> None:
    """A camera reports it."""
    httpx.post(
        f"{city.gateway}/v1/intake/hikvision/browser-mapping",
        content=motion(type_=raw_type),
        headers={"X-API-Key": city.keys["device"]},
        trust_env=False,
    ).raise_for_status()


def test_an_unknown_type_is_given_a_meaning(desk: Desk, city: City) -> None:
    raw_type = f"smell{uuid4().hex[:6]}"
    report(city, raw_type)
    page = desk.sign_in("admin")
    waiting = page.get_by_role("region", name="待映射").get_by_role("link", name=raw_type)
    desk.appears("/type-mappings", waiting)
    waiting.click()
    assert page.get_by_label("原始类型").input_value() == raw_type
    page.get_by_label("含义").select_option("fire_smoke")
    page.get_by_label("级别").select_option("2")
    page.get_by_role("button", name="映射", exact=True).click()
    mapped = page.get_by_role("region", name="已映射").get_by_role("row", name=raw_type)
    mapped.wait_for()
    assert ("烟火" in mapped.inner_text(), waiting.count()) == (True, 0)
    desk.shoot("type-mappings")
    assert desk.violations() == []
    page.get_by_label("原始类型").fill("$where")
    page.get_by_role("button", name="映射", exact=True).click()
    page.locator(".refused").get_by_text("raw_type").wait_for()
    desk.faults.clear()
    mapped.get_by_role("button").click()
    waiting.wait_for()
    assert mapped.count() == 0

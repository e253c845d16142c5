"""总线: which message died and why; it is looked at, which the audit knows, and put back on its queue."""

import httpx
import pytest

from tests.browser.conftest import Desk
from tests.conftest import City

GARBAGE = b"<EventNotificationAlert><broken"


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


def test_a_dead_letter_is_looked_at_and_redriven(desk: Desk, city: City, unreadable: str) -> None:
    page = desk.sign_in(actor="王五")
    look = page.get_by_role("button", name=f"查看 {unreadable}")
    desk.appears("/bus?service=alerts", look)
    row = page.locator("tr").filter(has=look)
    assert "unreadable" in row.inner_text()
    desk.shoot("bus")
    assert desk.violations() == []
    look.click()
    assert GARBAGE.decode() in page.locator("pre.payload").inner_text()
    desk.shoot("dead-letter")
    assert desk.violations() == []
    entries = httpx.get(
        f"{city.gateway}/v1/audit?limit=20", headers={"X-API-Key": city.keys["admin"]}, trust_env=False
    ).json()["items"]
    assert ("王五", "/v1/dead-letters/{service}/{id}:look") in {(one["actor"], one["path"]) for one in entries}
    page.get_by_role("button", name="重投").click()
    page.wait_for_url("**/bus?redriven=1&refused=0&service=alerts")
    assert "已重投 1" in page.get_by_role("status").inner_text()
    # it cannot be read this time either, and its past is told
    desk.appears("/bus?service=alerts", look)
    look.click()
    assert "王五" in page.locator("main ul").inner_text()


def test_who_is_no_operator_of_the_bus_is_refused(desk: Desk, city: City) -> None:
    page = desk.sign_in("portal")
    page.goto(f"{desk.console}/bus")
    assert "权限" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("button", name="全部重投").count() == 0
    desk.faults.clear()

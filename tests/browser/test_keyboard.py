"""Every page of the menu without a mouse; scanned dark in English: each page's own tests scan it light in Chinese."""

from pathlib import Path

import httpx
import pytest

from deploy.local.demo.ground import Ground
from services.console import menu
from services.console.pages import pages
from services.console.rendering import LANGUAGE_COOKIE, THEME_COOKIE
from tests.browser.conftest import Desk
from tests.browser.test_alerts import alarm
from tests.conftest import City
from tests.faults.town import eventually
from tests.laid import Tell

WALK = Path(__file__).with_name("keyboard.js").read_text("utf-8")
PATHS = [page.path for page in pages()]
# more stops than any page has
MOST = 1_500

pytestmark = pytest.mark.usefixtures("something")


@pytest.fixture(scope="module")
def something(city: City, tell: Tell, laid: Ground) -> None:
    """An alert and a dead letter, so that lists have rows."""
    alarm(tell, laid, 46)
    httpx.post(
        f"{city.gateway}/v1/intake/hikvision/browser-keys",
        content=b"<EventNotificationAlert><broken",
        headers={"X-API-Key": city.keys["device"], "Content-Type": "application/xml"},
        trust_env=False,
    ).raise_for_status()


def test_the_menu_is_all_pages(desk: Desk) -> None:
    page, found = desk.sign_in("admin"), []
    for line in menu.lines(pages()):
        page.locator("header nav").first.get_by_role("link", name=line.zh, exact=True).click()
        page.wait_for_url(f"**{line.pages[0].path}")
        links = page.locator("header nav.group a").all()
        found += [link.get_attribute("href") for link in links] or [line.pages[0].path]
    assert found == PATHS


@pytest.mark.parametrize("path", PATHS)
def test_everything_is_reached_and_seen_by_keyboard(desk: Desk, path: str) -> None:
    desk.sign_in("admin")
    page = desk.at(path)
    page.keyboard.press("Tab")
    assert page.locator("a.skip").evaluate("one => one === document.activeElement")
    page.keyboard.press("Enter")
    eventually(lambda: page.evaluate("document.activeElement.id") == "main", what="the main part")
    page.evaluate(WALK)
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if not page.evaluate("keyboard.note()"):
            break
    else:
        pytest.fail("the main part has no end")
    assert page.evaluate("keyboard.missed()") == []
    assert page.evaluate("keyboard.unseen()") == []


def test_a_scan_finds_nothing_on_any_page(desk: Desk) -> None:
    page = desk.sign_in("admin")
    chosen = {LANGUAGE_COOKIE: "en", THEME_COOKIE: "dark"}
    page.context.add_cookies([{"name": name, "value": value, "url": desk.console} for name, value in chosen.items()])
    found = {}
    for path in PATHS:
        desk.at(path)
        assert page.locator("html").get_attribute("data-theme") == "dark"
        found[path] = desk.violations()
        desk.shoot(f"menu{path.replace('/', '-')}-en-dark")
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_walk_finds_what_is_wrong(desk: Desk) -> None:
    desk.sign_in("admin")
    page = desk.at("/bus")
    page.evaluate(WALK)
    assert any(found.startswith("<select") for found in page.evaluate("keyboard.missed()"))
    link = page.locator("main a").first
    link.evaluate("one => { one.style.outline = 'none'; one.focus(); keyboard.note(); }")
    assert len(page.evaluate("keyboard.unseen()")) == 1

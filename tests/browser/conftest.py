"""A real Chromium at the console of a real city. A request to another host, or an error in a script, fails a test."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, sync_playwright

from deploy.local.home import ROOT
from tests.conftest import City
from tests.faults.town import eventually

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}
AXE = ROOT / "services" / "console" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / "build" / "screenshots"


@dataclass
class Desk:
    """One operator's browser window. `at("/traces")` goes to a page."""

    page: Page
    console: str
    keys: dict[str, str]
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def at(self, path: str) -> Page:
        """Go there; the page."""
        self.page.goto(self.console + path)
        return self.page

    def appears(self, path: str, wanted: Locator) -> None:
        """Go there again and again until it shows what is wanted."""
        eventually(lambda: bool(self.at(path) and wanted.count()), what=f"{wanted} at {path}")

    def sign_in(self, who: str = "operator", actor: str = "张三") -> Page:
        """Through the form, as a person does."""
        page = self.at("/sign-in")
        page.get_by_label(re.compile("姓名|Your name")).fill(actor)
        page.get_by_label(re.compile("^(密钥|Key)")).fill(self.keys[who])
        page.locator("main button").click()
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    def shoot(self, name: str) -> None:
        """A picture of the whole page at each size, for people to look at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=SHOTS / f"{name}-{size}.png", full_page=True)
        self.page.set_viewport_size(dict(zip(("width", "height"), SIZES["wide"], strict=True)))  # type: ignore[arg-type]

    def violations(self) -> list[str]:
        """What an accessibility scan finds on this page."""
        # the page's own policy admits no foreign script: the scan comes in through the debugger
        self.page.evaluate(Path(AXE).read_text("utf-8"))
        found = self.page.evaluate("() => axe.run()")
        return [f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}" for one in found["violations"]]


@pytest.fixture(scope="module")
def playing() -> Iterator[Playwright]:
    """No longer than a module: its driver's loop would keep other tests from running theirs."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def chromium(playing: Playwright) -> Iterator[Browser]:
    """Debian's, headless."""
    path = shutil.which("chromium")
    assert path, "chromium is missing: make setup-tests installs it"
    browser = playing.chromium.launch(executable_path=path, args=QUIET)
    yield browser
    browser.close()


@contextmanager
def opened(chromium: Browser, city: City, **context: object) -> Iterator[Desk]:
    """A window of its own; nothing foreign and no script fault when it closes."""
    width, height = SIZES["wide"]
    within = chromium.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        **context,  # type: ignore[arg-type]
    )
    within.set_default_timeout(15_000)
    page = within.new_page()
    desk = Desk(page, city.console, city.keys)
    ours = urlsplit(city.console).netloc

    def requested(url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != ours:
            desk.foreign.append(url)

    page.on("request", lambda request: requested(request.url))
    page.on("pageerror", lambda error: desk.faults.append(str(error)))
    page.on("console", lambda said: desk.faults.append(said.text) if said.type == "error" else None)
    yield desk
    within.close()
    assert desk.foreign == []
    assert desk.faults == []


@pytest.fixture
def desk(chromium: Browser, city: City) -> Iterator[Desk]:
    """A window at the console, nobody signed in."""
    with opened(chromium, city) as found:
        yield found

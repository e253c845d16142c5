"""Ten thousand open alerts: the table, its filters and the map stay usable."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page
from pymongo import MongoClient

from contracts.alerts import AlertType
from contracts.shared import Point
from deploy.local.demo.ground import Ground
from services.alerts import folding
from services.alerts.domain import SHIPPED
from services.alerts.folding import Sighting
from services.alerts.places import Placed
from services.alerts.store import documents
from services.chassis.aggregates import Aggregates, New
from services.chassis.portions import portions
from tests.browser.conftest import Desk
from tests.conftest import City

MANY = 10_000
AT_ONCE = 500
TYPES = (AlertType.INTRUSION, AlertType.LINE_CROSSING, AlertType.MOTION, AlertType.VIDEO_LOSS, AlertType.FIRE_SMOKE)
MOST_HEAP = 30 * 1024 * 1024
# milliseconds from leaving the page before to the picture of this one, as the browser itself counts them
PAINTED = 'performance.getEntriesByName("first-contentful-paint")[0]?.startTime'


def alert(laid: Ground, number: int, now: datetime) -> New:
    """One of a day of them, 8.6 s after the one before."""
    camera = laid.cameras[number % len(laid.cameras)]
    at = now - timedelta(days=1) * (MANY - number) / MANY
    sighting = Sighting(
        report=f"many-{number}",
        source=camera.device,
        device=camera.device,
        channel=f"{number}",
        type=TYPES[number % len(TYPES)],
        raw_type=None,
        severity=2 + number % 3,
        rule=None,
        target=None,
        active=True,
        at=at,
        received_at=at,
    )
    place = Point(longitude=camera.longitude, latitude=camera.latitude)
    placed = Placed(camera.device, camera.name, place, camera.grid, [camera.grid[:6], camera.grid[:9]], [])
    found, rising = folding.tally([sighting]), documents.Rising(placed)
    document, _ = documents.raised([sighting.report], sighting.fingerprint, found, rising, at, settings=SHIPPED)
    # nothing moves them while they are looked at
    moving = ("open_key", "quiet_until", "uncorrelated")
    return New({name: value for name, value in document.items() if name not in moving})


@pytest.fixture(scope="module")
def many(city: City, laid: Ground) -> Iterator[None]:
    """They are put straight into the store, as the service would write them, and taken out again."""
    with MongoClient(city.mongodb, tz_aware=True) as client:
        stored = Aggregates(client["alerts"], "alerts")
        now, ids = datetime.now(UTC), set[str]()
        for first in range(0, MANY, AT_ONCE):
            ids |= stored.insert_many([alert(laid, number, now) for number in range(first, first + AT_ONCE)])
        assert len(ids) == MANY
        yield
        for some in portions(ids):
            stored.collection.delete_many({"_id": {"$in": some}})


def quickest(work: Callable[[], None]) -> float:
    """Seconds, the best of three: the machine of the tests may be busy with something else."""
    taken = []
    for _ in range(3):
        began = time.monotonic()
        work()
        taken.append(time.monotonic() - began)
    return min(taken)


def heap(page: Page) -> float:
    """Bytes of JavaScript in use."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"])


def test_the_table_and_its_filters(desk: Desk, many: None) -> None:
    page = desk.sign_in()
    rows = page.locator("#alerts tbody tr")

    def first() -> None:
        page.goto(f"{desk.console}/alerts")
        rows.nth(49).wait_for()

    def by_type(type: str, name: str) -> float:
        page.get_by_label("类型").select_option(type)
        page.get_by_role("button", name="查找").click()
        page.wait_for_url(f"**type={type}**")
        rows.nth(49).wait_for()
        page.wait_for_function(PAINTED)
        assert set(rows.locator("td:nth-child(2)").all_inner_texts()) == {name}
        return float(page.evaluate(PAINTED))

    assert quickest(first) <= 2.0
    # each another filter, so that each is asked anew
    kinds = [("motion", "移动侦测"), ("intrusion", "区域入侵"), ("video_loss", "视频丢失")]
    assert min(by_type(*kind) for kind in kinds) <= 500
    older = page.get_by_role("link", name="更早的")
    older.press("Enter")
    page.wait_for_url("**cursor=**")
    rows.nth(49).wait_for()
    assert heap(page) <= MOST_HEAP


def test_the_map_and_the_wall(desk: Desk, many: None) -> None:
    page = desk.sign_in()
    for path in ("/map", "/wall"):
        page.goto(f"{desk.console}{path}")
        page.locator("#map[data-drawn]").wait_for()
        open_now = page.locator(".figures dd").first
        page.wait_for_function("at => Number(at.textContent) >= 10000", arg=open_now.element_handle())
        # live goes on: marks are as many as the newest, never all
        assert page.locator(".leaflet-marker-icon").count() <= 30
        assert heap(page) <= MOST_HEAP

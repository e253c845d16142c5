"""网格: the registry on the map, a grid with all that is known of it, its people, households behind their masks."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.demo.door import Door
from deploy.local.demo.ground import Ground
from deploy.local.synthetic.ground import Tile
from tests.browser.conftest import Desk
from tests.laid import Tell

SEND = "path => fetch(path, {method: 'POST', body: new URLSearchParams({note: 'x'})}).then(found => found.status)"
NAME, PHONE, ID_NUMBER = "欧阳秀英", "13900012345", "23090319500101001X"


@pytest.fixture(scope="module")
def tile(laid: Ground) -> Tile:
    """A grid in which no camera stands."""
    seen = {camera.grid for camera in laid.cameras}
    return next(tile for tile in laid.tiles if tile.code not in seen)


@pytest.fixture(scope="module")
def household(tell: Tell, tile: Tile) -> str:
    """An old woman who lives alone, in a building of the grid."""
    place, building = tile.area.representative_point(), f"{tile.code}00001"

    async def story(door: Door) -> None:
        point = {"longitude": place.x, "latitude": place.y}
        await door.post("/v1/buildings", {"code": building, "compound": "桃山花园", "point": point})
        await door.post("/v1/rooms", {"code": f"{building}-1-302", "floor": 3})
        person = {"name": NAME, "relation": "户主", "phone": PHONE, "id_number": ID_NUMBER}
        told = {"household_no": "H-browser", "room": f"{building}-1-302", "size": 1, "care": ["living_alone"]}
        await door.post("/v1/households", {**told, "persons": [person], "department": "民政局"})

    tell(story)
    return "H-browser"


@pytest.fixture(scope="module")
def client(tell: Tell) -> Iterator[Any]:
    """Makes a key with these scopes."""

    def made(name: str, *scopes: str) -> str:
        async def story(door: Door) -> str:
            body = {"client": name, "name": name, "scopes": [*scopes]}
            return str((await door.post("/v1/clients", body, status=201, key="admin"))["key"])

        return str(tell(story))

    yield made


def at_grid(desk: Desk, code: str) -> None:
    """Go to the page of a grid, its map drawn."""
    desk.at(f"/grids/{code}")
    desk.page.locator("#map[data-drawn]").wait_for()


def test_the_registry_on_the_map_and_as_a_list(desk: Desk, laid: Ground, tile: Tile) -> None:
    page = desk.sign_in()
    page.get_by_role("link", name="网格", exact=True).click()
    page.locator("#map[data-drawn]").wait_for()
    assert int(page.locator("#map").get_attribute("data-drawn") or 0) >= len(laid.tiles)
    assert page.locator("tr[data-grid]").count() == 50
    page.get_by_role("checkbox", name="社区边界").press("Space")
    desk.shoot("grids")
    assert desk.violations() == []
    page.get_by_role("link", name="更多").click()
    assert page.locator("tr[data-grid]").first.get_attribute("data-grid") == laid.tiles[50].code
    page.get_by_role("textbox", name="辖区").fill(tile.code[:12])
    page.get_by_role("button", name="查找").click()
    page.locator("#map[data-drawn]").wait_for()
    listed = [row.get_attribute("data-grid") for row in page.locator("tr[data-grid]").all()]
    assert listed == [one.code for one in laid.tiles if one.code.startswith(tile.code[:12])]


def test_a_code_a_name_and_a_place_are_searched_for_in_one_field(desk: Desk, tile: Tile) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/grids")
    search = page.get_by_role("searchbox")
    place = tile.area.representative_point()
    search.fill(f"{place.x:.6f},{place.y:.6f}")
    search.press("Enter")
    found = page.locator("#located")
    found.get_by_role("link", name=tile.name).wait_for()
    assert "本网格网格员" in found.inner_text()
    page.locator(".leaflet-marker-icon").wait_for()
    desk.shoot("located")
    assert desk.violations() == []
    # the same numbers read as a map app's are half a kilometre off
    page.get_by_label("坐标系").select_option("gcj02")
    page.get_by_role("button", name="查找").click()
    assert page.locator("#located").get_attribute("data-at") != f"{place.y:.6f},{place.x:.6f}"
    search.fill(tile.name)
    page.get_by_role("button", name="查找").click()
    page.locator("tr[data-grid]").get_by_role("link", name=tile.name, exact=True).press("Enter")
    page.wait_for_url(f"**/grids/{tile.code}")
    page.goto(f"{desk.console}/grids?q={tile.code}")
    page.wait_for_url(f"**/grids/{tile.code}")


def test_all_that_is_known_of_a_grid(desk: Desk, tile: Tile, household: str) -> None:
    page = desk.sign_in()
    at_grid(desk, tile.code)
    assert page.get_by_role("heading", name=tile.name, exact=True).is_visible()
    assert "1 · 住户名册" in page.locator("dl.attributes").inner_text()
    assert "本网格网格员" in page.locator(".standing").inner_text()
    people = page.get_by_role("region", name="人员")
    assert people.get_by_text("网格长").is_visible()
    page.get_by_role("checkbox", name="在图上").first.press("Space")
    page.locator("#map[data-period]").wait_for()
    desk.shoot("grid-page")
    assert desk.violations() == []


def test_what_is_known_is_changed_by_form_and_as_it_was_is_still_shown(desk: Desk, tile: Tile) -> None:
    page = desk.sign_in(actor="赵六")
    at_grid(desk, tile.code)
    change = page.locator(".actions details").filter(has_text="修改")
    change.locator("summary").press("Enter")
    change.get_by_label("户数").fill("-1")
    # what the browser would not let through is refused in words, at the form
    change.get_by_label("户数").evaluate("one => one.removeAttribute('min')")
    change.get_by_role("button", name="修改").click()
    change.locator(".problem").wait_for()
    desk.faults.clear()
    change.get_by_label("户数").fill("387")
    change.get_by_role("button", name="修改").click()
    page.get_by_text("387 /").wait_for()
    for step, state in (("停用", "停用"), ("恢复", "启用")):
        order = page.locator(".actions details").filter(has_text=step)
        order.locator("summary").press("Enter")
        order.get_by_role("button", name=step).press("Enter")
        page.locator(".head .tag").get_by_text(state).wait_for()
    assert "赵六" in page.locator(".timeline").inner_text()
    page.get_by_role("link", name="看当时").last.click()
    page.get_by_text("这是当时的情况").wait_for()
    assert "387" not in page.locator("dl.attributes").inner_text()
    assert page.locator(".actions").count() == 0


def test_who_goes_on_leave_leaves_a_backup_or_a_vacancy(desk: Desk, tile: Tile, laid: Ground) -> None:
    page = desk.sign_in()
    worker = laid.worker_of[tile.code]
    at_grid(desk, tile.code)
    row = page.locator("tbody tr").filter(has_text=worker)
    leave = row.locator("details").filter(has_text="休假")
    leave.locator("summary").press("Enter")
    leave.get_by_role("button").click()
    leave.locator(".problem").wait_for()
    desk.faults.clear()
    leave.get_by_role("checkbox").check()
    leave.get_by_role("button").click()
    row.locator(".tag").get_by_text("休假").wait_for()
    facts = page.locator(".facts")
    facts.get_by_text("休假无人顶岗").wait_for()
    assert "由网格长负责" in facts.inner_text()
    desk.shoot("grid-vacant")
    assert desk.violations() == []
    back = row.locator("details").filter(has_text="销假")
    back.locator("summary").press("Enter")
    back.get_by_role("button").click()
    row.locator(".tag").get_by_text("在岗").wait_for()
    assert "本网格网格员" in page.locator(".facts").inner_text()


def test_a_household_is_masked_until_somebody_says_what_for(desk: Desk, client: Any, household: str) -> None:
    desk.keys = {**desk.keys, "inspector": client("browser-inspector", "grid:read", "pii:read", "ops")}
    # an administrator may do everything but this
    page = desk.sign_in("admin")
    page.goto(f"{desk.console}/households/{household}")
    assert page.get_by_label("用途").count() == 0
    page = desk.sign_in("inspector", "周核查")
    page.goto(f"{desk.console}/households/{household}")
    before = page.content()
    assert not any(value in before for value in (NAME, PHONE, ID_NUMBER))
    page.get_by_label("用途").fill("核实低保申请")
    page.get_by_role("button", name="查阅").press("Enter")
    page.get_by_text(NAME).wait_for()
    page.locator("#accesses").get_by_text("核实低保申请").wait_for()
    desk.shoot("household")
    assert desk.violations() == []
    page.reload()
    assert NAME not in page.content()
    record = page.locator(".timeline").last.inner_text()
    assert re.search("周核查.*核实低保申请.*家庭成员", record)


def test_who_may_only_look_sees_no_actions(desk: Desk, client: Any, tile: Tile) -> None:
    desk.keys = {**desk.keys, "reader": client("browser-grids", "grid:read")}
    page = desk.sign_in("reader")
    at_grid(desk, tile.code)
    assert page.locator(".actions, form.stack").count() == 0
    assert page.get_by_role("link", name="拆分").count() == 0
    assert page.locator("nav").get_by_role("link", name="导入").count() == 0
    # and the gateway refuses what the page does not offer
    paths = [f"/grids/{tile.code}/act/suspend", f"/grids/{tile.code}/postings", "/plans", "/imports/staff?dry_run=true"]
    assert [page.evaluate(SEND, path) for path in paths] == [403] * 4
    desk.faults.clear()

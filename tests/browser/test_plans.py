"""网格调整: a plan is drawn, looked at before and after, then carried out or given up."""

import json

import pytest

from deploy.local.demo.ground import Ground
from deploy.local.synthetic.ground import Tile
from tests.browser.conftest import Desk


@pytest.fixture(scope="module")
def pair(laid: Ground) -> tuple[Tile, Tile]:
    """Two grids side by side in which no camera stands, of one community."""
    seen = {camera.grid for camera in laid.cameras}
    free = [tile for tile in laid.tiles if tile.code not in seen]
    return next(
        (one, other)
        for one in free
        for other in laid.tiles
        if other is not one and other.code[:12] == one.code[:12] and one.area.intersection(other.area).length > 1e-4
    )


def begin(desk: Desk, kind: str, *codes: str) -> None:
    """The form of a plan, its map drawn."""
    desk.at(f"/plans/new?kind={kind}&sources={'+'.join(codes)}")
    desk.page.locator("#map[data-drawn]").wait_for()


def assess(desk: Desk) -> str:
    """The assessment in words, its maps drawn."""
    desk.page.get_by_role("button", name="评估").click()
    desk.page.locator(".maps[data-drawn]").wait_for()
    return desk.page.locator("#assessed").inner_text()


def prepare(desk: Desk) -> None:
    desk.page.get_by_role("button", name="编制方案").click()
    desk.page.get_by_role("heading", name="操作").wait_for()


def decide(desk: Desk, step: str, state: str) -> None:
    """Read what will happen, and order it."""
    order = desk.page.locator(".actions details").filter(has_text=step)
    order.locator("summary").press("Enter")
    order.get_by_role("button", name=step).press("Enter")
    desk.page.locator(".head .tag").get_by_text(state).wait_for()


def test_a_grid_is_cut_in_two_on_the_map_and_put_together_again(desk: Desk, pair: tuple[Tile, Tile]) -> None:
    page, (tile, _) = desk.sign_in(actor="赵六"), pair
    page.goto(f"{desk.console}/grids/{tile.code}")
    page.get_by_role("link", name="拆分").click()
    page.locator("#map[data-drawn]").wait_for()
    box = page.locator("#map").bounding_box()
    assert box
    for height in (8, box["height"] - 8):
        page.locator("#map").click(position={"x": box["width"] / 2, "y": height})
    assert len(page.locator("#cut").input_value().splitlines()) == 2
    new = [page.locator(f"[name='code.{row}']").input_value() for row in (0, 1)]
    for row, name in enumerate(("西半", "东半")):
        page.locator(f"[name='name.{row}']").fill(f"{tile.name}{name}")
    desk.shoot("plan-new")
    assert desk.violations() == []
    assert "户数 前 → 后" in assess(desk)
    desk.shoot("plan-assessed")
    assert desk.violations() == []
    prepare(desk)
    page.locator(".actions summary").first.press("Enter")
    assert f"{tile.code} 停止负责, 由 {new[0]}, {new[1]} 接管" in page.locator(".actions").inner_text()
    desk.shoot("plan")
    assert desk.violations() == []
    page.locator(".actions summary").first.press("Enter")
    decide(desk, "执行", "已执行")
    assert "赵六" in page.locator(".timeline").inner_text()
    page.get_by_role("link", name=tile.code).click()
    page.locator(".head .tag").get_by_text("撤销").wait_for()
    page.get_by_role("link", name=new[0]).first.click()
    page.get_by_role("heading", name=f"{tile.name}西半", exact=True).wait_for()
    # back to one, by keyboard alone: the other half is beside it
    begin(desk, "merge", new[0])
    page.locator(f"input[value='{new[1]}']").press("Space")
    page.get_by_role("button", name="选定原网格").press("Enter")
    page.get_by_label("名称").fill(tile.name)
    assess(desk)
    prepare(desk)
    decide(desk, "执行", "已执行")
    page.goto(f"{desk.console}/plans")
    assert page.locator("tbody tr").filter(has_text=new[0]).count() == 2
    desk.shoot("plans")
    assert desk.violations() == []


def test_what_overlaps_is_shown_in_red_and_cannot_be_prepared(desk: Desk, pair: tuple[Tile, Tile]) -> None:
    page, (_, tile) = desk.sign_in(), pair
    begin(desk, "adjust", tile.code)
    drawn = page.get_by_label("内容")
    ground = json.loads(drawn.input_value())
    [feature] = ground["features"]
    west, south, east, north = tile.area.bounds
    wide = [
        [west, south],
        [east + (east - west) / 2, south],
        [east + (east - west) / 2, north],
        [west, north],
        [west, south],
    ]
    drawn.fill(
        json.dumps({**ground, "features": [{**feature, "geometry": {"type": "Polygon", "coordinates": [wide]}}]})
    )
    told = assess(desk)
    assert "重叠" in page.locator("#assessed .problem").first.inner_text()
    assert "平方米" in told
    assert page.get_by_role("button", name="编制方案").count() == 0
    shown = json.loads(page.evaluate("() => JSON.stringify([...document.querySelectorAll('.maps canvas')].length)"))
    assert shown == 2
    desk.shoot("plan-overlap")
    drawn.fill("nothing like it")
    assert page.locator("#assessed").inner_text() == ""
    page.get_by_role("button", name="评估").click()
    page.locator("#assessed .problem").get_by_text("FeatureCollection").wait_for()
    desk.faults.clear()


def test_a_plan_that_is_given_up_leaves_everything_as_it_was(desk: Desk, pair: tuple[Tile, Tile]) -> None:
    page, (_, tile) = desk.sign_in(), pair
    begin(desk, "retire", tile.code)
    page.locator("input[name=successors]").first.press("Space")
    assess(desk)
    prepare(desk)
    page.get_by_role("link", name=tile.code).click()
    page.locator(".head .tag").get_by_text("变更中").wait_for()
    page.get_by_role("link", name="待执行的调整方案").click()
    decide(desk, "取消方案", "已取消")
    page.get_by_role("link", name=tile.code).click()
    page.locator(".head .tag").get_by_text("启用").wait_for()

"""导入: a file is tried first, then taken over once, whoever clicks how often."""

import csv
import json
from pathlib import Path

from deploy.local.demo.ground import Ground
from tests.browser.conftest import Desk
from tests.laid import Tell

MANY = 230
HEAD = "staff_no,name,phone,role,org\n"
GOOD = "I-browser-1,钱一,13900000001,worker,桃山\nI-browser-2,钱二,13900000002,worker,桃山\n"
BAD = "".join(f"I-bad-{number},孙,13900000003,king,桃山\n" for number in range(MANY))


def choose(desk: Desk, kind: str, name: str, content: str) -> None:
    """Fill in the form and order a dry run."""
    page = desk.page
    page.get_by_label("内容").select_option(label=kind)
    page.get_by_label("文件").set_input_files([{"name": name, "mimeType": "", "buffer": content.encode()}])
    page.get_by_role("button", name="试运行").press("Enter")


def figures(desk: Desk) -> dict[str, int]:
    """The numbers of the result."""
    cells = desk.page.locator("#result dl div").all()
    return {one.locator("dt").inner_text(): int(one.locator("dd").inner_text()) for one in cells}


def test_a_file_is_tried_and_then_taken_over_once(desk: Desk) -> None:
    page = desk.sign_in()
    page.get_by_role("link", name="网格", exact=True).click()
    page.get_by_role("link", name="导入", exact=True).click()
    choose(desk, "网格人员", "人员.csv", HEAD + GOOD + BAD)
    order = page.get_by_role("button", name="导入这个文件")
    order.wait_for()
    assert figures(desk) == {"读取": MANY + 2, "新增": 2, "变更": 0, "未变": 0, "未采纳": MANY, "已修复": 0}
    assert page.locator("#result tbody tr").count() == 200
    assert "另有 30 行" in page.locator("#result").inner_text()
    desk.shoot("imports")
    assert desk.violations() == []
    with page.expect_download() as download:
        page.get_by_role("button", name="下载全部").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert [row["key"] for row in rows] == [f"I-bad-{number}" for number in range(MANY)]
    assert (rows[0]["line"], rows[0]["code"]) == ("4", "row_invalid")
    orders: list[str] = []
    page.on("request", lambda request: orders.append(request.url) if "dry_run=false" in request.url else None)
    order.dblclick()
    page.get_by_text("已导入").wait_for()
    assert (len(orders), figures(desk)["新增"]) == (1, 2)
    # and another time: everything is so already
    choose(desk, "网格人员", "人员.csv", HEAD + GOOD)
    page.get_by_text("没有可写入的行").wait_for()
    assert figures(desk)["未变"] == 2


def test_ground_that_a_map_app_drew_lands_where_it_belongs(desk: Desk, tell: Tell, laid: Ground) -> None:
    """In a community where nobody has drawn grids by hand; the draft is cancelled again."""
    code = f"{laid.tiles[0].code[:12]}900"
    west, south, *_ = laid.tiles[0].area.bounds
    ring = [[west, south], [west + 0.001, south], [west + 0.001, south + 0.001], [west, south]]
    ground = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "id": code, "properties": {"name": "图上新画"}, "geometry": ground}
    page = desk.sign_in()
    page.goto(f"{desk.console}/imports")
    page.get_by_label("内容").select_option(label="网格")
    page.get_by_label("坐标系").select_option("gcj02")
    choose(desk, "网格", "网格.geojson", json.dumps({"type": "FeatureCollection", "features": [feature]}))
    page.get_by_role("button", name="导入这个文件").click()
    page.get_by_text("已导入").wait_for()
    taken = tell(lambda door: door.get(f"/v1/grids/{code}"))["geometry"]["coordinates"][0]
    assert min(x for x, _ in taken) < west - 0.002, "hundreds of metres off, as the map app had it"
    page.goto(f"{desk.console}/grids/{code}")
    cancel = page.locator(".actions details").filter(has_text="作废")
    cancel.locator("summary").press("Enter")
    cancel.get_by_role("button").press("Enter")
    page.locator(".head .tag").get_by_text("作废").wait_for()


def test_what_cannot_be_read_is_said_where_the_file_was_chosen(desk: Desk) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/imports")
    assert page.get_by_label("坐标系").is_hidden()
    choose(desk, "网格", "网格.pdf", "%PDF")
    page.locator("#result .problem").get_by_text("只能导入").wait_for()
    assert page.get_by_label("坐标系").is_visible()
    choose(desk, "网格", "网格.geojson", '{"type": "FeatureCollection", "features": []}')
    page.locator("#result .problem").get_by_text("没有数据行").wait_for()
    desk.faults.clear()

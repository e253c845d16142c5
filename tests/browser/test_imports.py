"""导入: a file is tried first, then taken over once, whoever clicks how often."""

import csv
from pathlib import Path

from tests.browser.conftest import Desk

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

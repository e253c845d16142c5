"""链路: where a slow request spent its time, what failed, who calls whom."""

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.browser.conftest import Desk
from tests.conftest import City

SAMPLED = "01"


def ask(city: City, path: str, trace: str, **told: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {city.keys['operator']}", "traceparent": f"00-{trace}-{'2' * 16}-{SAMPLED}"}
    method = "POST" if told else "GET"
    return httpx.request(method, city.gateway + path, headers=headers, trust_env=False, timeout=30, **told)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def case(city: City) -> Iterator[tuple[str, str]]:
    """A case and the trace in which it was reported."""
    trace = "ca5e" + "0" * 27 + "1"
    body = {"category": "safety.sensor", "description": "browser", "place": {"address": "x"}}
    answer = ask(city, "/v1/cases", trace, json=body)
    assert answer.status_code == 201, answer.text
    yield answer.json()["case_no"], trace


def test_a_case_number_finds_its_trace_and_the_trace_tells_where_the_time_went(
    desk: Desk, case: tuple[str, str]
) -> None:
    number, trace = case
    page = desk.sign_in()
    page.get_by_role("link", name="运维", exact=True).click()
    page.get_by_role("link", name="链路", exact=True).click()
    row = page.locator("#traces tbody tr").first
    wanted = row.filter(has_text="POST /v1/cases")
    desk.appears(f"/traces?subject={number}", wanted)
    # and by the form, without another page
    page.goto(f"{desk.console}/traces")
    page.get_by_label("工单、办件、告警或链路号").fill(number)
    page.get_by_role("button", name="查找").click()
    page.wait_for_url(f"**subject={number}**")
    wanted.wait_for()
    assert number in row.inner_text()
    desk.shoot("traces")
    assert desk.violations() == []
    row.get_by_role("link").click()
    page.wait_for_url(f"**/traces/{trace}")
    assert page.get_by_role("heading", name="POST /v1/cases").is_visible()
    services = {cell.inner_text() for cell in page.locator(".waterfall tbody td:nth-child(2)").all()}
    assert {"gateway", "cases"} <= services
    assert page.locator(".tag.kind-store").count() > 0
    assert page.locator(".tag.kind-bus").count() > 0
    # which of them it is depends on the machine
    slowest = re.search(r"最慢: (\S+) .+ 自身用了 (.+ms)", page.locator(".lead").inner_text())
    assert slowest is not None
    rows = [row.locator("td").all_inner_texts() for row in page.locator(".waterfall tbody tr").all()]
    assert slowest.groups() in {(service, own) for _, service, _, own, _ in rows}
    page.locator("summary").first.press("Enter")
    assert page.get_by_text("http.route").is_visible()
    desk.shoot("trace")
    assert desk.violations() == []


def test_a_trace_id_leads_straight_to_it(desk: Desk, case: tuple[str, str]) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/traces?subject={case[1]}")
    assert page.url.endswith(f"/traces/{case[1]}")


def test_nothing_found_is_said(desk: Desk) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/traces?service=nobody")
    assert "没有符合条件的链路" in page.locator("#traces").inner_text()
    page.goto(f"{desk.console}/traces/{'0' * 32}")
    assert "没有该链路" in page.get_by_role("alert").inner_text()
    desk.faults.clear()


def test_slow_and_failed_ones_are_one_step_away(desk: Desk, case: tuple[str, str]) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/traces")
    page.get_by_role("link", name="慢于 500 ms").click()
    assert page.get_by_label("至少 (毫秒)").input_value() == "500"
    page.get_by_role("link", name="出错的", exact=True).click()
    assert page.get_by_label("只看出错的").is_checked()
    assert page.locator("#traces tbody tr:not(.failed)").count() == 0


def test_the_service_map(desk: Desk, case: tuple[str, str]) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/traces:map")
    assert page.locator("svg.map text").filter(has_text=re.compile("^gateway$")).count() == 1
    row = page.locator("tbody tr").filter(has_text="cases").filter(has_text="数据库")
    assert row.count() == 1
    desk.shoot("service-map")
    assert desk.violations() == []

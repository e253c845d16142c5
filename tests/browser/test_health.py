"""健康: every process on one page; the one that is silent is named at its top, without a reload."""

import os
import signal
from datetime import UTC, datetime

from tests.browser.conftest import Desk
from tests.conftest import City, state
from tests.faults.town import eventually


def test_a_silent_service_is_named_and_comes_back(desk: Desk, city: City) -> None:
    page = desk.sign_in()
    page.get_by_role("link", name="运维", exact=True).click()
    page.get_by_role("link", name="健康", exact=True).click()
    rows = page.locator("#health tbody tr")
    assert rows.count() == 7
    assert "全部进程与依赖正常" in page.get_by_role("status").inner_text()
    desk.shoot("health")
    assert desk.violations() == []
    page.evaluate("window.same = true")
    pid = state(city.home)["sharing"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        page.get_by_text("共享没有应答").wait_for()
        silent = rows.filter(has_text="sharing")
        assert "failed" in (silent.get_attribute("class") or "")
        desk.shoot("health-silent")
        assert desk.violations() == []
    finally:
        os.kill(pid, signal.SIGCONT)
    page.get_by_text("全部进程与依赖正常").wait_for()
    assert page.evaluate("window.same") is True


def test_a_new_process_says_since_when_it_runs(desk: Desk, city: City) -> None:
    page = desk.sign_in()
    page.goto(f"{desk.console}/health")
    started = page.locator("#health tbody tr").filter(has_text="catalogue").locator("td").nth(3)
    before = started.inner_text()
    assert before.startswith("20")
    os.kill(state(city.home)["catalogue"]["pid"], signal.SIGKILL)
    eventually(lambda: page.is_visible("#health") and started.inner_text() not in (before, "–"), what="a new start")


def test_what_a_timer_asks_is_in_no_list_of_traces(desk: Desk, city: City) -> None:
    page = desk.sign_in()
    listed = f"{city.gateway}/v1/traces?operation=GET%20%2Fv1%2Fbus"
    headers = {"Authorization": f"Bearer {city.keys['operator']}"}

    def traces() -> dict[str, int]:
        found = page.request.get(listed, headers=headers).json()["items"]
        since = (one for one in found if datetime.fromisoformat(one["started_at"]) >= began)
        return {one["trace_id"]: one["failed"] for one in since}

    began = datetime.now(UTC)
    with page.expect_response(lambda answer: answer.url.endswith("/health") and by_clock(answer.request.headers)):
        page.goto(f"{desk.console}/health")
    mark = "beac0" + "0" * 26 + "1"
    told = {**headers, "traceparent": f"00-{mark}-{'3' * 16}-01"}
    assert page.request.get(f"{city.gateway}/v1/bus", headers=told).ok
    eventually(lambda: mark in traces(), what="the trace of a question of one's own")
    # the page itself, and that question
    assert list(traces().values()) == [0, 0]


def by_clock(headers: dict[str, str]) -> bool:
    return headers.get("hx-request-type") == "partial"

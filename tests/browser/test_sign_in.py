"""登录: who is no operator sees nothing; the words and the colours are the operator's choice."""

import httpx
import pytest

from tests.browser.conftest import Desk


def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_back(desk: Desk) -> None:
    page = desk.at("/traces?failed=true")
    assert "/sign-in" in page.url
    page.get_by_label("姓名或工号").fill("李四")
    page.get_by_label("密钥").fill(desk.keys["operator"])
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/traces?failed=true")
    assert page.get_by_text("李四").is_visible()
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/sign-in")
    assert "/sign-in" in desk.at("/traces").url


def test_a_wrong_key_is_told_and_the_name_is_kept(desk: Desk) -> None:
    page = desk.at("/sign-in")
    page.get_by_label("姓名或工号").fill("李四")
    page.get_by_label("密钥").fill("yw_wrong")
    page.get_by_role("button", name="登录").click()
    assert page.get_by_role("alert").inner_text() == "密钥无效"
    assert page.get_by_label("姓名或工号").input_value() == "李四"
    # the refusal is an error of the gateway's, which the browser writes down
    desk.faults[:] = [fault for fault in desk.faults if "401" not in fault]
    desk.shoot("sign-in")
    assert desk.violations() == []


def test_english_and_dark_are_kept(desk: Desk) -> None:
    page = desk.sign_in()
    page.goto(desk.console + "/traces")
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("heading", name="Traces").is_visible()
    page.get_by_role("button", name="Dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.locator("html").get_attribute("lang") == "en"
    assert desk.violations() == []
    desk.shoot("traces-dark-en")


def test_who_may_not_see_a_page_has_no_line_in_the_menu_and_is_refused(desk: Desk) -> None:
    page = desk.sign_in("portal")
    assert page.get_by_role("link", name="链路").count() == 0
    page.goto(desk.console + "/traces")
    assert "权限" in page.get_by_role("alert").inner_text()
    desk.faults.clear()


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
)
def test_an_order_from_another_site_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{desk.console}/sign-out", headers=headers, trust_env=False)
    assert answer.status_code == 403


def test_every_answer_forbids_what_comes_from_elsewhere(desk: Desk) -> None:
    for path in ("/sign-in", "/nowhere", "/static/console.css", "/healthz"):
        answer = httpx.get(desk.console + path, trust_env=False)
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"

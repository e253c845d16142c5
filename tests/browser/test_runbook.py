"""手册: who is woken by an alert finds what it means and what to do, whatever else his key may."""

from tests.browser.conftest import Desk


def test_from_the_list_to_what_to_do(desk: Desk) -> None:
    page = desk.sign_in()
    page.get_by_role("link", name="运维", exact=True).click()
    page.get_by_role("link", name="手册", exact=True).click()
    desk.shoot("runbook")
    assert desk.violations() == []
    link = page.get_by_role("link", name="QueueLong")
    link.focus()
    link.press("Enter")
    assert page.get_by_role("heading", level=1).inner_text() == "队列积压 · QueueLong"
    assert page.locator("section[lang=en] h2").all_inner_texts() == ["Where to look", "What to do"]
    desk.shoot("runbook-entry")
    assert desk.violations() == []
    page.get_by_role("button", name="深色").click()
    desk.shoot("runbook-entry-dark")
    assert desk.violations() == []
    page.get_by_role("link", name="链路", exact=True).last.click()
    page.wait_for_url("**/traces")


def test_every_operator_reads_it_and_an_unknown_alert_has_no_page(desk: Desk) -> None:
    page = desk.sign_in("portal")
    page.goto(f"{desk.console}/runbook/ProcessDown")
    assert page.get_by_role("heading", name="进程停止").is_visible()
    answer = page.goto(f"{desk.console}/runbook/..%2F..%2Fsettings")
    assert answer is not None
    assert answer.status == 404
    assert "没有这个页面" in page.get_by_role("alert").inner_text()
    desk.faults.clear()


def test_nobody_reads_it_without_a_session(desk: Desk) -> None:
    page = desk.at("/runbook/ProcessDown")
    assert "/sign-in" in page.url

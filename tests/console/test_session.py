"""A session is a sealed cookie: nobody reads, changes or outlives it."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

from contracts.shared import Scope
from services.console.session import COOKIE, Session, Sessions
from services.console.settings import ConsoleSettings
from services.console.signing import local

SESSION = Session("yw_secret-key", "operator", "值班员", "张三", ("ops",))


def sealed(sessions: Sessions) -> str:
    response = Response()
    sessions.begin(response, SESSION)
    return SimpleCookie(response.headers["set-cookie"])[COOKIE].value


def asking(cookie: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", f"{COOKIE}={cookie}".encode("latin-1"))]})


def test_it_comes_back_whole_and_its_key_is_not_in_it() -> None:
    sessions = Sessions(ConsoleSettings(console_secret="s"))
    cookie = sealed(sessions)
    assert sessions.of(asking(cookie)) == SESSION
    assert Sessions(ConsoleSettings(console_secret="s")).of(asking(cookie)) == SESSION
    assert "secret-key" not in cookie
    assert Sessions(ConsoleSettings(console_secret="other")).of(asking(cookie)) is None
    assert Sessions(ConsoleSettings()).of(asking(cookie)) is None


@pytest.mark.parametrize("secure", [True, False])
def test_no_script_and_no_other_site_gets_it(secure: bool) -> None:
    response = Response()
    Sessions(ConsoleSettings(console_secure=secure)).begin(response, SESSION)
    said = response.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert ("secure" in said) is secure


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=';,\\"'), max_size=200))
def test_what_somebody_made_up_is_no_session(cookie: str) -> None:
    assert Sessions(ConsoleSettings(console_secret="s")).of(asking(cookie)) is None


def test_what_it_may() -> None:
    assert SESSION.may(Scope.OPS)
    assert not SESSION.may(Scope.ALERTS_HANDLE)
    assert Session("k", "a", "a", "a", ("admin",)).may(Scope.ALERTS_HANDLE)


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb", "evil"]
)
def test_nobody_is_led_elsewhere(path: str) -> None:
    assert local(path) == "/"


def test_the_way_back_is_kept() -> None:
    assert local("/traces?service=alerts&failed=true") == "/traces?service=alerts&failed=true"

"""What every page has: its session, the language, the menu, the way to the gateway, and templates."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from contracts.shared import Scope
from services.console import (
    alert_words,
    device_words,
    ground_words,
    incident_words,
    menu,
    session_words,
    wording,
)
from services.console.door import Door
from services.console.session import Session
from services.console.wording import LANGUAGES, word

HERE = Path(__file__).parent
CITY_TIME = ZoneInfo("Asia/Shanghai")
LANGUAGE_COOKIE, THEME_COOKIE = "yiwang_language", "yiwang_theme"
THEMES = ("auto", "light", "dark")
# rows of a list
PAGE = 50


class SignedOut(Exception):
    """There is no session: on to the sign-in page."""


templates = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass
class View:
    """One request for a page."""

    request: Request
    session: Session
    language: str
    door: Door

    def asked(self, *fields: str) -> dict[str, str]:
        """What the address says of these fields; empty where it says nothing."""
        return {name: self.request.query_params.get(name, "").strip() for name in fields}

    async def filled(self, *fields: str) -> dict[str, str]:
        """What the form says of these fields, without those that it leaves empty."""
        form = await self.request.form()
        return {name: text for name in fields if (text := str(form.get(name, "")).strip())}

    async def within(self, scope: Scope, path: str, **query: object) -> Any:
        """The gateway's answer to a question that needs this scope; None where the operator does not have it."""
        return await self.door.get(path, **query) if self.session.may(scope) else None

    def go(self, path: str) -> Response:
        """On to another page; from a form that shows in its own place what is refused, too."""
        if is_part(self.request):
            return Response(status_code=204, headers={"HX-Redirect": path})
        return RedirectResponse(path, 303)

    async def show_list(self, name: str, told: Mapping[str, str], **values: Any) -> Response:
        """A page of the gateway's list `name`, as `told`; only the list where a page asks for that part of itself."""
        found = await self.door.get(f"/v1/{name}", **told, limit=PAGE)
        template = name.replace("-", "_") + ("_part.html" if is_part(self.request) else ".html")
        return self.show(template, found=found, told=told, **values)

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page or a part of one."""
        return show(self.request, template, status, view=self, session=self.session, **values)


def is_part(request: Request) -> bool:
    """Whether the answer takes the place of a part of a page (HTMX says so)."""
    return request.headers.get("hx-request-type") == "partial"


def by_timer(request: Request) -> bool:
    """Whether a part of a page asks for itself again, as only its clock makes it do."""
    source = request.headers.get("hx-source")
    return is_part(request) and source is not None and source == request.headers.get("hx-target")


def language_of(request: Request) -> str:
    """zh unless the operator chose otherwise."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "zh")
    return chosen if chosen in LANGUAGES else "zh"


def view(request: Request) -> View:
    """A page's dependency. Raises SignedOut."""
    session = request.app.state.sessions.of(request)
    if session is None:
        raise SignedOut
    language = language_of(request)
    door = Door(request.app.state.http, session, language, recorded=not by_timer(request))
    return View(request, session, language, door)


Viewed = Annotated[View, Depends(view)]


def show(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Render a template with what every page has."""
    language = language_of(request)
    theme = request.cookies.get(THEME_COOKIE, "auto")
    base = {
        "request": request,
        "session": None,
        "menu": menu,
        "language": language,
        "lang": LANGUAGES[language],
        "theme": theme if theme in THEMES else "auto",
        "t": partial(word, language),
        "words": wording,
        "alert_words": alert_words,
        "incident_words": incident_words,
        "session_words": session_words,
        "device_words": device_words,
        "ground_words": ground_words,
        "here": request.url.path,
        "tiles": request.app.state.tiles,
    }
    return HTMLResponse(templates.get_template(template).render({**base, **values}), status)


def moment(value: datetime | str | None) -> str:
    """A time as people of the city read it: 2026-11-22 14:03:05."""
    return _aware(value).astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M:%S") if value else "–"


def clock(value: datetime | str | None) -> str:
    """The time of the day alone: 14:03:05."""
    return moment(value)[-8:]


def milliseconds(value: float) -> str:
    """A duration in the unit that reads best."""
    if value < 1:
        return f"{value * 1000:.0f} µs"
    return f"{value:.1f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def written(value: object) -> str:
    """A value of JSON for people: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def zoned(told: str) -> str:
    """A time with the city's zone where it names none; what is no time stays as it is, and the gateway says so."""
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        return told
    return (found if found.tzinfo else found.replace(tzinfo=CITY_TIME)).isoformat()


def ago(value: datetime | str) -> timedelta:
    """How long ago."""
    return datetime.now(UTC) - _aware(value)


def _aware(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


templates.filters |= {"moment": moment, "clock": clock, "milliseconds": milliseconds, "ago": ago, "written": written}

"""The menu: pages that stand alone, and groups of them that show their pages while one of these is open. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from services.console.pages import Page
from services.console.session import Session


@dataclass(frozen=True)
class Group:
    """Pages of one area, by their places."""

    zh: str
    en: str
    places: range


GROUPS = (
    Group("网格", "Grids", range(11, 20)),
    Group("视联网", "Video network", range(20, 30)),
    Group("一网通办", "Services", range(40, 50)),
    Group("运维", "Operations", range(60, 90)),
)


@dataclass(frozen=True)
class Line:
    """What the first row of the menu shows: a page, or a group of several, which is gone into by its first."""

    zh: str
    en: str
    pages: tuple[Page, ...]


def allowed(pages: Iterable[Page], session: Session) -> list[Page]:
    """Those that this operator may see."""
    return [page for page in pages if page.scope is None or session.may(page.scope)]


def lines(pages: Iterable[Page]) -> list[Line]:
    """The first row for these pages, which are in the order of their places."""
    found = []
    for head, members in groupby(pages, key=lambda page: group_of(page) or page):
        first, *others = members
        named = head if others else first
        found.append(Line(named.zh, named.en, (first, *others)))
    return found


def group_of(page: Page) -> Group | None:
    """None for a page that stands alone."""
    return next((group for group in GROUPS if page.place in group.places), None)


def current(pages: Iterable[Page], path: str) -> Page | None:
    """The page that a path is of: the nearest one above it."""
    above = [page for page in pages if path == page.path or path.startswith(f"{page.path}/")]
    return max(above, key=lambda page: len(page.path), default=None)

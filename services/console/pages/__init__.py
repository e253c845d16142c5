"""Pages, one module each, found by name: a page is one module here, one template, and the line `page = Page(…)`."""

from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter

from contracts.shared import Scope


@dataclass(frozen=True)
class Page:
    """One page of the menu. `place` orders it and tells its group, see menu.py.

    `scope` is what its first question to the gateway needs.
    """

    path: str
    zh: str
    en: str
    place: int
    scope: Scope | None
    router: APIRouter = field(default_factory=APIRouter)


def pages() -> list[Page]:
    """All of them, as the menu shows them."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return sorted((module.page for module in modules if hasattr(module, "page")), key=lambda page: page.place)

"""Where a page stands in the menu, and which page a path is of."""

from contracts.shared import Scope
from services.console import menu
from services.console.pages import Page, pages
from services.console.session import Session


def page(path: str, place: int, scope: Scope | None = None) -> Page:
    return Page(path, path, path, place, scope)


ALERTS, MAPPINGS, UNBOUND = page("/alerts", 20), page("/mappings", 27), page("/devices/unbound", 24)
DEVICES, MAP, WALL = page("/devices", 23), page("/map", 10), page("/wall", 100)


def test_pages_of_one_area_are_one_line_that_leads_to_its_first() -> None:
    found = menu.lines([MAP, ALERTS, DEVICES, MAPPINGS, WALL])
    assert [(line.en, line.pages) for line in found] == [
        ("/map", (MAP,)),
        ("Video network", (ALERTS, DEVICES, MAPPINGS)),
        ("/wall", (WALL,)),
    ]


def test_the_only_page_of_a_group_goes_by_its_own_name() -> None:
    assert [line.en for line in menu.lines([MAP, DEVICES])] == ["/map", "/devices"]


def test_a_path_is_of_the_nearest_page_above_it() -> None:
    known = [MAP, DEVICES, UNBOUND, MAPPINGS]
    assert menu.current(known, "/devices/1/diagnosis") is DEVICES
    assert menu.current(known, "/devices/unbound") is UNBOUND
    assert menu.current(known, "/mappings") is MAPPINGS
    assert menu.current(known, "/devicesque") is None


def test_who_may_not_see_a_page_has_no_line_for_it() -> None:
    session = Session("key", "client", "name", "actor", (Scope.OPS.value,))
    assert menu.allowed([page("/a", 1, Scope.OPS), page("/b", 2, Scope.GRID_READ), MAP], session) == [
        page("/a", 1, Scope.OPS),
        MAP,
    ]


def test_no_line_of_the_menu_appears_twice() -> None:
    names = [line.zh for line in menu.lines(pages())]
    assert len(names) == len(set(names))

"""Every endpoint under every role, at the whole city."""

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.routing import compile_path

from contracts.shared import Scope
from deploy.local.home import ROOT
from services.chassis.topology import SERVICES
from services.gateway.area import Route
from services.gateway.routes import AREAS, imports
from tests.conftest import City

ROUTES = [route for area in AREAS for route in area.routes]
# what the whole matrix may not be refused for: the door let it through
PASSED = {200, 201, 207, 404, 409, 412, 415, 422}


def url(route: Route) -> str:
    path = route.path.replace("{action}", "close").replace("{decision}", "approve").replace("{kind}", "grids")
    for name in compile_path(path)[2]:
        path = path.replace(f"{{{name}}}", "1" * 12)
    return path


def wanted(route: Route) -> Scope | None:
    return Scope.GRID_WRITE if route.rule.scope is imports.scope_of else route.rule.scope  # type: ignore[return-value]


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_opens_its_own_endpoints_and_no_other(city: City, people: dict[str, str], scope: Scope) -> None:
    with httpx.Client(
        base_url=city.gateway, headers={"X-API-Key": people[scope]}, timeout=60, trust_env=False
    ) as client:

        def knock(route: Route) -> tuple[Route, httpx.Response]:
            return route, client.request(route.method, url(route))

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(knock, ROUTES))
    for route, answer in answers:
        needed = wanted(route)
        may = needed in (None, scope) or (scope is Scope.ADMIN and needed is not Scope.PII_READ)
        if not may:
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), route.name
        elif needed is not None:
            assert answer.status_code in PASSED, (route.name, answer.status_code, answer.text)
        assert answer.status_code < 500, (route.name, answer.text)


def test_nobody_gets_in_without_a_key(city: City) -> None:
    with httpx.Client(base_url=city.gateway, trust_env=False) as client:
        for route in ROUTES:
            assert client.request(route.method, url(route)).status_code == 401, route.name
        assert client.post("/v1/intake/hikvision/x").status_code == 401


def test_the_door_asks_for_what_the_owning_service_asks_for() -> None:
    asked = {request: scope for name in SERVICES for request, scope in declared(name)}
    for route in ROUTES:
        if route.form:
            assert route.rule.scope == asked[route.form.request.__name__], route.name
    for request, scope in imports.KINDS.values():
        assert asked[request.__name__] == scope


def declared(service: str) -> Iterator[tuple[str, Scope | None]]:
    """`@answers(Request, scope=Scope.X)` as it stands in the source."""
    for node in ast.walk(ast.parse((ROOT / "services" / service / "service.py").read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "answers":
            scope = ast.unparse(node.keywords[0].value)
            yield ast.unparse(node.args[0]), None if scope == "None" else Scope[scope.removeprefix("Scope.")]

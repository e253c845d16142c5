"""The description: valid, complete, and readable without the outside world."""

import re

import httpx
from openapi_spec_validator import validate

from services.gateway.app import openapi
from services.gateway.routes import AREAS

OPERATIONS = [(method, path, told) for path, item in openapi()["paths"].items() for method, told in item.items()]


def test_it_is_valid_openapi_3_1() -> None:
    assert openapi()["openapi"].startswith("3.1")
    validate(openapi())


def test_operation_ids_are_unique_and_everything_has_a_tag_and_a_summary() -> None:
    names = [told["operationId"] for _, _, told in OPERATIONS]
    assert len(set(names)) == len(names) > 60
    assert all(told["summary"] and told["tags"] for _, _, told in OPERATIONS)


def test_every_route_is_described() -> None:
    described = {(method.upper(), path) for method, path, _ in OPERATIONS}
    assert {(route.method, route.path) for area in AREAS for route in area.routes} < described


def test_every_body_has_an_example_that_its_own_schema_takes() -> None:
    for area in AREAS:
        for route in area.routes:
            if route.form is None or route.form.body() is None:
                continue
            assert route.example is not None, route.name
            unknown = set(route.example) - set(route.form.body()["properties"])
            missing = set(route.form.body().get("required", [])) - set(route.example)
            assert not unknown and not missing, (route.name, unknown, missing)
    with_body = [told for _, _, told in OPERATIONS if "requestBody" in told]
    assert all(
        "example" in next(iter(told["requestBody"]["content"].values()))
        for told in with_body
        if told["requestBody"]["required"]
    )


def test_all_references_are_there() -> None:
    named = set(re.findall(r"#/components/schemas/([^'\"]+)", str(openapi())))
    assert named <= set(openapi()["components"]["schemas"])


def test_the_page_loads_nothing_from_outside(admin: httpx.Client) -> None:
    page = httpx.get(f"{admin.base_url}/docs", trust_env=False)
    links = re.findall(r"(?:src|href|url)\s*[=:]\s*\"([^\"]+)\"", page.text)
    assert len(links) == 4
    for link in set(links) - {"data:,"}:
        assert link.startswith("/") and not link.startswith("//")
        assert httpx.get(f"{str(admin.base_url).rstrip('/')}{link}", trust_env=False).status_code == 200
    assert admin.get("/openapi.json").json() == openapi()
    # an older page shows nothing but "does not specify a valid version field"
    assert "isOAS31" in admin.get("/docs/swagger-ui-bundle.js").text

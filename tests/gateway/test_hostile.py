"""Hostile input at the whole city: refused, never a fault of ours."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.intake import ADAPTERS
from services.gateway.routes import AREAS
from tests.conftest import City

ROUTES = [route for area in AREAS for route in area.routes if "{trace}" not in route.path]
NASTY = st.sampled_from(
    [
        "",
        "%00",
        "..",
        "%2e%2e%2f",
        "$where",
        "{}",
        "a" * 300,
        "%ud800",
        "%ff%fe",
        "1;2",
        "'",
        "𠮷",
        "230902001001001",
        "-1",
        "NaN",
    ]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(["\ud800", "\x00"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
STEADY = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def client(city: City) -> Any:
    with httpx.Client(
        base_url=city.gateway, headers={"X-API-Key": city.keys["admin"]}, timeout=30, trust_env=False
    ) as c:
        yield c


def body_for(route: Any, data: st.DataObject) -> bytes:
    """Half of the bodies have the right names and wrong values, half are anything at all."""
    own = (route.form.body() or {}).get("properties", {}) if route.form else {}
    if own and data.draw(st.booleans()):
        valid = dict(route.example or {})
        valid.update(data.draw(st.dictionaries(st.sampled_from(sorted(own)), VALUES, max_size=3)))
        return json.dumps(valid).encode()
    return data.draw(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))


@STEADY
@given(st.sampled_from(ROUTES), st.data())
def test_no_request_is_a_fault_of_ours(client: httpx.Client, route: Any, data: st.DataObject) -> None:
    path = route.path
    while "{" in path:
        name = path[path.index("{") : path.index("}") + 1]
        path = path.replace(name, data.draw(NASTY))
    query = data.draw(
        st.dictionaries(
            st.sampled_from(["cursor", "limit", "parent", "bbox", "lon", "q", "service"]), NASTY, max_size=3
        )
    )
    method = route.method
    headers = {
        "Content-Type": data.draw(
            st.sampled_from(["application/json", "application/cloudevents+json", "text/csv", "x"])
        )
    }
    answer = client.request(
        method,
        f"{path}?{'&'.join(f'{k}={v}' for k, v in query.items())}",
        content=b"" if method == "GET" else body_for(route, data),
        headers={**headers, "X-Purpose": "emergency"},
    )
    assert answer.status_code < 500, (route.name, answer.text)
    if answer.status_code >= 400:
        told = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code", "errors", "trace_id"} <= told.keys()


@settings(STEADY, max_examples=60)
@given(
    st.sampled_from(ADAPTERS),
    st.binary(max_size=400),
    st.sampled_from(["", "application/xml", "multipart/form-data", "\x00"[:0] + "text/plain"]),
)
def test_a_device_is_never_refused_for_what_it_says(
    client: httpx.Client, adapter: str, body: bytes, media_type: str
) -> None:
    answer = client.post(f"/v1/intake/{adapter}/fuzz", content=body, headers={"Content-Type": media_type})
    # a program is told what is wrong
    assert answer.status_code == (422 if adapter == "cloudevents" else 202), answer.text

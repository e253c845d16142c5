"""Manners of the door: limits, languages, conditions, retries, records."""

import json
import threading
import time
from collections import Counter
from uuid import uuid4

import httpx
import pytest

from services.chassis.file_types import XLSX
from tests.gateway.conftest import Gateway

PATH = "/v1/clients"


def order(**told: object) -> dict[str, object]:
    return {"client": f"c{uuid4().hex[:12]}", "name": "x", "scopes": ["ops"], **told}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "path_unknown"),
        ("DELETE", "/v1/clients", 405, "method_not_allowed"),
        ("GET", "/v1/grids?limit=9999", 422, "input_invalid"),
        ("GET", "/v1/grids?bbox=1,2", 422, "input_invalid"),
        ("GET", "/v1/grids?name=%00&parent=%00", 422, "text_invalid"),
        ("GET", "/v1/traces/xyz", 422, "trace_invalid"),
        ("GET", "/v1/traces/" + "0" * 32, 503, "traces_away"),
        ("GET", "/v1/traces", 503, "traces_away"),
        ("GET", "/v1/traces:map", 503, "traces_away"),
        ("GET", "/v1/traces?limit=0", 422, "input_invalid"),
        ("GET", "/v1/traces?attribute=x", 422, "input_invalid"),
        ("GET", "/v1/dead-letters?service=x", 422, "service_unknown"),
        ("POST", "/v1/imports/horoscopes", 404, "kind_unknown"),
        ("POST", "/v1/intake/unheard/x", 404, "adapter_unknown"),
        ("POST", "/v1/intake/hikvision/a%20b", 422, "source_invalid"),
    ],
)
def test_refusals(admin: httpx.Client, method: str, path: str, status: int, code: str) -> None:
    answer = admin.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["trace_id"] == answer.headers["x-trace-id"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "json_invalid"),
        (b"[]", 422, "object_expected"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, 422, "json_too_deep"),
        (b"[" * 100_000, 422, "json_too_deep"),
        (b'{"name": NaN}', 422, "json_invalid"),
        (b'{"name": "\\ud800"}', 422, "text_invalid"),
        (b'{"$where": "1"}', 422, "key_invalid"),
        (b'{"a.b": 1}', 422, "key_invalid"),
        (b"\xff\xfe", 422, "json_invalid"),
        (b" " * (1024 * 1024 + 1), 413, "body_too_large"),
    ],
)
def test_bodies_that_are_refused(admin: httpx.Client, body: bytes, status: int, code: str) -> None:
    answer = admin.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_body_is_counted_while_it_is_read(admin: httpx.Client) -> None:
    def endless():  # type: ignore[no-untyped-def]
        for _ in range(40):
            yield b"x" * 65_536

    try:
        answer = admin.post("/v1/intake/hikvision/big", content=endless())
    except httpx.WriteError:
        return
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_media_types(admin: httpx.Client) -> None:
    answer = admin.post(PATH, content=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 415
    old = {"Content-Type": "application/vnd.ms-excel"}
    assert admin.post("/v1/imports/grids", content=b"PK", headers=old).status_code == 415
    broken = admin.post("/v1/imports/grids", content=b"PK", headers={"Content-Type": XLSX})
    assert (broken.status_code, broken.json()["code"]) == (422, "spreadsheet_broken")


@pytest.mark.parametrize(
    ("tag", "status", "code"),
    [
        ("3", 400, "if_match_invalid"),
        ('"a", "b"', 400, "if_match_invalid"),
        ('W/"3"', 412, "if_match_unknown"),
        ('"x"', 412, "if_match_unknown"),
    ],
)
def test_conditions_that_cannot_hold(admin: httpx.Client, tag: str, status: int, code: str) -> None:
    answer = admin.patch("/v1/grids/230902001001001", json={}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_english_and_chinese(admin: httpx.Client) -> None:
    assert (
        "键" in admin.get("/v1/audit", params={"limit": 0}).text
        or "参数" in admin.get("/v1/audit", params={"limit": 0}).text
    )
    english = admin.get("/v1/audit", params={"limit": 0}, headers={"Accept-Language": "en"})
    assert english.headers["content-language"] == "en"
    assert english.json()["errors"][0]["detail"].startswith("parameter limit")


def test_a_trace_is_carried_on(admin: httpx.Client) -> None:
    trace = uuid4().hex
    answer = admin.get("/nope", headers={"traceparent": f"00-{trace}-{'1' * 16}-01"})
    assert answer.headers["x-trace-id"] == trace
    assert answer.headers["traceresponse"].split("-")[1] == trace


def test_the_same_order_twice_is_answered_alike(admin: httpx.Client) -> None:
    made = order()
    admin.post(PATH, json=made)
    headers = {"Idempotency-Key": uuid4().hex}
    first = admin.post(f"{PATH}/{made['client']}:revoke", json={}, headers=headers)
    again = admin.post(f"{PATH}/{made['client']}:revoke", json={}, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = admin.post(f"{PATH}/{made['client']}:revoke", json={"prefix": "x" * 10}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    assert admin.post(PATH, json=made, headers={"Idempotency-Key": "键".encode()}).status_code == 400


def test_a_race_under_one_key_is_carried_out_once(gateway: Gateway) -> None:
    body, key, answers = order(), uuid4().hex, []

    def send() -> None:
        with gateway.client() as client:
            answers.append(client.post(PATH, json=body, headers={"Idempotency-Key": key}))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = Counter(answer.json().get("code", "made") for answer in answers)
    assert codes["made"] == 1
    assert set(codes) <= {"made", "idempotency_running", "shown_once"}
    assert all("retry-after" in a.headers for a in answers if a.json().get("code") == "idempotency_running")


def test_two_clients_may_use_the_same_key(gateway: Gateway) -> None:
    headers = {"Idempotency-Key": "monday"}
    with gateway.client("admin") as admin, gateway.client("operator") as operator:
        refused = operator.post(f"{PATH}/nobody:revoke", headers=headers)
        assert admin.post(f"{PATH}/nobody:revoke", headers=headers).status_code == 404
        assert refused.status_code == 403


def test_what_would_change_something_leaves_a_record(gateway: Gateway, admin: httpx.Client) -> None:
    name = f"c{uuid4().hex[:12]}"
    with gateway.client("operator", **{"X-Actor": "%E6%9D%8E%E4%B8%80"}) as operator:
        refused = operator.post(PATH, json=order(client=name))
    unknown = httpx.post(gateway.url + PATH, json={}, trust_env=False)
    made = admin.post(PATH, json=order(client=name))
    admin.get(PATH)
    wanted = {answer.headers["x-trace-id"]: answer.status_code for answer in (refused, unknown, made)}
    found = {entry["trace_id"]: entry for entry in admin.get("/v1/audit", params={"limit": 200}).json()["items"]}
    assert (
        {trace: found[trace]["status"] for trace in wanted} == wanted == dict(zip(wanted, (403, 401, 201), strict=True))
    )
    by_operator = found[refused.headers["x-trace-id"]]
    assert (by_operator["client"], by_operator["actor"], by_operator["code"]) == ("operator", "李一", "scope_missing")
    assert found[unknown.headers["x-trace-id"]]["client"] is None
    assert found[made.headers["x-trace-id"]]["path"] == PATH
    assert all(entry["at"].endswith("+08:00") for entry in found.values())
    assert name not in json.dumps(list(found.values()))


def test_whoever_has_no_key_cannot_fill_the_record(gateway: Gateway) -> None:
    before = gateway.database["audit"].count_documents({"client": None})
    with gateway.client(None) as nobody:
        began = time.monotonic()
        for _ in range(150):
            assert nobody.post(PATH).status_code == 401
        seconds = time.monotonic() - began
        time.sleep(1)
        nobody.post(PATH)
    entries = list(gateway.database["audit"].find({"client": None}).sort("at", 1))[before:]
    assert len(entries) <= 20 * (int(seconds) + 3)
    assert len(entries) + sum(entry["suppressed"] for entry in entries) == 151


def test_the_record_is_read_page_by_page(admin: httpx.Client) -> None:
    for _ in range(7):
        admin.post(f"{PATH}/nobody:revoke")
    page = admin.get("/v1/audit", params={"limit": 3, "client": "admin"})
    seen: list[str] = []
    while True:
        seen += [entry["trace_id"] for entry in page.json()["items"]]
        if "next" not in page.links or len(seen) > 60:
            break
        page = admin.get(page.links["next"]["url"])
    assert len(seen) == len(set(seen)) >= 7


def test_log_lines_hold_no_value_of_a_caller(gateway: Gateway, admin: httpx.Client) -> None:
    secret = uuid4().hex
    admin.get("/v1/audit", params={"client": secret})
    admin.post(f"{PATH}/{secret}:revoke", json={"prefix": secret})
    admin.get(f"/{secret}")
    text = gateway.home.log("gateway").read_text("utf-8")
    assert "request" in text
    assert secret not in text
    assert all(key not in text for key in gateway.keys.values())


def test_readiness_names_each_dependency(gateway: Gateway) -> None:
    told = httpx.get(f"{gateway.url}/readyz", trust_env=False)
    assert told.status_code == 200
    found = told.json()
    assert (found["database"], found["broker"], found["spooled"]) == ("ok", "ok", 0)
    assert set(found["services"]) == {"grid", "alerts", "cases", "catalogue", "sharing"}

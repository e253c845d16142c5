"""The hot way in has the manners of the door, although it stands before the framework."""

import json
import socket
from uuid import uuid4

import httpx
import pytest

from services.chassis import tracing
from tests.gateway.conftest import Gateway

PATH = "/v1/intake/hikvision/east"
REFUSED = [
    # what is asked first is answered first: way, key, scope, adapter, source, size, name
    ("PUT", PATH, {}, b"", 405, "method_not_allowed"),
    ("POST", "/v1/intake/unheard/a%20b", {}, b"", 401, "key_missing"),
    ("POST", "/v1/intake/unheard/a%20b", {"X-API-Key": "operator"}, b"", 403, "scope_missing"),
    ("POST", "/v1/intake/unheard/a%20b", {"X-API-Key": "device"}, b"", 404, "adapter_unknown"),
    ("POST", "/v1/intake/hikvision/a%0A", {"X-API-Key": "device"}, b"", 422, "source_invalid"),
    ("POST", PATH, {"X-API-Key": "device", "Idempotency-Key": "a b"}, b"x" * 262_145, 413, "body_too_large"),
    ("POST", PATH, {"X-API-Key": "device", "Idempotency-Key": "a b"}, b"x", 400, "idempotency_key_invalid"),
    ("POST", PATH, {"X-API-Key": "device", "X-Actor": "%ff"}, b"x", 422, "actor_invalid"),
    ("POST", PATH + "/further", {"X-API-Key": "device"}, b"", 404, "path_unknown"),
]


def presented(gateway: Gateway, headers: dict[str, str]) -> dict[str, str]:
    return {name: gateway.keys[value] if name == "X-API-Key" else value for name, value in headers.items()}


@pytest.mark.parametrize("refused", REFUSED)
def test_refusals_in_their_order(gateway: Gateway, refused: tuple[str, str, dict[str, str], bytes, int, str]) -> None:
    method, path, headers, body, status, code = refused
    with gateway.client(None, **presented(gateway, headers)) as client:
        answer = client.request(method, path, content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["trace_id"] == answer.headers["x-trace-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.get("allow") == ("POST" if status == 405 else None)


def test_an_accepted_report_carries_its_trace(gateway: Gateway) -> None:
    trace = uuid4().hex
    with gateway.client("device", traceparent=f"00-{trace}-{'1' * 16}-01") as client:
        answer = client.post(PATH, content=b"<x/>")
    assert (answer.status_code, answer.headers["content-type"]) == (202, "application/json")
    assert answer.headers["x-trace-id"] == answer.headers["traceresponse"].split("-")[1] == trace
    assert answer.headers["x-content-type-options"] == "nosniff"
    with gateway.client() as admin:
        told = admin.get(f"/v1/reports/{answer.json()['report']}").json()
    assert (told["state"], told["trace_id"], told["size"], told["source"]) == ("received", trace, 4, "east")


def test_a_trace_that_nobody_records_says_so(gateway: Gateway) -> None:
    with gateway.client("device") as client:
        told = client.post(PATH, content=b"<x/>").headers["traceresponse"]
    assert not tracing.recorded(told)
    assert tracing.recorded(None) and tracing.recorded(f"{told[:-2]}01") and tracing.recorded(f"{told[:-2]}03")


def test_a_retry_is_the_same_report_and_all_others_are_not(gateway: Gateway) -> None:
    def post(**headers: str) -> str:
        with gateway.client("device", **headers) as client:
            report: str = client.post(PATH, content=b"<x/>").json()["report"]
        return report

    event = {"ce-source": "east", "ce-id": "7"}
    assert post(**event) == post(**event) != post(**{**event, "ce-id": "8"})
    assert post(**{"Idempotency-Key": "k"}) == post(**{"Idempotency-Key": "k"})
    assert post() != post()


ALARM = {"specversion": "1.0", "id": "1", "source": "/boxes/7", "type": "t", "data": {"type": "fire_smoke"}}
TOLD = [
    (json.dumps(ALARM).encode(), 202, "", None),
    (json.dumps([ALARM, ALARM]).encode(), 202, "", None),
    (b"", 422, "json_invalid", "(line 1, column 1)"),
    (b'{"specversion": "1.0",\n "id": }', 422, "json_invalid", "(line 2, column 8)"),
    (b'{"id":\n\n "\xff"}', 422, "json_invalid", "(line 3, column 3)"),
    (b"[" * 100_000, 422, "json_too_deep", None),
    (json.dumps({**ALARM, "data": None}).encode(), 422, "input_invalid", "/data"),
    (json.dumps([ALARM, {**ALARM, "data": {"severity": 9}}]).encode(), 422, "input_invalid", "/1/data/severity"),
    (json.dumps({**ALARM, "source": "\ud800"}).encode(), 422, "text_invalid", "/source"),
    (json.dumps([ALARM] * 101).encode(), 422, "input_invalid", ""),
]


@pytest.mark.parametrize(("body", "status", "code", "place"), TOLD)
def test_a_program_is_told_where_its_events_are_wrong(
    gateway: Gateway, body: bytes, status: int, code: str, place: str | None
) -> None:
    with gateway.client("device", **{"Accept-Language": "en"}) as client:
        answer = client.post("/v1/intake/cloudevents/boxes", content=body)
        other = client.post("/v1/intake/frigate/boxes", content=body)
    assert (answer.status_code, other.status_code) == (status, 202)
    told = answer.json()
    assert told.get("code", "") == code
    if place is not None:
        assert place in told["detail"] or place == told["errors"][0]["pointer"]


def test_only_refusals_leave_a_line_and_a_record(gateway: Gateway) -> None:
    with gateway.client("device") as client:
        taken = client.post(PATH, content=b"<x/>").headers["x-trace-id"]
        refused = client.post("/v1/intake/unheard/x", content=b"<x/>").headers["x-trace-id"]
    assert [taken in line or refused in line for line in gateway.home.log("gateway").read_text().splitlines()].count(
        True
    ) == 1
    assert gateway.database["audit"].count_documents({"trace_id": taken}) == 0
    entry = gateway.database["audit"].find_one({"trace_id": refused})
    assert entry is not None
    assert (entry["client"], entry["path"], entry["code"]) == (
        "device",
        "/v1/intake/{adapter}/{source}",
        "adapter_unknown",
    )


def test_the_first_of_two_keys_counts(gateway: Gateway) -> None:
    keys = [("X-API-Key", gateway.keys["device"]), ("X-API-Key", "yw_unknown")]
    first = httpx.post(gateway.url + PATH, headers=keys, content=b"x", trust_env=False)
    last = httpx.post(gateway.url + PATH, headers=keys[::-1], content=b"x", trust_env=False)
    assert (first.status_code, last.status_code) == (202, 401)


def test_a_body_that_breaks_off_is_no_report(gateway: Gateway) -> None:
    source = uuid4().hex
    head = f"POST /v1/intake/hikvision/{source} HTTP/1.1\r\nHost: x\r\nX-API-Key: {gateway.keys['device']}\r\n"
    with socket.create_connection(("127.0.0.1", int(gateway.process.plan.env["GATEWAY_PORT"]))) as half:
        half.sendall(f"{head}Content-Length: 100\r\n\r\nhalf".encode())
        half.shutdown(socket.SHUT_WR)
        assert b" 202 " not in half.recv(4096)
    with gateway.client("device") as client:
        assert client.post(PATH, content=b"x").status_code == 202

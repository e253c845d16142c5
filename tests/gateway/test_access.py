"""Keys: how they are presented, how they end, and what a refusal looks like."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import psutil
import pytest

from tests.gateway.conftest import Gateway

PATH = "/v1/clients"


def create(admin: httpx.Client, **told: object) -> dict[str, str]:
    body = {"client": f"c{uuid4().hex[:12]}", "name": "城管局", "scopes": ["admin"], **told}
    answer = admin.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


def status(gateway: Gateway, key: str) -> tuple[int, str]:
    answer = httpx.get(gateway.url + PATH, headers={"X-API-Key": key}, trust_env=False)
    return answer.status_code, answer.json().get("code", "")


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic !!"}, {"X-API-Key": ""}, {"X-API-Key": "yw_x"}]
)
def test_without_a_valid_key(gateway: Gateway, header: dict[str, str]) -> None:
    answer = httpx.get(gateway.url + PATH, headers=header, trust_env=False)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["trace_id"] == answer.headers["x-trace-id"]


def test_three_ways_to_present_a_key(gateway: Gateway) -> None:
    key = gateway.keys["admin"]
    basic = base64.b64encode(f"camera:{key}".encode()).decode()
    for header in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}, {"Authorization": f"Basic {basic}"}):
        assert httpx.get(gateway.url + PATH, headers=header, trust_env=False).status_code == 200


def test_a_key_says_whom_it_speaks_for(gateway: Gateway, admin: httpx.Client) -> None:
    made = create(admin, scopes=["alerts:read", "ops"], department="chengguan")
    headers = {"X-API-Key": made["key"], "X-Actor": "%E5%BC%A0%E4%B8%89"}
    told = httpx.get(f"{gateway.url}/v1/me", headers=headers, trust_env=False).json()
    assert told == {
        "client": made["client"],
        "name": "城管局",
        "scopes": ["alerts:read", "ops"],
        "department": "chengguan",
        "territory": None,
        "actor": "张三",
    }
    assert httpx.get(f"{gateway.url}/v1/me", trust_env=False).status_code == 401


def test_a_key_is_shown_once_and_stored_as_a_hash(gateway: Gateway, admin: httpx.Client) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"client": f"c{uuid4().hex[:12]}", "name": "x", "scopes": ["ops"]}
    made = admin.post(PATH, json=body, headers=headers)
    again = admin.post(PATH, json=body, headers=headers)
    assert (made.status_code, again.status_code, again.json()["code"]) == (201, 409, "shown_once")
    key = made.json()["key"]
    for collection in gateway.database.list_collection_names():
        assert all(key not in str(document) for document in gateway.database[collection].find())
    listed = {client["client"]: client for client in admin.get(PATH, params={"limit": 200}).json()["items"]}
    assert listed[body["client"]]["keys"][0]["prefix"] == key[:10]
    assert "sha256" not in str(listed)


def test_rotation_overlaps(gateway: Gateway, admin: httpx.Client) -> None:
    made = create(admin)
    path = f"{PATH}/{made['client']}:rotate"
    fresh = admin.post(path, json={"overlap_hours": 1}).json()
    assert status(gateway, made["key"])[0] == status(gateway, fresh["key"])[0] == 200
    last = admin.post(path, json={"overlap_hours": 0}).json()
    assert status(gateway, last["key"])[0] == 200
    # the cache of the door forgets within two seconds; a key that was never seen is looked up at once
    unseen = create(admin)
    admin.post(f"{PATH}/{unseen['client']}:rotate", json={"overlap_hours": 0})
    assert status(gateway, unseen["key"]) == (403, "key_expired")


def test_revocation(gateway: Gateway, admin: httpx.Client) -> None:
    one, whole = create(admin), create(admin)
    assert admin.post(f"{PATH}/{one['client']}:revoke", json={"prefix": one["prefix"]}).status_code == 200
    assert admin.post(f"{PATH}/{whole['client']}:revoke").json()["state"] == "revoked"
    assert status(gateway, one["key"]) == status(gateway, whole["key"]) == (403, "key_revoked")
    assert admin.post(f"{PATH}/{whole['client']}:rotate").json()["code"] == "client_revoked"
    assert admin.post(f"{PATH}/admin:revoke").json()["code"] == "own_client"
    assert admin.post(f"{PATH}/unheard-of:revoke").status_code == 404


def test_expiry_and_names(gateway: Gateway, admin: httpx.Client) -> None:
    ended = create(admin, expires_at=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())
    assert status(gateway, ended["key"]) == (403, "key_expired")
    assert admin.post(PATH, json={"client": ended["client"], "name": "x", "scopes": ["ops"]}).status_code == 409
    wrong = admin.post(PATH, json={"client": "$x", "name": "", "scopes": ["root"]}).json()
    assert {error["pointer"] for error in wrong["errors"]} == {"/client", "/name", "/scopes/0"}


def test_pages_of_clients_are_linked(admin: httpx.Client) -> None:
    create(admin)
    page = admin.get(PATH, params={"limit": 1})
    assert page.links["next"]["url"].startswith(PATH)
    seen = {page.json()["items"][0]["client"]}
    while "next" in page.links:
        page = admin.get(page.links["next"]["url"])
        names = {client["client"] for client in page.json()["items"]}
        assert not names & seen
        seen |= names
    assert {"admin", "device", "operator"} <= seen
    assert admin.get(PATH, params={"cursor": "%%"}).status_code == 422


def test_the_door_listens_on_loopback_alone(gateway: Gateway) -> None:
    assert gateway.process.child is not None
    listening = [
        c.laddr.ip for c in psutil.Process(gateway.process.child.pid).net_connections() if c.status == "LISTEN"
    ]
    assert listening == ["127.0.0.1"]

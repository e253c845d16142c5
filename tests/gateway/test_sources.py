"""Devices with a URL of their own: what it opens, how it ends, what is counted, and that nobody else learns it."""

import asyncio
import json
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest

from services.gateway.pictures import replaced
from services.gateway.refusals import MOST, Refusals
from services.gateway.sources import TOKEN
from tests.faults.town import eventually
from tests.gateway.conftest import Gateway

PATH = "/v1/sources"
MIB = 1024 * 1024
REPORT = b"<EventNotificationAlert/>"
CUT = "multipart/form-data; boundary=cut"


def create(admin: httpx.Client, **told: object) -> dict[str, str]:
    answer = admin.post(PATH, json={"source": f"gate-{uuid4().hex[:8]}", **told})
    assert answer.status_code == 201, answer.text
    made: dict[str, str] = answer.json()
    return made


def post(url: str, body: bytes = REPORT, **headers: str) -> tuple[int, str]:
    answer = httpx.post(url, content=body, headers=headers, trust_env=False, timeout=20)
    return answer.status_code, answer.json().get("code", "")


def listed(admin: httpx.Client, source: str) -> dict[str, object]:
    found = {one["source"]: one for one in admin.get(PATH, params={"limit": 200}).json()["items"]}
    kept: dict[str, object] = found[source]
    return kept


def multipart(*parts: tuple[str, bytes]) -> bytes:
    body = b"".join(b"--cut\r\nContent-Type: %b\r\n\r\n%b\r\n" % (kind.encode(), part) for kind, part in parts)
    return body + b"--cut--\r\n"


def test_a_url_is_all_that_a_camera_needs(gateway: Gateway, admin: httpx.Client) -> None:
    made = create(admin, adapter="hikvision", note="东门")
    assert made["token"].startswith(TOKEN) and made["prefix"] == made["token"][:10]
    assert made["url"] == f"{gateway.url}/v1/intake/hikvision/{made['token']}"
    [report, *_] = [httpx.post(made["url"], content=REPORT, trust_env=False) for _ in range(3)]
    told = admin.get(f"/v1/reports/{report.json()['report']}").json()
    assert (told["source"], told["adapter"]) == (made["source"], "hikvision")
    eventually(lambda: listed(admin, made["source"])["reports"] == 3, what="the reports are counted")
    assert str(listed(admin, made["source"])["last_used_at"]) >= told["received_at"]


def test_what_a_url_does_not_open(gateway: Gateway, admin: httpx.Client) -> None:
    made, free = create(admin, adapter="hikvision"), create(admin)
    assert "{adapter}" in free["url"]
    for adapter in ("hikvision", "gb28181"):
        assert post(free["url"].format(adapter=adapter))[0] == 202
    other = made["url"].replace("hikvision", "dahua")
    assert post(other) == (403, "adapter_not_granted")
    assert post(free["url"].format(adapter="unheard")) == (404, "adapter_unknown")
    assert post(made["url"][:-1]) == (401, "token_unknown")
    # a key beside it changes nothing: a mistyped token never becomes a name
    assert post(made["url"][:-1], **{"X-API-Key": gateway.keys["device"]}) == (401, "token_unknown")
    # and a token is no key
    assert admin.get(PATH, headers={"Authorization": f"Bearer {made['token']}"}).status_code == 401


def test_rotation_and_revocation(gateway: Gateway, admin: httpx.Client) -> None:
    made = create(admin)
    path = f"{PATH}/{made['source']}"
    fresh = admin.post(f"{path}:rotate", json={"overlap_hours": 1}).json()
    assert [post(one["url"].format(adapter="onvif"))[0] for one in (made, fresh)] == [202, 202]
    ended = create(admin)
    assert admin.post(f"{PATH}/{ended['source']}:rotate", json={"overlap_hours": 0}).status_code == 200
    assert post(ended["url"].format(adapter="onvif")) == (403, "key_expired")
    gone = create(admin)
    assert admin.post(f"{PATH}/{gone['source']}:revoke").json()["state"] == "revoked"
    assert post(gone["url"].format(adapter="onvif")) == (403, "key_revoked")
    assert admin.post(f"{PATH}/{gone['source']}:rotate").json()["code"] == "source_revoked"
    assert admin.post(f"{path}:revoke", json={"prefix": made["prefix"]}).json()["state"] == "active"
    eventually(lambda: post(made["url"].format(adapter="onvif"))[0] == 403, what="the door has heard of it")
    assert post(fresh["url"].format(adapter="onvif"))[0] == 202


def test_orders_that_name_what_is_wrong(admin: httpx.Client) -> None:
    for told, pointer in (
        ({"source": f"{TOKEN}x"}, "/source"),
        ({"source": "a b"}, "/source"),
        ({"source": "a", "adapter": "unheard"}, "/adapter"),
        ({"source": "a", "expires_at": "soon"}, "/expires_at"),
    ):
        answer = admin.post(PATH, json=told)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    made = create(admin)
    assert admin.post(PATH, json={"source": made["source"]}).json()["code"] == "source_exists"
    assert admin.post(f"{PATH}/unheard-of:rotate").json()["code"] == "source_unknown"


def test_refusals_are_counted_by_remote(gateway: Gateway, admin: httpx.Client) -> None:
    made = create(admin, adapter="hikvision")
    for _ in range(2):
        assert post(made["url"].replace("hikvision", "onvif"))[0] == 403
    assert post(made["url"], b"x" * (256 * 1024 + 1)) == (413, "body_too_large")
    found = admin.get("/v1/refusals").json()
    own = {row["code"]: row for row in found["items"] if row["client"] == f"source:{made['source']}"}
    assert {code: (row["count"], row["status"], row["remote"]) for code, row in own.items()} == {
        "adapter_not_granted": (2, 403, "127.0.0.1"),
        "body_too_large": (1, 413, "127.0.0.1"),
    }


def test_the_table_of_refusals_is_bounded() -> None:
    table = Refusals(datetime.now(UTC))
    for number in range(MOST + 5):
        table.count(f"2001:db8::{number:x}", None, 401, "key_missing", datetime.now(UTC))
    told = table.listed()
    assert (len(told.items), told.forgotten, told.items[0].remote) == (MOST, 5, f"2001:db8::{MOST + 4:x}")


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([("application/xml", REPORT), ("image/jpeg", b"\xff" * (8 * MIB))], 202),
        ([("application/xml", REPORT), ("image/jpeg", b"\xff" * (5 * MIB)), ("image/jpeg", b"\xfe" * (5 * MIB))], 202),
        ([("application/xml", REPORT), ("image/jpeg", b"\xff" * (8 * MIB + 1))], 413),
        ([("application/xml", b"<" * (256 * 1024 + 1))], 413),
        ([("image/jpeg", b"\xff" * (6 * MIB))] * 3, 413),
    ],
)
def test_pictures_are_taken_and_reports_are_small(
    gateway: Gateway, admin: httpx.Client, parts: list[tuple[str, bytes]], status: int
) -> None:
    url = create(admin, adapter="hikvision")["url"]
    assert post(url, multipart(*parts), **{"Content-Type": CUT})[0] == status


def test_no_picture_goes_on_the_bus() -> None:
    picture = b"\xff\xd8" + bytes(MIB)
    kept = asyncio.run(replaced(multipart(("application/xml", REPORT), ("image/jpeg", picture)), CUT))
    assert REPORT in kept and len(kept) < 1000
    assert f"image/jpeg;size={len(picture)};sha256={sha256(picture).hexdigest()}".encode() in kept


def test_a_token_is_shown_once_and_written_nowhere(gateway: Gateway, admin: httpx.Client) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    body = {"source": f"gate-{uuid4().hex[:8]}", "adapter": "hikvision"}
    made, again = (admin.post(PATH, json=body, headers=headers) for _ in range(2))
    assert (made.status_code, again.json()["code"]) == (201, "shown_once")
    url, token = made.json()["url"], made.json()["token"]
    secret = token[len(TOKEN) :]
    answers = [
        httpx.request(method, place, content=REPORT, headers=more, trust_env=False)
        for method, place, more in (
            ("POST", url, {}),
            ("PUT", url, {}),
            ("POST", f"{url}/further", {}),
            ("POST", f"{url}?{token}", {"X-Actor": "%ff"}),
            ("POST", url.replace("hikvision", "onvif"), {}),
            ("POST", url, {"Idempotency-Key": "a b"}),
            ("GET", f"{gateway.url}{PATH}/{token}", {}),
        )
    ]
    admin.post(f"{PATH}/{body['source']}:revoke")
    eventually(lambda: post(url)[0] == 403, what="the door has heard of it")
    for answer in answers:
        assert secret not in answer.text + json.dumps(dict(answer.headers))
    assert secret not in admin.get(PATH, params={"limit": 200}).text + admin.get("/v1/refusals").text
    assert secret not in gateway.home.log("gateway").read_text("utf-8")
    for collection in gateway.database.list_collection_names():
        assert all(secret not in str(document) for document in gateway.database[collection].find())
    entries = list(gateway.database["audit"].find({"client": f"source:{body['source']}"}))
    assert {entry["code"] for entry in entries} >= {"adapter_not_granted", "key_revoked"}

"""Dead letters from a terminal, against the whole city with its rights."""

import json
import time
from uuid import uuid4

import httpx
import pytest

from tests.cli.test_commands import run
from tests.conftest import City

QUEUE = "alerts.alerts.report_received.v1"


@pytest.fixture
def unreadable(city: City) -> str:
    """The report number of a body that nobody can read; it is a dead letter."""
    body = f"<EventNotificationAlert>{uuid4().hex}".encode()
    with httpx.Client(base_url=city.gateway, headers={"X-API-Key": city.keys["device"]}, trust_env=False) as device:
        return str(device.post("/v1/intake/hikvision/cli", content=body).json()["report"])


def told(city: City) -> dict[str, str]:
    return {"YIWANG_GATEWAY": city.gateway, "YIWANG_KEY": city.keys["operator"]}


def letter(city: City, report: str, *more: str) -> dict[str, object]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        listed = run(None, "--json", "dead-letters", "list", "--queue", QUEUE, *more, **told(city))
        assert listed.returncode == 0, listed.stderr
        found = [one for one in json.loads(listed.stdout)["items"] if one["message_id"] == report]
        if found:
            return dict(found[0])
    raise AssertionError("no such letter in time")


def test_a_dead_letter_is_listed_looked_at_and_redriven(city: City, unreadable: str) -> None:
    found = letter(city, unreadable, "--service", "alerts")
    shown = run(None, "dead-letters", "look", "alerts", str(found["id"]), **told(city))
    assert (shown.returncode, "<EventNotificationAlert>" in shown.stdout) == (0, True), shown.stderr
    assert str(found["reason"]).split()[0] in shown.stdout
    nothing = run(None, "dead-letters", "redrive", "alerts", **told(city))
    assert (nothing.returncode, "--all" in nothing.stderr) == (2, True)
    again = run(None, "--json", "dead-letters", "redrive", "alerts", "--since", str(found["dead_at"]), **told(city))
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["redriven"] >= 1
    # nobody can read it the second time either: the same letter, with its history
    until = time.monotonic() + 30
    while (died := letter(city, unreadable))["redriven_count"] != 1 or died["state"] != "dead":
        assert time.monotonic() < until, died
    assert (died["id"], died["attempts"], died["redriven_by"]) == (found["id"], 2, "operator")
    history = run(None, "--json", "dead-letters", "look", "alerts", str(found["id"]), **told(city))
    assert [past["by"] for past in json.loads(history.stdout)["redrives"]] == ["operator"]
    whole = run(None, "dead-letters", "redrive", "alerts", "--all", "--queue", QUEUE, **told(city))
    assert (whole.returncode, "已重投" in whole.stdout) == (0, True), whole.stderr


def test_an_empty_order_is_refused_at_the_door_too(city: City) -> None:
    with httpx.Client(base_url=city.gateway, headers={"X-API-Key": city.keys["operator"]}, trust_env=False) as client:
        for body in ({}, {"service": "alerts"}, {"ids": []}):
            refused = client.post("/v1/dead-letters:redrive", json=body)
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["code"] == "selection_missing"
        assert client.post("/v1/dead-letters:redrive", json={"all": True, "queue": "none"}).json()["redriven"] == 0

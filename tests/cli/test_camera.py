"""`yiwang camera` against the whole city: what it says became of its posts is so."""

import json
from pathlib import Path

import httpx

from services.cli.posting import Totals
from tests.cli.test_commands import run
from tests.conftest import City

POSTS = 240


def at(city: City, key: str = "admin") -> dict[str, str]:
    return {"YIWANG_GATEWAY": city.gateway, "YIWANG_KEY": city.keys[key]}


def test_a_stream_arrives_whole_and_becomes_what_it_should(city: City) -> None:
    told = run(
        None,
        *(
            "--json",
            "camera",
            "stream",
            "--wait",
            "--devices",
            "30",
            "--rate",
            "80/s",
            "--minutes",
            str(POSTS / 80 / 60),
        ),
        **at(city),
    )
    assert told.returncode == 0, told.stdout + told.stderr
    found = json.loads(told.stdout)
    assert (found["sent"], found["accepted"], found["lost"], found["differs"]) == (POSTS, POSTS, 0, [])
    assert found["should"] == found["became"] and set(found["became"]) == {"parsed", "heartbeat", "rejected"}
    with httpx.Client(base_url=city.gateway, headers={"X-API-Key": city.keys["admin"]}, trust_env=False) as client:
        alerts = client.get("/v1/alerts", params={"limit": 200, "device": "play-00001"}).json()["items"]
    assert {alert["source"] for alert in alerts} <= {"play-00001"}


def test_a_folder_is_played(city: City, tmp_path: Path) -> None:
    for number in range(3):
        told = f"<eventType>VMD</eventType><channelID>{number}</channelID>"
        (tmp_path / f"{number}.xml").write_text(f"<EventNotificationAlert>{told}</EventNotificationAlert>")
    options = ("--adapter", "hikvision", "--source", "folder", "--rate", "50/s", "--wait")
    told = run(None, "--json", "camera", "play", str(tmp_path), *options, **at(city, "device"))
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["became"] == {"parsed": 3}


def test_what_is_refused_is_lost(city: City, tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_text("<x/>")
    options = ("--adapter", "hikvision", "--source", "folder")
    told = run(None, "camera", "play", str(tmp_path), *options, **{**at(city), "YIWANG_KEY": "yw_none"})
    assert (told.returncode, "key_unknown" in told.stdout) == (1, True)
    away = run(None, "camera", "play", str(tmp_path), *options, YIWANG_GATEWAY="http://127.0.0.1:1")
    assert away.returncode == 3


def test_a_promise_that_is_nowhere_counts_as_lost() -> None:
    totals = Totals()
    totals.became["received"] += 1
    totals.refused["key_unknown"] += 2
    assert totals.lost == 3

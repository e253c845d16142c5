"""What the synthetic cameras send is read by the adapters as announced."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from deploy.local import cameras
from deploy.local.synthetic import ground, points
from services.alerts.adapters import gb28181, hikvision
from services.alerts.adapters.wire import Unreadable
from services.cli.payloads import GREY_DOT, NAMESPACES, Payload

SEED = 2309
NOW = datetime(2026, 3, 14, 4, 0, tzinfo=UTC)
ADAPTERS = {"hikvision": hikvision.read, "gb28181": gb28181.read}
KINDS = {"alarm": "parsed", "heartbeat": "heartbeat"}


@pytest.fixture(scope="module")
def payloads() -> list[Payload]:
    return cameras.posts(points.cameras(ground.tiles(SEED), SEED), SEED, NOW)


def test_each_payload_becomes_what_it_says(payloads: list[Payload]) -> None:
    becomes = []
    for payload in payloads:
        try:
            [report] = ADAPTERS[payload.adapter](payload.body, payload.content_type)
            becomes.append(KINDS[report.kind])
        except Unreadable:
            becomes.append("rejected")
    assert becomes == [payload.becomes for payload in payloads]
    assert set(Counter(becomes)) == {"parsed", "heartbeat", "rejected"}


def test_repeats_differ_and_are_few_alarms(payloads: list[Payload]) -> None:
    alarms = [payload for payload in payloads if payload.alarm]
    assert len({(payload.source, payload.body) for payload in payloads}) == len(payloads)
    assert len(alarms) > 5 * len({payload.alarm for payload in alarms})
    assert cameras.dispatching(payloads) < {payload.alarm for payload in alarms}


def test_the_dialects_of_the_wild_are_there(payloads: list[Payload]) -> None:
    bodies = b"".join(payload.body for payload in payloads)
    assert all(namespace.encode() in bodies for namespace in NAMESPACES)
    assert "合成演示报警".encode("gb2312") in bodies
    [report] = hikvision.read(*next((p.body, p.content_type) for p in payloads if "multipart" in p.content_type))
    assert report.media[0].startswith(f"image/jpeg;size={len(GREY_DOT)};")


def test_the_same_seed_sends_the_same(payloads: list[Payload]) -> None:
    assert cameras.posts(points.cameras(ground.tiles(SEED), SEED), SEED, NOW) == payloads

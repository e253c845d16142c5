"""What is posted: the same prepared payloads for every contender, from the synthetic city's own cameras."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from deploy.local.demo import exchange
from deploy.local.synthetic.people import Person
from deploy.local.synthetic.points import Camera
from services.cli import payloads

SEED = 20260314
HEARTBEATS_OF = 10
EVENTS = ("fielddetection", "linedetection", "VMD")


@dataclass(frozen=True)
class Post:
    """One request body and where it goes."""

    path: str
    content_type: str
    body: bytes


def camera(serial: int) -> Camera:
    """The `serial`-th camera of the benchmark, each in a place of its own in Taoshan district."""
    longitude, latitude = 130.90 + serial % 100 * 0.001, 45.70 + serial // 100 * 0.001
    device = f"bench-{serial:06d}"
    return Camera(
        device, "1", "hikvision", f"{serial:020d}", f"小区{serial}南门(合成)", "公安局", "", longitude, latitude
    )


def reports(among: int, count: int, seed: int = SEED) -> list[Post]:
    """So many distinct reports of so many cameras: nine alarms, which repeat, to one heartbeat, well shuffled.

    Each camera goes on with one alarm and its counter; with as many cameras as reports every alarm is a new one.
    """
    random, now = Random(seed), datetime.now(UTC)
    made = []
    for number in range(count):
        one, turn = camera(number % among), number // among
        at = now - timedelta(seconds=count // among - turn)
        if random.randrange(HEARTBEATS_OF) == 0:
            payload = payloads.heartbeat(one, at, turn)
        else:
            payload = payloads.hikvision(one, EVENTS[number % among % len(EVENTS)], at, turn + 1)
        made.append(Post(payload.path, payload.content_type, payload.body))
    random.shuffle(made)
    return made


def batches(persons: Sequence[Person], dataset: str, size: int = 100) -> Iterator[Post]:
    """Batches of CloudEvents of a department; `@SERIAL@` in their ids makes each post a new one."""
    path, content_type = f"/v1/datasets/{dataset}/events", "application/cloudevents-batch+json"
    for first in range(0, len(persons) - size + 1, size):
        events = [exchange.event(person, 0) for person in persons[first : first + size]]
        for place, event in enumerate(events):
            event["id"] = f"@SERIAL@-{place:03d}"
        yield Post(path, content_type, json.dumps(events, ensure_ascii=False).encode())

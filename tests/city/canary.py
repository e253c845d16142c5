"""Values that cannot be anywhere by chance, and every place where they must not be."""

import json
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import kombu
from pymongo import MongoClient

from deploy.local.demo.door import Door, until
from deploy.local.synthetic.people import identity_number
from services.chassis.topology import EVENTS, SERVICES

from ..conftest import City


class Canary:
    """Values that cannot be anywhere by chance, by the door through which each went in."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def text(self, door: str) -> str:
        """A name, an address, words."""
        return self.values.setdefault(door, f"金丝雀{uuid4().hex[:12]}")

    def digits(self, door: str, count: int) -> str:
        """A number of so many digits."""
        return self.values.setdefault(door, f"1{uuid4().int}"[:count])

    def identity(self, door: str) -> str:
        """A number that passes its check (GB 11643), of a region that does not exist."""
        number = uuid4().int
        digits = f"99{number % 10**4:04d}19{number // 10**4 % 90 + 10}0128{number // 10**6 % 1000:03d}"
        return self.values.setdefault(door, identity_number(digits))

    def found_in(self, content: bytes) -> list[str]:
        """The doors whose value is in the content, as it is or as JSON escapes."""
        forms = {door: {value.encode(), json.dumps(value)[1:-1].encode()} for door, value in self.values.items()}
        return [door for door, wanted in forms.items() if any(form in content for form in wanted)]


@contextmanager
def tapped(amqp: str, awaited: Set[str]) -> Iterator[list[tuple[str, bytes]]]:
    """Every event that is published meanwhile, and until those awaited have come: (wire name, body)."""
    heard: list[tuple[str, bytes]] = []

    def hear(message: kombu.Message) -> None:
        heard.append((message.delivery_info["routing_key"], bytes(message.body)))

    with kombu.Connection(amqp) as connection:
        queue = kombu.Queue("", kombu.Exchange(EVENTS, "topic", passive=True), "#", exclusive=True)
        with connection.Consumer(queue, on_message=hear, no_ack=True) as consumer:
            yield heard
            while not {wire for wire, _ in heard} >= awaited:
                connection.drain_events(timeout=30)
            consumer.cancel()


def leaks(canary: Canary, named: Iterable[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """(place, door) of each value found."""
    return [(place, door) for place, content in named for door in canary.found_in(content)]


async def traced(door: Door, console: str) -> None:
    """Until the spans of all that was asked so far are stored."""
    last = await door.send("GET", "/v1/figures/grid")

    async def told() -> int:
        return (await door.send("GET", f"/v1/traces/{last.headers['X-Trace-Id']}")).status_code

    async def waiting() -> int:
        async with httpx.AsyncClient(trust_env=False) as http:
            return int((await http.get(f"{console}/readyz")).json()["waiting"])

    await until("spans told", told, lambda status: status == 200)
    await until("spans stored", waiting, lambda spans: spans == 0)


def spans(city: City) -> list[bytes]:
    """Every span that is stored, and what lists and search are made of."""
    with MongoClient[dict[str, Any]](city.mongodb) as client:
        kept = list(client["traces"]["traces"].find({}, {"_id": 0}))
    found = [bytes(span) for trace in kept for group in trace["raw"] for span in group["spans"]]
    return [*found, *(repr(trace).encode() for trace in kept)]


def logs(city: City) -> Iterator[tuple[str, bytes]]:
    """Every log of every process, by its name."""
    return ((log.name, log.read_bytes()) for log in city.home.logs.iterdir())


def kept_records(city: City) -> Iterator[tuple[str, bytes]]:
    """Every entry of every log of events and of the door's record."""
    with MongoClient[dict[str, Any]](city.mongodb) as client:
        for name, collection in (*((service, "event_log") for service in SERVICES), ("gateway", "audit")):
            for entry in client[name][collection].find():
                yield f"{name}.{collection}", repr(entry).encode()

"""Requests that cannot be answered, at every service: a fault or a dead letter, never the end of a process."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from kombu import Connection
from pymongo import MongoClient
from pymongo.database import Database

from contracts.operations import LookAtDeadLetter
from contracts.shared import Caller, Scope
from deploy.local.home import Home
from deploy.local.processes import stop_all
from services.chassis.links import Outgoing, Publisher
from services.chassis.topology import REQUESTS, SERVICES, request_queue
from tests.conftest import Processes
from tests.faults.doctored.hostile import DEEP, TOO_LARGE
from tests.faults.harness import eventually, rows

CALLER = Caller(client="tester", scopes=frozenset({Scope.ADMIN}))
STATUS = json.dumps({"args": [{"caller": CALLER.model_dump(mode="json")}], "kwargs": {}}).encode()
UNREADABLE = {
    "not JSON": (b'{"args"', "json_invalid"),
    "not UTF-8": (b'{"args":["\xff"]}', "json_invalid"),
    "depth bomb": (b"[" * 100_000, "json_too_deep"),
    "too deep": (json.dumps({"args": [DEEP]}).encode(), "json_too_deep"),
    "no object": (b"[1]", "request_malformed"),
    "no arguments": (b"{}", "request_invalid"),
    "wrong arguments": (b'{"args":[5],"kwargs":{}}', "request_invalid"),
    "too large": (TOO_LARGE, "json_invalid"),
}


def marked(service: str) -> object:
    """One service in plain tests, the others in `make faults`."""
    return pytest.param(service, marks=() if service == "catalogue" else pytest.mark.faults)


class Asker:
    """Asks as any client of the bus may: raw bodies, raw properties."""

    def __init__(self, url: str) -> None:
        self._publisher = Publisher(url, "asker")
        self._connection = Connection(url)
        self._channel = self._connection.channel()
        self.address = str(uuid4())
        self._queue = f"rpc.reply-asker-{self.address}"
        self._channel.queue_declare(self._queue, exclusive=True, auto_delete=False)
        self._channel.queue_bind(self._queue, REQUESTS, self.address)

    def send(self, service: str, method: str, body: bytes, reply_to: str | None = None, **headers: object) -> str:
        """The correlation id."""
        id = uuid4().hex
        key = f"{service}.{method}"
        message = Outgoing(REQUESTS, key, body, id, headers, correlation_id=id, reply_to=reply_to)
        assert self._publisher.publish([message]) == [None]
        return id

    def answer(self, id: str, within: float = 15.0) -> dict[str, Any]:
        """The answer to one request, those to others are dropped."""

        def look() -> dict[str, Any] | None:
            message = self._channel.basic_get(self._queue, no_ack=True)
            if message is None or message.properties.get("correlation_id") != id:
                return None
            found: dict[str, Any] = json.loads(message.body)
            return found

        return eventually(look, within, f"answer {id}")  # type: ignore[return-value]

    def waiting(self, queue: str) -> int:
        """Ready messages of a queue."""
        return int(self._channel.queue_declare(queue, passive=True).message_count)

    def close(self) -> None:
        self._publisher.close()
        self._connection.release()


class Asked(NamedTuple):
    """A service that is asked, its database, and who asks."""

    service: str
    database: Database[dict[str, Any]]
    asker: Asker


@pytest.fixture(scope="module")
def starter(home: Home, broker: str, store: str) -> Iterator[Processes]:
    found = Processes(home, broker, store)
    yield found
    stop_all(found.started)


@pytest.fixture(scope="module", params=[marked(name) for name in SERVICES])
def asked(request: pytest.FixtureRequest, starter: Processes, mongo: MongoClient[dict[str, Any]]) -> Iterator[Asked]:
    """One service after another; none may end before its tests do."""
    process = starter.start(request.param)
    found = Asked(request.param, mongo[process.plan.env["DATABASE"]], Asker(starter.broker))
    yield found
    assert process.child is not None
    assert process.child.poll() is None
    found.asker.close()
    stop_all([process])


def works(asker: Asker, service: str) -> None:
    """A request beside the others is answered."""
    answer = asker.answer(asker.send(service, "get_status", STATUS, asker.address))
    assert answer["error"] is None
    assert answer["result"]["service"] == service


def test_unreadable_requests_are_answered_with_a_fault(asked: Asked) -> None:
    service, _, asker = asked
    began = time.monotonic()
    for body, code in UNREADABLE.values():
        answer = asker.answer(asker.send(service, "get_status", body, asker.address))
        assert (answer["result"], answer["error"]["fault"]["code"]) == (None, code)
    for method in ("no_such_method", "__init__", "x" * 200):
        answer = asker.answer(asker.send(service, method, STATUS, asker.address))
        assert answer["error"]["fault"]["code"] == "method_unknown"
    works(asker, service)
    rows.add("无法解读的请求 unreadable requests", injected=len(UNREADABLE) + 3, seconds=time.monotonic() - began)


def test_requests_that_nobody_can_be_answered_are_dead_letters(asked: Asked) -> None:
    service, database, asker = asked
    began = time.monotonic()
    bodies = [STATUS, *(body for body, _ in UNREADABLE.values())]
    for body in bodies:
        asker.send(service, "get_status", body)
    works(asker, service)
    letters = database["dead_letters"]
    eventually(lambda: letters.count_documents({}) == len(bodies), what="letters")
    filed = Counter((one["queue"], one["reason"], one["attempts"]) for one in letters.find({}, {"body": 0}))
    assert filed == {(request_queue(service), "undecodable: reply_to_missing", 1): len(bodies)}
    rows.add("请求无回复地址 requests without reply_to", injected=len(bodies), seconds=time.monotonic() - began)


def test_late_requests_and_dead_reply_queues_disturb_nobody(asked: Asked) -> None:
    """Past its deadline an order is not carried out; one whose asker is gone is, once."""
    service, database, asker = asked
    began = time.monotonic()
    asker.send(service, "get_status", b"an order to look at me")
    letter = eventually(lambda: database.dead_letters.find_one({"size": 22}), what="a letter")
    looks = {"action": "look_at_dead_letter"}

    def look(reply_to: str, **headers: object) -> None:
        order = LookAtDeadLetter(caller=CALLER, id=letter["_id"], idempotency_key=uuid4().hex)
        body = json.dumps({"args": [order.model_dump(mode="json")], "kwargs": {}}).encode()
        asker.send(service, "look_at_dead_letter", body, reply_to, **headers)

    for seconds in (0.001, 60, 10**9):
        look(asker.address, **{"x-deadline": int((time.time() - seconds) * 1000)})
    works(asker, service)
    eventually(lambda: asker.waiting(request_queue(service)) == 0, what="requests taken")
    assert database.audit.count_documents(looks) == 0
    # nobody's queue; an address that the broker lets no service write to; one that is no address
    gone = (str(uuid4()), f"{service}.get_status", "x" * 250)
    for address in gone:
        for _ in range(5):
            look(address)
    works(asker, service)
    eventually(lambda: database.audit.count_documents(looks) == 15, what="orders carried out")
    works(asker, service)
    assert database.audit.count_documents(looks) == 15
    rows.add("迟到或无人等待的请求 late or unheard requests", injected=18, seconds=time.monotonic() - began)

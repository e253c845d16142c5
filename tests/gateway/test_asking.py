"""The way to the bus: bursts, refusals, lateness and a broker that goes away, seen from the event loop."""

import asyncio
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection

from contracts.alerts import ReportReceived
from contracts.faults import Unavailable
from contracts.operations import GetStatus
from contracts.shared import Caller
from deploy.local import broker as node
from deploy.local.home import Home
from deploy.local.processes import Process, start_all, stop_all
from services.chassis import context
from services.chassis.asking import Bus
from services.chassis.topology import EVENTS, REQUESTS

CALLER = Caller(client="tester")
WIRE = ReportReceived.wire


def report(name: str, body: bytes = b"<x/>", content_type: str = "text/xml") -> ReportReceived:
    return ReportReceived(
        report=name,
        adapter="hikvision",
        source="s",
        content_type=content_type,
        received_at=context.now(),
        body=body,
    )


@pytest.fixture
def heard(broker: str) -> Iterator[Callable[[int], list[Any]]]:
    """What is published, as a plain client of the broker sees it: a queue of this test's own."""
    with Connection(broker) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(queue, EVENTS, WIRE)

        def take(count: int) -> list[Any]:
            found: list[Any] = []
            until = time.monotonic() + 20
            while len(found) < count:
                assert time.monotonic() < until, len(found)
                message = channel.basic_get(queue, no_ack=True)
                found += [message] if message else []
            return found

        yield take


def run(url: str, work: Callable[[Bus], Any]) -> Any:
    async def whole() -> Any:
        async with Bus(url, "tester") as bus:
            return await work(bus)

    return asyncio.run(whole())


def test_a_burst_of_many_windows_arrives_once_and_in_order(broker: str, heard: Callable[[int], list[Any]]) -> None:
    async def publish(bus: Bus) -> None:
        await asyncio.gather(*(bus.publish(report(f"r{n}", b"%d" % n), f"r{n}", 30) for n in range(1000)))

    run(broker, publish)
    found = heard(1000)
    assert [message.properties["message_id"] for message in found] == [f"r{n}" for n in range(1000)]
    assert [bytes(message.body) for message in found] == [b"%d" % n for n in range(1000)]


def test_a_message_looks_as_the_library_would_have_written_it(broker: str, heard: Callable[[int], list[Any]]) -> None:
    big = bytes(range(256)) * 4000
    told = report("大报文", big, "text/xml; ü=ÿ")
    run(broker, lambda bus: bus.publish(told, "大报文", 30))
    (message,) = heard(1)
    assert bytes(message.body) == big
    properties = message.properties
    assert properties["message_id"] == "大报文"
    assert (properties["delivery_mode"], properties["content_type"]) == (2, "application/octet-stream")
    headers = properties["application_headers"]
    assert headers["x-content-type"] == told.content_type
    assert headers["x-received-at"] == told.model_dump(mode="json")["received_at"]
    assert set(headers) == {"x-report", "x-adapter", "x-source", "x-content-type", "x-received-at"}


def test_nobody_of_that_name(broker: str) -> None:
    async def ask(bus: Bus) -> None:
        began = time.monotonic()
        with pytest.raises(Unavailable) as told:
            await bus.ask(GetStatus(caller=CALLER), timeout=10, service="nobody")
        assert told.value.code == "service_away"
        assert time.monotonic() - began < 5

    run(broker, ask)


class Answerer:
    """A plain client of the broker that answers, twice if told so, what it is asked under its name."""

    def __init__(self, url: str, name: str, answers: int = 1) -> None:
        self.connection, self.answers = Connection(url), answers
        self.channel = self.connection.channel()
        self.channel.queue_declare(f"rpc-{name}", exclusive=True)
        self.channel.queue_bind(f"rpc-{name}", REQUESTS, f"{name}.*")
        self.channel.basic_consume(f"rpc-{name}", no_ack=True, callback=self.answer)
        self.ended = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        while not self.ended:
            try:
                self.connection.drain_events(timeout=0.2)
            except TimeoutError:
                continue

    def answer(self, asked: Any) -> None:
        """The question itself, as a fault of a service, large enough for several frames."""
        fault = {"kind": "unavailable", "code": "echo", "zh": "x" * 300_000, "en": bytes(asked.body).decode()}
        body = json.dumps({"result": None, "error": {"fault": fault}}).encode()
        for _ in range(self.answers):
            reply = self.channel.prepare_message(
                body, properties={"correlation_id": asked.properties["correlation_id"]}
            )
            self.channel.basic_publish(reply, exchange=REQUESTS, routing_key=asked.properties["reply_to"])

    def __enter__(self) -> "Answerer":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended = True
        self.thread.join()
        self.connection.release()


def test_each_question_gets_its_own_answer_and_a_second_one_is_ignored(broker: str) -> None:
    async def ask(bus: Bus) -> None:
        async def one(client: str) -> None:
            with pytest.raises(Unavailable) as told:
                await bus.ask(GetStatus(caller=Caller(client=client)), timeout=30, service="echo")
            assert told.value.code == "echo"
            assert json.loads(told.value.en)["args"][0]["caller"]["client"] == client

        await asyncio.gather(*(one(f"c{number}") for number in range(40)))

    with Answerer(broker, "echo", answers=2):
        run(broker, ask)


def test_silence_ends_at_the_deadline_and_who_gives_up_leaves_nothing(broker: str) -> None:
    async def ask(bus: Bus) -> None:
        began = time.monotonic()
        with pytest.raises(Unavailable) as told:
            await bus.ask(GetStatus(caller=CALLER), timeout=0.5, service="mute")
        assert told.value.code == "timeout"
        assert 0.4 < time.monotonic() - began < 5
        asking = asyncio.create_task(bus.ask(GetStatus(caller=CALLER), timeout=30, service="mute"))
        await asyncio.sleep(0)
        asking.cancel()
        assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], asyncio.CancelledError)
        assert not bus._listener._expected

    with Answerer(broker, "mute", answers=0):
        run(broker, ask)


def test_more_than_can_wait_is_refused_at_once(broker: str) -> None:
    async def publish(bus: Bus) -> list[Any]:
        sent = (bus.publish(report(f"b{n}"), f"b{n}", 60) for n in range(6000))
        return await asyncio.gather(*sent, return_exceptions=True)

    outcomes = run(broker, publish)
    refused = [outcome for outcome in outcomes if outcome is not None]
    assert {fault.code for fault in refused} == {"bus_busy"}
    assert outcomes[:4096] == [None] * 4096


def test_a_broker_that_dies_settles_everyone_and_is_found_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    processes = [Process(plan, home) for plan in node.plans(home)]
    start_all(processes)
    url = node.url(home, node.ADMIN)
    with Connection(url) as connection:
        connection.channel().exchange_declare(REQUESTS, "topic", durable=True, auto_delete=False)
        connection.channel().exchange_declare(EVENTS, "topic", durable=True, auto_delete=False)
        connection.channel().queue_declare("kept", durable=True, auto_delete=False)
        connection.channel().queue_bind("kept", EVENTS, WIRE)

    async def work(bus: Bus) -> None:
        await bus.publish(report("before"), "before")
        processes[1].send(signal.SIGKILL)
        answers = await asyncio.gather(
            *(bus.publish(report(f"d{n}"), f"d{n}", 20) for n in range(500)), return_exceptions=True
        )
        lost = [answer for answer in answers if answer is not None]
        assert all(isinstance(answer, Unavailable) for answer in lost)
        async with asyncio.timeout(20):
            while bus.connected:
                await asyncio.sleep(0.02)
        with pytest.raises(Unavailable) as told:
            await bus.ask(GetStatus(caller=CALLER), timeout=5)
        assert told.value.code == "bus_away"
        while processes[1].ended() is None:
            await asyncio.sleep(0.02)
        await asyncio.to_thread(start_all, [processes[1]])
        async with asyncio.timeout(30):
            while not bus.connected:
                await asyncio.sleep(0.05)
        await bus.publish(report("after"), "after", 20)

    try:
        run(url, work)
    finally:
        stop_all(processes)

"""Makes of a queue what no broker promises not to: every message three times, late, in any order."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from kombu import Connection

from services.chassis.links import Outgoing, Publisher
from services.chassis.messages import outgoing
from services.chassis.registry import listeners
from services.chassis.topology import SERVICES, event_queue
from tests.faults.harness import Town

TIMES = 3


def disturb(town: Town, queue: str, seed: int) -> int:
    """Take everything out of a queue that nobody reads, put it back three times and shuffled; how many there were."""
    with Connection(town.amqp) as connection:
        channel = connection.channel()
        taken: list[Any] = []
        while message := channel.basic_get(queue):
            taken.append(message)
        _publish(town, [_as_it_was(message, queue) for message in _shuffled(taken, seed)])
        for message in taken:
            channel.basic_ack(message.delivery_tag)
    return len(taken)


def told_again(town: Town, seed: int) -> int:
    """Every event that any service ever published, three times and shuffled, to each queue that hears it; how many."""
    events = [entry for service in SERVICES for entry in town.database(service)["event_log"].find()]
    again: list[Outgoing] = []
    for service, event in listeners():
        queue = event_queue(service, event.wire)
        mine = [entry for entry in events if entry["type"] == event.wire]
        again += (
            outgoing(entry["_id"], entry["type"], entry["body"], None)._replace(exchange="", routing_key=queue)
            for entry in mine
        )
    every = _shuffled(again, seed)
    _publish(town, every)
    return len(every)


def _publish(town: Town, messages: Sequence[Outgoing]) -> None:
    publisher = Publisher(town.amqp, "disorder")
    for place in range(0, len(messages), 500):
        part = messages[place : place + 500]
        assert publisher.publish(part) == [None] * len(part)
    publisher.close()


def _as_it_was(message: Any, queue: str) -> Outgoing:
    properties = message.properties
    carried = {name: value for name, value in properties["application_headers"].items() if name != "x-delivery-count"}
    return Outgoing("", queue, bytes(message.body), properties["message_id"], carried, properties["content_type"])


def _shuffled(messages: Iterable[Any], seed: int) -> list[Any]:
    found = [*messages] * TIMES
    Random(seed).shuffle(found)
    return found

"""When a town has nothing left to do, and what is left when it has not."""

import time
from collections.abc import Sequence

from kombu import Connection

from contracts.base import Event
from services.chassis import topology
from services.chassis.registry import listeners
from tests.faults.town import Town


def queues(heard: Sequence[tuple[str, type[Event]]] | None = None) -> list[str]:
    """Every queue of the topology that holds work."""
    found = listeners() if heard is None else heard
    return [
        *topology.TIERS,
        *(topology.dead_queue(service) for service in topology.SERVICES),
        *(topology.request_queue(service) for service in topology.SERVICES),
        *(topology.event_queue(service, event.wire) for service, event in found),
    ]


def depths(town: Town) -> dict[str, int]:
    """Ready messages by queue, those without any left out."""
    with Connection(town.amqp, connect_timeout=5) as connection:
        channel = connection.channel()
        counts = {name: channel.queue_declare(name, passive=True).message_count for name in queues()}
    return {name: count for name, count in counts.items() if count}


def outboxes(town: Town) -> dict[str, int]:
    """Documents with events not confirmed, by `database.collection`; what waits for its next step; the spool."""
    found: dict[str, int] = {}
    for service in topology.SERVICES:
        database = town.database(service)
        for name in database.list_collection_names():
            count = database[name].count_documents({"pending": True})
            if count:
                found[f"{service}.{name}"] = count
    # reports that wait to be folded, alerts that wait for the rules, incidents that their alerts have to follow
    for name, mark in (("folds", "open"), ("alerts", "uncorrelated"), ("incidents", "spreads")):
        if count := town.database("alerts")[name].count_documents({mark: True}):
            found[f"alerts.{name}.{mark}"] = count
    spooled = town.database("gateway")["spool"].count_documents({})
    return {**found, "gateway.spool": spooled} if spooled else found


def unsettled(town: Town) -> dict[str, int]:
    """All that is still to be done and can be seen from outside."""
    return {**depths(town), **outboxes(town)}


def quiet(town: Town, within: float = 60.0) -> None:
    """Wait until nothing is queued, retried, spooled or unpublished, and none of it is in anybody's hands.

    Messages in hand are not counted by the broker: nothing written for a moment longer than a batch waits says so.
    Fails after `within` seconds, naming what is left.
    """
    until = time.monotonic() + within
    calm, before = 0, (-1, -1)
    while calm < 3:
        left = unsettled(town)
        written = activity(town)
        calm = calm + 1 if not left and written == before else 0
        before = written
        assert time.monotonic() < until, f"not quiet after {within:g} s: {left or 'still writing'}"
        time.sleep(0.15)


def activity(town: Town) -> tuple[int, int]:
    """Numbers that move while events are published or applied."""
    logs = sum(town.database(service)["event_log"].count_documents({}) for service in topology.SERVICES)
    alerts = town.database("alerts")
    return logs, alerts["raw_reports"].count_documents({}) + alerts["folds"].count_documents({})

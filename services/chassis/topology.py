"""Every name on the broker, declared at set-up and never at first use; and who may touch which."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kombu import Connection

from contracts.base import Event
from services.chassis.settings import settings

EVENTS = "yiwang.events"
DEAD = "yiwang.dead"
SUBSCRIPTIONS = "yiwang.subscriptions"
REQUESTS = "nameko-rpc"
TIERS = ("yiwang.retry.1", "yiwang.retry.2", "yiwang.retry.3")
SERVICES = ("grid", "alerts", "cases", "catalogue", "sharing")

# beyond this a publisher is told no and keeps its events in the outbox
MAX_LENGTH = 500_000
_DELIVERY_LIMIT = 20
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Permissions(NamedTuple):
    """Regular expressions of RabbitMQ's access control; `topics` maps a topic exchange to its routing keys."""

    configure: str
    write: str
    read: str
    topics: dict[str, str]


def event_queue(service: str, wire: str) -> str:
    """The queue on which a service hears an event."""
    return f"{service}.{wire}"


def dead_queue(service: str) -> str:
    """Where a service's dead letters wait to be filed."""
    return f"{service}.dead"


def request_queue(service: str) -> str:
    """nameko's name for a service's requests."""
    return f"rpc-{service}"


def permissions(name: str) -> Permissions:
    """What the broker lets a process do: a service writes its own events, reads its own queues, asks nobody."""
    if name == "gateway":
        return Permissions(
            configure=r"^rpc\.reply-.*",
            write=rf"^({EVENTS}|{REQUESTS}|rpc\.reply-.*)$",
            read=rf"^({REQUESTS}|rpc\.reply-.*)$",
            topics={EVENTS: r"^alerts\.report_received\.", REQUESTS: r"^.*$"},
        )
    outlet = rf"|{SUBSCRIPTIONS}|sharing\.subscription\..*" if name == "sharing" else ""
    return Permissions(
        configure=r"^sharing\.subscription\..*" if name == "sharing" else "^$",
        write=rf"^({EVENTS}|{DEAD}|yiwang\.retry\.[123]|{REQUESTS}{outlet})$",
        read=rf"^({name}\..*|rpc-{name}{outlet})$",
        topics={EVENTS: rf"^{name}\.", REQUESTS: f"^{_UUID}$"},
    )


def declare(
    url: str,
    listeners: Iterable[tuple[str, type[Event]]],
    services: Sequence[str] = SERVICES,
    pauses: Sequence[float] | None = None,
) -> int:
    """Declare all exchanges, queues and bindings; idempotent. Returns the number of queues.

    `pauses` are the seconds of the three retry tiers (default: settings); the broker keeps them in its queues.
    """
    heard = list(listeners)
    with Connection(url, connect_timeout=10) as connection:
        channel = connection.channel()
        for exchange, kind in ((EVENTS, "topic"), (REQUESTS, "topic"), (DEAD, "direct"), (SUBSCRIPTIONS, "direct")):
            channel.exchange_declare(exchange, kind, durable=True, auto_delete=False)
        for tier, seconds in zip(TIERS, pauses or settings().retry_seconds, strict=True):
            channel.exchange_declare(tier, "fanout", durable=True, auto_delete=False)
            # without a routing key of its own a message goes back, by the default exchange, to the queue it names
            _queue(channel, tier, **{"x-message-ttl": int(seconds * 1000), "x-dead-letter-exchange": ""})
            channel.queue_bind(tier, tier)
        for service in services:
            _queue(channel, dead_queue(service))
            channel.queue_bind(dead_queue(service), DEAD, service)
            channel.queue_declare(request_queue(service), durable=True, auto_delete=False)
            channel.queue_bind(request_queue(service), REQUESTS, f"{service}.*")
        for service, event in heard:
            queue = event_queue(service, event.wire)
            _queue(
                channel,
                queue,
                **{
                    "x-delivery-limit": _DELIVERY_LIMIT,
                    "x-dead-letter-exchange": DEAD,
                    "x-dead-letter-routing-key": service,
                },
            )
            channel.queue_bind(queue, EVENTS, event.wire)
    return len(heard) + 2 * len(services) + len(TIERS)


def _queue(channel: object, name: str, **arguments: object) -> None:
    durable = {
        "x-queue-type": "quorum",
        "x-max-length": MAX_LENGTH,
        "x-overflow": "reject-publish",
        "x-dead-letter-strategy": "at-least-once",
    }
    if "x-dead-letter-exchange" not in arguments:
        durable.pop("x-dead-letter-strategy")
    channel.queue_declare(name, durable=True, auto_delete=False, arguments={**durable, **arguments})  # type: ignore[attr-defined]

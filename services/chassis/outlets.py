"""Queues that a service opens while it runs, for a subscriber outside."""

from collections.abc import Sequence
from typing import cast

from kombu import Connection
from nameko.extensions import DependencyProvider

from contracts.faults import Unavailable
from services.chassis.links import LOST, Outgoing, Publisher, away
from services.chassis.settings import settings
from services.chassis.topology import MAX_LENGTH, SUBSCRIPTIONS


class Outlet:
    """Opens and fills queues named `<service>.subscription.<id>`."""

    def __init__(self, url: str, service: str) -> None:
        self._url = url
        self._publisher = Publisher(url, f"{service} outlet")

    def open(self, name: str) -> None:
        """Declare a durable queue; idempotent. Raises Unavailable."""
        try:
            with Connection(self._url, connect_timeout=5) as connection:
                channel = connection.channel()
                arguments = {"x-queue-type": "quorum", "x-max-length": MAX_LENGTH, "x-overflow": "reject-publish"}
                channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
                channel.queue_bind(name, SUBSCRIPTIONS, name)
        except LOST as error:
            raise away() from error

    def send(self, name: str, bodies: Sequence[tuple[str, bytes]]) -> None:
        """Publish (message id, JSON body) in order, confirmed; Unavailable when any is not safe (send all again)."""
        answers = self._publisher.publish([Outgoing(SUBSCRIPTIONS, name, body, id, {}) for id, body in bodies])
        if any(answers):
            raise Unavailable("outlet_full", "订阅队列暂不可写", "the subscription's queue does not take more")

    def close(self) -> None:
        """Drop the connection."""
        self._publisher.close()


class OutletDependency(DependencyProvider):
    """One outlet for each process."""

    def setup(self) -> None:
        self.outlet = Outlet(settings().amqp_url, self.container.service_name)

    def stop(self) -> None:
        self.outlet.close()

    def get_dependency(self, _worker: object) -> Outlet:
        return self.outlet


def outlet() -> Outlet:
    """Declare it on a service: `outlet = outlet()`."""
    return cast("Outlet", OutletDependency())

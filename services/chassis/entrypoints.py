"""What a service is written with: `@on`, `@answers`, `@every`, and its store."""

import inspect
from typing import Any, TypeVar, cast

from nameko.extensions import DependencyProvider
from pymongo.database import Database

from contracts.base import Event, Request
from services.chassis.aggregates import Aggregates, Document
from services.chassis.answering import Answer, answers
from services.chassis.listening import Listen, on
from services.chassis.relay import OutboxRelay
from services.chassis.settings import settings
from services.chassis.stores import connect
from services.chassis.timing import every

S = TypeVar("S")

__all__ = ["Stored", "answered", "answers", "every", "listened", "on"]


class StoreDependency(DependencyProvider):
    """Builds the store once and relays the outboxes of all its aggregates."""

    def __init__(self, store: type[Any]) -> None:
        super().__init__()
        self.store = store

    def setup(self) -> None:
        name = self.container.service_name
        self.database: Database[Document] = connect(settings().mongodb_url, settings().database or name)
        self.built = self.store(self.database)
        self.aggregates = Aggregates.built_on(self.database)
        self.relay = OutboxRelay(settings().amqp_url, name, self.database, self.aggregates)

    def start(self) -> None:
        self.relay.start()

    def stop(self) -> None:
        self.relay.stop()
        self.database.client.close()

    def get_dependency(self, _worker: object) -> Any:
        return self.built


def Stored(store: type[S]) -> S:  # noqa: N802 (reads as a declaration)
    """Declare a service's store: `store = Stored(AlertStore)`; `AlertStore(database)` is built at start."""
    return cast("S", StoreDependency(store))


def listened(service: type) -> list[type[Event]]:
    """The events that a service hears."""
    return [found.event for found in _entrypoints(service) if isinstance(found, Listen) and found.event]


def answered(service: type) -> list[type[Request[Any]]]:
    """The requests that a service answers."""
    return [found.request for found in _entrypoints(service) if isinstance(found, Answer)]


def _entrypoints(service: type) -> list[object]:
    return [
        entrypoint
        for _, method in inspect.getmembers(service, inspect.isfunction)
        for entrypoint in getattr(method, "nameko_entrypoints", ())
    ]

"""What a service is written with: `@on`, `@answers`, `@every`, and its store."""

from typing import Any, TypeVar, cast

from nameko.extensions import DependencyProvider
from pymongo.database import Database

from services.chassis.aggregates import Aggregates, Document
from services.chassis.answering import answers
from services.chassis.listening import on
from services.chassis.relay import OutboxRelay
from services.chassis.settings import settings
from services.chassis.stores import connect
from services.chassis.timing import every

S = TypeVar("S")

__all__ = ["Stored", "answers", "every", "on"]


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

"""What every service answers about itself."""

from typing import ClassVar, cast

from nameko.extensions import DependencyProvider

from contracts.operations import (
    DeadLetter,
    DeadLetterPayload,
    GetStatus,
    ListDeadLetters,
    LookAtDeadLetter,
    Outbox,
    RedriveDeadLetters,
    Redriven,
    ServiceStatus,
)
from contracts.shared import Page, Scope
from services.chassis.aggregates import Aggregates
from services.chassis.dead_letters import DeadLetters, Letter, files_dead_letters
from services.chassis.entrypoints import StoreDependency, answers, listened
from services.chassis.links import Publisher
from services.chassis.settings import settings
from services.chassis.stores import connect


class Bench:
    """What the operations of a service work with."""

    def __init__(self, letters: DeadLetters, publisher: Publisher, aggregates: list[Aggregates]) -> None:
        self.letters, self.publisher, self.aggregates = letters, publisher, aggregates


class Operations(DependencyProvider):
    """Dead letters and outboxes of one service."""

    def setup(self) -> None:
        name = self.container.service_name
        database = connect(settings().mongodb_url, settings().database or name)
        stores = [found for found in self.container.dependencies if isinstance(found, StoreDependency)]
        self.publisher = Publisher(settings().amqp_url, f"{name} redrive")
        self._letters = DeadLetters(database, name)
        self._stores = stores

    def stop(self) -> None:
        self.publisher.close()

    def get_dependency(self, _worker: object) -> Bench:
        aggregates = [found for store in self._stores for found in store.aggregates]
        return Bench(self._letters, self.publisher, aggregates)


class Service:
    """Base of the five services; nameko reads its entrypoints from the class."""

    name: ClassVar[str]

    operations: Bench = cast("Bench", Operations())

    @files_dead_letters
    def file_dead_letters(self, letters: list[Letter]) -> None:
        self.operations.letters.file(letters)

    @answers(ListDeadLetters, scope=Scope.OPS)
    def list_dead_letters(self, query: ListDeadLetters) -> Page[DeadLetter]:
        return self.operations.letters.page(query.state, query.cursor, query.limit)

    @answers(LookAtDeadLetter, scope=Scope.OPS)
    def look_at_dead_letter(self, command: LookAtDeadLetter) -> DeadLetterPayload:
        return self.operations.letters.look(command.id, command.caller.who)

    @answers(RedriveDeadLetters, scope=Scope.OPS)
    def redrive_dead_letters(self, command: RedriveDeadLetters) -> Redriven:
        bench = self.operations
        count = bench.letters.redrive(bench.publisher, command.caller.who, command.ids, command.since)
        return Redriven(redriven=count)

    @answers(GetStatus, scope=Scope.OPS)
    def get_status(self, _query: GetStatus) -> ServiceStatus:
        return ServiceStatus(
            service=self.name,
            outboxes=[
                Outbox(collection=found.name, pending=found.collection.count_documents({"pending": True}))
                for found in self.operations.aggregates
            ],
            dead_letters=self.operations.letters.dead(),
            listens=sorted(event.wire for event in listened(type(self))),
        )

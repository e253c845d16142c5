"""What every service answers about itself."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, cast

from nameko.extensions import DependencyProvider
from pymongo.database import Database

from contracts.operations import (
    BeginReplay,
    DeadLetter,
    DeadLetterPayload,
    GetReplay,
    GetStatus,
    ListDeadLetters,
    LookAtDeadLetter,
    NoteReplayed,
    Outbox,
    Queue,
    RedriveDeadLetters,
    Redriven,
    Replay,
    Replayed,
    ReplayEvents,
    ServiceStatus,
    SettleReplay,
)
from contracts.shared import Page, Scope
from services.chassis.aggregates import Aggregates, Document
from services.chassis.copies import LocalCopy
from services.chassis.dead_letters import DeadLetters, Letter, files_dead_letters
from services.chassis.depths import Depths
from services.chassis.entrypoints import StoreDependency, answers, listened
from services.chassis.line import Line
from services.chassis.links import Publisher
from services.chassis.rebuilding import Rebuilding
from services.chassis.redriving import Redriving
from services.chassis.replay import EventLog
from services.chassis.room import Room
from services.chassis.settings import settings
from services.chassis.stores import alive, connect
from services.chassis.tally import Tally
from services.chassis.vitals import vitals


@dataclass(frozen=True)
class Bench:
    """What the operations of a service work with."""

    database: Database[Document]
    aggregates: list[Aggregates]
    letters: DeadLetters
    tally: Tally
    depths: Depths
    redriving: Redriving
    event_log: EventLog
    rebuilding: Rebuilding


class Operations(DependencyProvider):
    """Dead letters, outboxes, event log and local copies of one service."""

    def setup(self) -> None:
        self._stores = [found for found in self.container.dependencies if isinstance(found, StoreDependency)]
        self._publisher = Publisher(settings().amqp_url, f"{self.container.service_name} redrive")
        self._database = connect(settings().mongodb_url, settings().database or self.container.service_name)

    def stop(self) -> None:
        self._publisher.close()

    def get_dependency(self, _worker: object) -> Bench:
        return self._bench

    @cached_property
    def _bench(self) -> Bench:
        # at the first use, when every store is built
        name = self.container.service_name
        room = Room(settings().amqp_url, f"{name} room")
        letters = DeadLetters(self._database, name)
        aggregates = [found for store in self._stores for found in store.aggregates]
        copies = [copy for store in self._stores for copy in LocalCopy.built_on(store.database)]
        return Bench(
            self._database,
            aggregates,
            letters,
            Tally(aggregates, letters),
            Depths(room, [receiver.queue for receiver in self.container.shared_extensions[Line].receivers]),
            letters.redriving(self._publisher, room),
            EventLog(self._database, name, self._publisher, room),
            Rebuilding(self._database, name, copies, room),
        )


class Service:
    """Base of the five services; nameko reads its entrypoints from the class."""

    name: ClassVar[str]

    operations: Bench = cast("Bench", Operations())

    @files_dead_letters
    def file_dead_letters(self, letters: list[Letter]) -> None:
        self.operations.letters.file(letters)

    @answers(ListDeadLetters, scope=Scope.OPS)
    def list_dead_letters(self, query: ListDeadLetters) -> Page[DeadLetter]:
        return self.operations.letters.page(query)

    @answers(LookAtDeadLetter, scope=Scope.OPS)
    def look_at_dead_letter(self, command: LookAtDeadLetter) -> DeadLetterPayload:
        return self.operations.letters.look(command.id, command.caller.who)

    @answers(RedriveDeadLetters, scope=Scope.OPS)
    def redrive_dead_letters(self, command: RedriveDeadLetters) -> Redriven:
        return self.operations.redriving.redrive(command)

    @answers(ReplayEvents, scope=Scope.OPS)
    def replay_events(self, command: ReplayEvents) -> Replayed:
        return self.operations.event_log.replay(command, self.operations.aggregates)

    @answers(BeginReplay, scope=Scope.OPS)
    def begin_replay(self, command: BeginReplay) -> Replay:
        return self.operations.rebuilding.begin(command.caller.who)

    @answers(NoteReplayed, scope=Scope.OPS)
    def note_replayed(self, command: NoteReplayed) -> Replay:
        return self.operations.rebuilding.note(command)

    @answers(SettleReplay, scope=Scope.OPS)
    def settle_replay(self, command: SettleReplay) -> Replay:
        return self.operations.rebuilding.settle(command)

    @answers(GetReplay, scope=Scope.OPS)
    def get_replay(self, _query: GetReplay) -> Replay:
        return self.operations.rebuilding.look()

    @answers(GetStatus, scope=Scope.OPS)
    def get_status(self, query: GetStatus) -> ServiceStatus:
        counts = self.operations.tally.look()
        depths = self.operations.depths.look() if query.queues else {}
        return ServiceStatus(
            service=self.name,
            outboxes=[Outbox(collection=name, pending=events) for name, (events, _) in counts.outboxes.items()],
            dead_letters=counts.dead_letters,
            listens=sorted(event.wire for event in listened(type(self))),
            queues=[Queue(name=name, **depth._asdict()) for name, depth in depths.items()],
            store=alive(self.operations.database),
            counted_at=counts.at,
            process=vitals(),
        )

"""Requests that every service answers about itself (address the service by name)."""

from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.base import Command, Query
from contracts.shared import Model, Page


class DeadLetter(Model):
    """A message that could not be applied. Its payload is not part of this view."""

    id: str
    service: str
    queue: str
    message_id: str
    reason: str
    attempts: int
    trace_id: str | None = None
    dead_at: AwareDatetime
    size: int
    state: Literal["dead", "redriven"]
    first_dead_at: AwareDatetime | None = None
    redriven_at: AwareDatetime | None = None
    redriven_by: str | None = None
    redriven_count: int = 0


class PastRedrive(Model):
    """One time that a dead letter went back to its queue: when, by whom, and what it had died of."""

    at: AwareDatetime
    by: str
    reason: str
    attempts: int
    trace_id: str | None = None


class DeadLetterPayload(Model):
    """The body of a dead letter, for the operator who asked (the look is audited), and what was done with it."""

    id: str
    content_type: str
    body: str
    letter: DeadLetter | None = None
    redrives: list[PastRedrive] = []


class ListDeadLetters(Query[Page[DeadLetter]]):
    """Newest first; of one queue, and that died from `since` on and before `until`."""

    state: Literal["dead", "redriven"] = "dead"
    queue: str | None = Field(default=None, max_length=200)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class LookAtDeadLetter(Command[DeadLetterPayload]):
    """The payload of one; recorded in the service's audit."""

    id: str


class Redriven(Model):
    """How many went back to their queue, and how many could not (their queue is gone). `next`: there are more."""

    redriven: int
    refused: int = 0
    next: str | None = None


class RedriveDeadLetters(Command[Redriven]):
    """Put dead letters back on their queue: those that meet every condition told, or `all`. Idempotent.

    An order that tells nothing is refused. One call redrives some hundred and waits for room on the bus; the same
    order with `cursor` = `next` goes on. What dies again on the way is not redriven a second time.
    """

    ids: list[str] = Field(default_factory=list, max_length=1000)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    queue: str | None = Field(default=None, max_length=200)
    all: bool = False
    cursor: str | None = Field(default=None, max_length=500)


class Outbox(Model):
    """Events written but not yet confirmed by the broker."""

    collection: str
    pending: int


class Queue(Model):
    """Messages ready in a queue of the broker, and how many take from it."""

    name: str
    ready: int
    consumers: int


class Process(Model):
    """One process: since when it runs, and the memory that it holds, in bytes.

    `spans_unsent` of its trace spans the trace store has not taken: they wait, or were dropped.
    """

    started_at: AwareDatetime
    memory_bytes: int
    spans_unsent: int = 0


class ServiceStatus(Model):
    """One process as operators see it; `store`: its database answers.

    What waits and what died was counted at `counted_at`, and is 0 before the first count has come to its end.
    """

    service: str
    outboxes: list[Outbox]
    dead_letters: int
    listens: list[str]
    queues: list[Queue] = []
    store: bool = True
    counted_at: AwareDatetime | None = None
    process: Process | None = None


class GetStatus(Query[ServiceStatus]):
    """What waits and what died; what waits in the broker only where `queues` are asked for."""

    queues: bool = False


class Replayed(Model):
    """What an owner sent again. `found` are the subjects asked for that its log knows."""

    sent: int
    left: int
    found: list[str] = []
    next: str | None = None


class ReplayEvents(Command[Replayed]):
    """The owner sends events of its log again, under their own ids, to one service alone: some hundred a call.

    `types` are wire names of its events; with `subjects` only those of these aggregates. Repeat with `cursor` = `next`
    until there is none. When the bus has no room, nothing is sent and `next` is the same place.
    """

    to: str = Field(max_length=50)
    types: list[str] = Field(min_length=1, max_length=50)
    subjects: list[str] = Field(default=[], max_length=500)
    cursor: str | None = Field(default=None, max_length=500)


class ReplayPart(Model):
    """What one owner has to send, and how far it is."""

    owner: str
    types: list[str]
    cursor: str | None = None
    ended: bool = False
    left: int | None = None


class Replay(Model):
    """重放: the local copies of a service made anew from the logs of those who own what is copied.

    What no event has met yet is `unconfirmed`. `removed` documents were in no log (`strays`: the first hundred of
    them); `stuck` ones are in a log, but their events were not taken in: see the dead letters. With `subjects` the
    owners are asked for these alone.
    """

    id: str
    service: str
    state: Literal["running", "done"]
    round: int
    parts: list[ReplayPart]
    subjects: list[str] = []
    copies: list[str]
    sent: int
    unconfirmed: int
    removed: int = 0
    strays: list[str] = []
    stuck: list[str] = []
    started_at: AwareDatetime
    started_by: str
    ended_at: AwareDatetime | None = None
    trace_id: str | None = None


class BeginReplay(Command[Replay]):
    """Begin to make all local copies anew, or say how far the replay is that already runs.

    What the copies hold goes on serving meanwhile. Refused where a service keeps no copies.
    """


class NoteReplayed(Command[Replay]):
    """What an owner has sent for a round of a replay; a report of an earlier round changes nothing."""

    id: str
    round: int
    owner: str
    sent: int
    left: int
    cursor: str | None = None
    found: list[str] = Field(default=[], max_length=500)


class SettleReplay(Command[Replay]):
    """When all owners have sent all: ask again for what was not met, remove what no owner knows, or end the replay."""

    id: str
    round: int


class GetReplay(Query[Replay]):
    """The replay of this service that runs, or the last one."""

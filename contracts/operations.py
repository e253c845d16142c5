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


class DeadLetterPayload(Model):
    """The body of a dead letter, for the operator who asked (the look is audited)."""

    id: str
    content_type: str
    body: str


class ListDeadLetters(Query[Page[DeadLetter]]):
    """Newest first."""

    state: Literal["dead", "redriven"] = "dead"
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class LookAtDeadLetter(Command[DeadLetterPayload]):
    """The payload of one; recorded in the service's audit."""

    id: str


class Redriven(Model):
    """How many went back to their queue."""

    redriven: int


class RedriveDeadLetters(Command[Redriven]):
    """Put dead letters back on their queue: the ones named, or all that died since a time. Idempotent."""

    ids: list[str] = Field(default_factory=list, max_length=1000)
    since: AwareDatetime | None = None


class Outbox(Model):
    """Events written but not yet confirmed by the broker."""

    collection: str
    pending: int


class ServiceStatus(Model):
    """One process as operators see it."""

    service: str
    outboxes: list[Outbox]
    dead_letters: int
    listens: list[str]


class GetStatus(Query[ServiceStatus]):
    """What waits and what died."""

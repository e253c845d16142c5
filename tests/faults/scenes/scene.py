"""What a scene is: how one piece of work is brought about, and the one effect that it has."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.base import Command, Event, Request
from contracts.shared import Caller, Scope
from services.chassis.crash import POINTS
from services.chassis.links import Outgoing
from tests.faults.stage import Stage

CALLER = Caller(client="tester", scopes=frozenset({Scope.ADMIN}), actor="演练员")
# the filing of dead letters is a handler without an event of its own
DEAD = "dead"
READING = ("received", "before_ack")
WRITING = ("before_write", "after_write")
PUBLISHING = ("before_publish", "after_publish")
Order = Request[Any] | Outgoing
Stand = Callable[[Stage], Awaitable[None]]


class AtLeast(int):
    """Proof and audit: a use that is repeated is recorded again."""


@dataclass(frozen=True)
class Scene:
    """One request or event at one service.

    `order(stage, number)` prepares what the `number`-th performance needs and gives the request or message. `effect`
    is what one performance leaves behind: growth of the sum of versions of a collection (of its documents, where they
    have none), and events in the log by wire name. `answer`: fields of the reply; `fault`: the code of the refusal that
    is the answer. `never`: points that this work does
    not pass. `more`: further passages, as `after_write:2`, or `*after_write:3` where a round
    passes it.
    """

    work: type[Request[Any]] | type[Event] | str
    order: Callable[[Stage, int], Awaitable[Order]]
    effect: Mapping[str, int] = field(default_factory=dict)
    answer: Mapping[str, object] = field(default_factory=dict)
    fault: str = ""
    never: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    stand: Stand | None = None

    @property
    def name(self) -> str:
        """The work as a crash point knows it."""
        if isinstance(self.work, str):
            return self.work
        return self.work.wire if issubclass(self.work, Event) else self.work.method

    @property
    def writes(self) -> bool:
        """Whether it is no query."""
        return isinstance(self.work, str) or issubclass(self.work, (Command, Event))

    @property
    def passages(self) -> tuple[str, ...]:
        """Where the process is killed."""
        if not self.writes:
            return READING
        return (*(point for point in POINTS if point not in self.never), *self.more)


def armed(passage: str, work: str) -> str:
    """CRASH_AT of a passage. `*point` counts whoever passes it: rounds, and publishing, which is done for all."""
    point, _, turn = passage.partition(":")
    anybody = point.startswith("*") or point in PUBLISHING
    return f"{point.removeprefix('*')}:{turn or 1}" if anybody else f"{point}@{work}:{turn or 1}"

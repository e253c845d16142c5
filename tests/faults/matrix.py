"""The crash matrix: every piece of work of a service, killed at every point that it passes, on a real process.

An armed process stands alone, takes the work, dies; a healthy one takes its place and finds what is left. Then the same
work comes once more, as a retry or a redelivery. What both leave behind must be the effect of one.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import uuid4

from contracts.base import Command, Request
from contracts.faults import Fault
from services.chassis.topology import dead_queue, event_queue, request_queue
from tests.faults.scenes.scene import DEAD, PUBLISHING, READING, WRITING, AtLeast, Order, Scene, Stand, armed
from tests.faults.stage import Stage

NEVER = "never"


@dataclass(frozen=True)
class Part:
    """A scene and the passage at which it is cut short; `never`: none of the points that it does not pass."""

    service: str
    scene: Scene
    passage: str

    @property
    def id(self) -> str:
        """As pytest shows it."""
        return f"{self.service}-{self.scene.name}-{self.passage}"

    @property
    def crash_at(self) -> str:
        """What the process is told."""
        if self.passage == NEVER:
            return ",".join(armed(point, self.scene.name) for point in self.scene.never)
        return armed(self.passage, self.scene.name)


def parts(service: str, scenes: Sequence[Scene]) -> list[Part]:
    """All of a service, the points that a scene says it never passes in one performance."""
    return [
        Part(service, scene, passage)
        for scene in scenes
        for passage in (*scene.passages, *([NEVER] if scene.never and scene.writes else []))
    ]


@dataclass(frozen=True)
class Outcome:
    """What came of a part: faults in words, none when all is well."""

    lost: list[str]
    doubled: list[str]
    wrong: list[str]

    @property
    def faults(self) -> list[str]:
        """All of them."""
        return [*self.lost, *self.doubled, *self.wrong]


async def perform(stage: Stage, chosen: Sequence[Part], stand: Stand) -> dict[str, Outcome]:
    """Every chosen part of one service, by id. Queries share a database, each other scene has its own."""
    outcomes: dict[str, Outcome] = {}
    for _, together in groupby(chosen, lambda part: part.scene if part.scene.writes else None):
        mine = list(together)
        try:
            orders = await _prepared(stage, mine, stand)
        except Exception as error:
            await stage.clear(_queue(mine[0]))
            outcomes |= {part.id: _failed("not prepared", error) for part in mine}
            continue
        for part, order in zip(mine, orders, strict=True):
            try:
                outcomes[part.id] = await _perform(stage, part, order)
            except Exception as error:
                await stage.clear(_queue(part))
                outcomes[part.id] = _failed("not performed", error)
    return outcomes


async def _prepared(stage: Stage, chosen: Sequence[Part], stand: Stand) -> list[Order]:
    """Set the stage on an empty database and get ready for each performance, by a healthy process."""
    stage.renew()
    actor = await stage.start()
    await (chosen[0].scene.stand or stand)(stage)
    orders = [await part.scene.order(stage, number) for number, part in enumerate(chosen)]
    await stage.settled()
    assert await stage.stop(actor) == 0
    return [
        order.model_copy(update={"idempotency_key": uuid4().hex}) if isinstance(order, Command) else order
        for order in orders
    ]


async def _perform(stage: Stage, part: Part, order: Order) -> Outcome:
    queue = _queue(part)
    before = stage.measure()
    victim = await stage.start(part.crash_at)
    first = asyncio.create_task(_give(stage, order))
    wrong: list[str] = []
    if part.passage == NEVER:
        await first
        await stage.at_rest(queue)
        if await stage.stop(victim) != 0:
            wrong.append("it passes a point that the scene says it never passes")
    elif not await stage.died(victim):
        wrong.append("it never came to this point")
        await stage.stop(victim)
    heir = await stage.start()
    replies = [await first, await _give(stage, order)]
    await stage.at_rest(queue, lambda: not _compare(_grown(stage, before), part.scene)[0])
    if await stage.stop(heir) != 0:
        wrong.append("the healthy one did not stop in order")
    if stage.waiting(queue):
        wrong.append("messages are left in the queue")
    lost, doubled = _compare(_grown(stage, before), part.scene)
    for reply in replies:
        wrong += _differing(reply, part.scene)
    return Outcome(lost, doubled, wrong)


def _failed(what: str, error: Exception) -> Outcome:
    return Outcome([], [], [f"{what}: {type(error).__name__}: {str(error)[:300]}"])


async def _give(stage: Stage, order: Order) -> Any:
    if isinstance(order, Request):
        try:
            return await stage.ask(order)
        except Fault as fault:
            return fault
    stage.tell(order)
    return None


def _queue(part: Part) -> str:
    if part.scene.work == DEAD:
        return dead_queue(part.service)
    if isinstance(part.scene.work, type) and issubclass(part.scene.work, Request):
        return request_queue(part.service)
    return event_queue(part.service, part.scene.name)


def _grown(stage: Stage, before: Counter[str]) -> Counter[str]:
    present = stage.measure()
    present.subtract(before)
    return present


def _compare(grown: Counter[str], scene: Scene) -> tuple[list[str], list[str]]:
    lost, doubled = [], []
    for name in sorted({*grown, *scene.effect}):
        wanted, found = scene.effect.get(name, 0), grown[name]
        if found < wanted:
            lost.append(f"{name}: {found} instead of {int(wanted)}")
        elif found > wanted and not isinstance(wanted, AtLeast):
            doubled.append(f"{name}: {found} instead of {int(wanted)}")
    return lost, doubled


def _differing(reply: Any, scene: Scene) -> list[str]:
    if isinstance(reply, Fault):
        return [] if reply.code == scene.fault else [f"refused: {reply.code}"]
    told = reply.model_dump(mode="json") if reply is not None else {}
    return [
        f"{name} is {told.get(name)!r}, not {value!r}"
        for name, value in scene.answer.items()
        if told.get(name) != value
    ]


__all__ = ["NEVER", "PUBLISHING", "READING", "WRITING", "Outcome", "Part", "parts", "perform"]

"""Between the door and the disk: spans are gathered in memory, and whoever sends them never waits for the store."""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Any

from pymongo.errors import PyMongoError

from services.chassis import metrics
from services.chassis.stores import answers
from services.console.traces import otlp
from services.console.traces.gathering import Gathering
from services.console.traces.store import TraceStore

TURN = 0.25
PAUSE_FIRST, PAUSE_MOST = 0.5, 10.0
EXPIRE_EVERY = 600.0
log = logging.getLogger(__name__)


class Intake:
    """Takes export requests, and writes what is ripe. `gathering.dropped` counts the spans that found no room."""

    def __init__(self, store: TraceStore, room: int) -> None:
        self.store, self.gathering = store, Gathering(room)
        metrics.SPANS_WAITING.set_function(lambda: self.gathering.waiting)

    def take(self, body: bytes) -> int:
        """Gather the spans of one export request; how many. Raises Undecodable."""
        count = self.gathering.take(otlp.read(body), time.monotonic())
        metrics.SPANS.inc(count)
        return count

    async def find(self, trace: str) -> dict[str, Any] | None:
        """All spans of a trace, also those that are not written yet; None when there are none."""
        # first what waits: it may be in the store by the time that the store answers, and then it is in both
        waiting = [span.raw for span in self.gathering.of(trace)]
        found = {*waiting, *await self.store.spans(trace)}
        return otlp.again(found) if found else None

    async def store_answers(self) -> bool:
        """Whether the store is there."""
        return await answers(self.store.collection.database)

    async def work(self) -> None:
        """Prepare the store, then write and expire, for ever; while the store is away memory fills and then drops."""
        pause, prepared, expire_at = PAUSE_FIRST, False, 0.0
        while True:
            try:
                if not prepared:
                    await self.store.prepare()
                    prepared = True
                await self.write()
                if time.monotonic() > expire_at:
                    expire_at = time.monotonic() + EXPIRE_EVERY
                    await self.store.expire(datetime.now(UTC))
                pause = PAUSE_FIRST
                await asyncio.sleep(TURN)
            except PyMongoError as error:
                told = {"spans": self.gathering.waiting, "dropped": self.gathering.dropped}
                log.warning("spans not stored", extra={**told, "error": type(error).__name__})
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_MOST)

    async def write(self, *, all_of_it: bool = False) -> None:
        """Write what is ripe; what could not be written waits for the next time."""
        parts = self.gathering.due(time.monotonic(), all_of_it=all_of_it)
        if not parts:
            return
        try:
            await self.store.write(parts)
        except BaseException:
            self.gathering.give_back(parts)
            raise
        self.gathering.written()

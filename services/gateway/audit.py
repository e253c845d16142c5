"""审计: who asked the city to change something, and what came of it; refusals as well."""

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import AwareDatetime, Field
from pymongo import DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from contracts.shared import Model, Page
from services.chassis import cursors
from services.gateway.grouped import GroupedInserts

# how far back the first look of a page goes; each further look goes six times as far
FIRST_LOOK, WIDER = timedelta(minutes=10), 6
NAMELESS_A_SECOND = 20
# entries that the database did not take, kept until it does
OWED, TRY_AGAIN_S = 10_000, 1.0


class AuditEntry(Model):
    """One request that would change something. `path` is the route's template: no value of a caller is kept."""

    at: AwareDatetime
    client: str | None
    actor: str | None
    method: str
    path: str
    status: int
    code: str | None
    trace_id: str | None
    suppressed: int = Field(default=0, description="refusals without a key since the last one that was recorded")


class Audit:
    """The record. Intake that was accepted is not in it: the raw report itself is that record."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], days: int) -> None:
        self.collection = database["audit"]
        self.days = days
        self._inserts = GroupedInserts(self.collection)
        self._second, self._nameless, self._suppressed = 0, 0, 0
        self._owed: deque[dict[str, Any]] = deque(maxlen=OWED)
        self._repaying: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """One index: for reading newest first, and for the end of the keeping."""
        seconds = self.days * 86_400
        await self.collection.create_indexes([IndexModel([("at", DESCENDING)], expireAfterSeconds=seconds)])

    async def write(self, entry: AuditEntry) -> None:
        """Return when it is durable. Refusals without a key are recorded up to a rate: a flood fills no disk.

        Raises PyMongoError when the database does not take it; it is tried again as long as this process lives.
        """
        if entry.client is None:
            second = int(entry.at.timestamp())
            self._nameless = self._nameless + 1 if second == self._second else 1
            self._second = second
            if self._nameless > NAMELESS_A_SECOND:
                self._suppressed += 1
                return
            entry = entry.model_copy(update={"suppressed": self._suppressed})
            self._suppressed = 0
        document = {"_id": uuid4().hex, **entry.model_dump()}
        try:
            await self._inserts.insert(document)
        except PyMongoError:
            self._owed.append(document)
            if self._repaying is None:
                self._repaying = asyncio.create_task(self._repay())
            raise

    async def _repay(self) -> None:
        while self._owed:
            await asyncio.sleep(TRY_AGAIN_S)
            owed = list(self._owed)
            self._owed.clear()
            outcomes = await asyncio.gather(*map(self._inserts.insert, owed), return_exceptions=True)
            # one that was taken without an answer stands under its own id: no second one comes of it
            self._owed.extend(
                document for document, outcome in zip(owed, outcomes, strict=True) if not isinstance(outcome, bool)
            )
        self._repaying = None

    async def page(self, cursor: str | None, limit: int, client: str | None = None) -> Page[AuditEntry]:
        """Newest first. A cursor is the time of the last entry and how many of that very time were shown."""
        now = datetime.now(UTC)
        end, skip = now + timedelta(seconds=1), 0
        if cursor:
            millis, shown = cursors.decode(cursor, 2)
            end, skip = _moment(millis), int(shown or 0)
        oldest, look = now - timedelta(days=self.days + 1), FIRST_LOOK
        entries: list[AuditEntry] = []
        # closed ranges that widen: the embedded store reads the whole range before it sorts
        while len(entries) < skip + limit + 1 and end - look > oldest - look:
            start = max(end - look, oldest)
            chosen: dict[str, Any] = {"at": {"$lte": end, "$gte": start}, **({"client": client} if client else {})}
            found = self.collection.find(chosen, {"_id": 0}).sort("at", DESCENDING).limit(skip + limit + 1)
            entries = [AuditEntry(**entry) async for entry in found]
            if start == oldest:
                break
            look *= WIDER
        shown_now = entries[skip : skip + limit]
        if len(entries) <= skip + limit or not shown_now:
            return Page(items=shown_now)
        last = shown_now[-1].at
        repeated = sum(entry.at == last for entry in entries[: skip + limit])
        return Page(items=shown_now, next=cursors.encode(int(last.timestamp() * 1000), repeated))


def _moment(millis: str | int | float | None) -> datetime:
    return datetime.fromtimestamp(int(millis or 0) / 1000, UTC)

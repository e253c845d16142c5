"""Many small inserts as few large ones: each caller waits for the insert that holds its document."""

import asyncio
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError

from services.chassis.stores import already_there

MOST = 500

Document = dict[str, Any]


class GroupedInserts:
    """Inserts into one collection. While one batch is on its way the next one gathers."""

    def __init__(self, collection: AsyncCollection[Document]) -> None:
        self.collection = collection
        self._waiting: list[tuple[Document, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def insert(self, document: Document) -> bool:
        """True when the document is durable, False when its `_id` stood already. Raises what the insert raised."""
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((document, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await written

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            duplicates: set[int] = set()
            failure: Exception | None = None
            try:
                await self.collection.insert_many([document for document, _ in batch], ordered=False)
            except BulkWriteError as error:
                try:
                    duplicates = already_there(error)
                except BulkWriteError:
                    failure = error
            except Exception as error:  # handed to every caller that waits, whatever it is
                failure = error
            for index, (_, written) in enumerate(batch):
                if written.done():
                    continue
                if failure:
                    written.set_exception(failure)
                else:
                    written.set_result(index not in duplicates)
        self._writer = None

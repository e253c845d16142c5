"""Aggregates that are read as models of the contract."""

from datetime import datetime
from typing import Generic, TypeVar
from uuid import uuid4

from contracts.faults import NotFound
from contracts.shared import Page
from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Document
from services.sharing.intake import digest

M = TypeVar("M")


class Typed(Aggregates, Generic[M]):
    """A collection whose documents have a view for the outside."""

    def view(self, document: Document) -> M:
        """The model of a document."""
        raise NotImplementedError

    def unknown(self, id: str) -> NotFound:
        """The fault of a missing document."""
        return NotFound(f"{self.name[:-1]}_unknown", "记录不存在", f"not found in {self.name}", id=id)

    def find(self, id: str) -> M:
        """Raises NotFound."""
        return self.load(id)[0]

    def load(self, id: str) -> tuple[M, bool]:
        """The view, and whether the present message was already applied to it. Raises NotFound."""
        document = self.get(id)
        if document is None:
            raise self.unknown(id)
        return self.view(document), context.applied(document)

    def newest(self, cursor: str | None, limit: int, **equal: str | None) -> Page[M]:
        """Newest first, those whose fields have the values given."""
        filters: Document = {name: value for name, value in equal.items() if value is not None}
        if cursor:
            filters["order"] = {"$lt": str(cursors.decode(cursor, 1)[0])}
        found = list(self.collection.find(filters).sort("order", -1).limit(limit + 1))
        following = cursors.encode(found[limit - 1]["order"]) if len(found) > limit else None
        return Page(items=[self.view(document) for document in found[:limit]], next=following)


def new_id(prefix: str) -> str:
    """The same for a redelivered or repeated command, so that what it creates is created once."""
    return f"{prefix}-{digest(prefix, context.message_id() or uuid4().hex)[:20]}"


def order(at: datetime, id: str) -> str:
    """A text that sorts by time."""
    return f"{at.isoformat(timespec='milliseconds')} {id}"

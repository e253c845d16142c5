"""流水: entries that are added and never changed, read the newest first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from pymongo import IndexModel
from pymongo.database import Database

from services.chassis import context, cursors
from services.chassis.aggregates import Aggregates, Document
from services.chassis.stretches import newest, stretches

FIRST_STRETCH, OLDEST = timedelta(days=7), datetime(2000, 1, 1, tzinfo=UTC)
HIDDEN = {"applied": 0}
_MOMENT = "%Y%m%dT%H%M%S.%f"


def entry_id() -> str:
    """The id of what the present command writes down: the same when it is carried out again."""
    message = context.message_id()
    return uuid5(NAMESPACE_OID, message).hex if message else uuid4().hex


class Diary(Aggregates):
    """Entries by `place`, their moment and id. `subjects`: the fields that they are asked for by."""

    def __init__(self, database: Database[dict[str, Any]], name: str, subjects: Sequence[str]) -> None:
        by_subject = [IndexModel([(subject, 1), ("place", 1)], name=subject) for subject in subjects]
        super().__init__(database, name, [IndexModel([("place", 1)], name="place"), *by_subject], silent=True)

    def enter(self, at: datetime, fields: Mapping[str, object]) -> Document:
        """Write it down, once for each command; the entry that stands."""
        id = entry_id()
        document = {"_id": id, "place": f"{_mark(at)}-{id}", **fields}
        return document if self.insert(document) else self.get(id) or document

    def entered(self) -> Document | None:
        """What the present command has written down before."""
        return self.get(entry_id()) if context.message_id() else None

    def page(
        self, subjects: Mapping[str, str | None], cursor: str | None, limit: int
    ) -> tuple[Sequence[Document], str | None]:
        """The newest of those subjects that are given."""
        before = str(cursors.decode(cursor, 1)[0]) if cursor else _mark(context.now() + timedelta(seconds=1))
        wanted = {name: subject for name, subject in subjects.items() if subject}
        found = newest(self.collection, "place", _ranges(before), wanted, limit=limit + 1, hidden=HIDDEN)
        return cursors.cut(found, limit, "place")


def _mark(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_MOMENT)


def _ranges(before: str) -> Iterator[dict[str, str]]:
    try:
        before.encode("ascii")
        end = datetime.strptime(before.partition("-")[0], _MOMENT).replace(tzinfo=UTC) + timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise cursors.invalid() from None
    for since, until in stretches(end, FIRST_STRETCH, OLDEST):
        yield {"$gte": _mark(since), "$lt": min(before, _mark(until))}

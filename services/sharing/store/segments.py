"""分段: how records lie in the documents of the log, and how the log's outlines do."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from services.chassis.aggregates import Document
from services.sharing.intake import MARK, Entry
from services.sharing.store.log_index import LogIndex, marks

SEGMENT = 100
# An outline stands for this many records: a process that starts reads 16 bytes of each instead of all segments.
STRETCH = 65_536
_SEGMENT_CHARACTERS = 1024 * 1024
_WIDTH = 12
# the fields that an index is made of, and those that tell who brought an event
INDEXED = {"first": 1, "count": 1, "events": 1, "keys": 1}
ORIGINS = {"events": 1, "origin": 1}


class LogRecord(NamedTuple):
    """One record of the log."""

    sequence: int
    key: str
    type: str
    at: datetime
    data: dict[str, JsonValue]


def place(dataset: str, first: int) -> str:
    """The id of the segment that begins at a sequence; ids of one dataset sort as its sequences do."""
    return f"{dataset}:{first:0{_WIDTH}d}"


def cut(dataset: str, end: int, entries: Sequence[Entry], origin: str, at: datetime) -> list[Document]:
    """The segments of what one message adds behind the end of the log."""
    segments: list[Document] = []
    for part in _parts(entries, end):
        about = [[entry.id, entry.source, entry.type, entry.key, entry.extensions or None] for entry in part]
        segments.append(
            {
                "_id": place(dataset, end + 1),
                "dataset": dataset,
                "first": end + 1,
                "count": len(part),
                "origin": origin,
                "at": at,
                "events": b"".join([entry.mark for entry in part]),
                "keys": b"".join([entry.key_mark for entry in part]),
                "about": to_json(about).decode(),
                "data": f"[{','.join([entry.data for entry in part])}]",
            }
        )
        end += len(part)
    return segments


def records(segment: Document) -> list[LogRecord]:
    """All records of a segment."""
    about, data = from_json(segment["about"]), from_json(segment["data"])
    return [
        LogRecord(sequence, key, type_, segment["at"], content)
        for sequence, ((_, _, type_, key, _), content) in enumerate(zip(about, data, strict=True), segment["first"])
    ]


def origins(segment: Document) -> Iterator[tuple[bytes, str]]:
    """Each event of a segment, by its mark, with the message that brought it."""
    packed = segment["events"]
    for at in range(0, len(packed), MARK):
        yield packed[at : at + MARK], segment["origin"]


def take(index: LogIndex, segments: Sequence[Document]) -> list[int]:
    """Add segments that follow one another behind the end; the stretches (by number) that this completed."""
    before = index.end // STRETCH
    index.take(
        marks(b"".join([segment["events"] for segment in segments]), MARK),
        marks(b"".join([segment["keys"] for segment in segments])),
        [segment["first"] for segment in segments],
    )
    return list(range(before, index.end // STRETCH))


def outline(dataset: str, stretch: int, index: LogIndex) -> Document:
    """A stretch of the log as its index, the same whoever writes it."""
    first, last = stretch * STRETCH + 1, (stretch + 1) * STRETCH
    return {
        "_id": place(dataset, first),
        "dataset": dataset,
        "first": first,
        "events": index.events.between(first, last).astype("<u8").tobytes(),
        "keys": index.keys.between(first, last).astype("<u8").tobytes(),
        "starts": list(index.starts_between(first, last)),
    }


def take_outline(index: LogIndex, found: Document) -> None:
    """Add a stretch that follows the end."""
    index.take(marks(found["events"]), marks(found["keys"]), found["starts"])


def _parts(entries: Sequence[Entry], end: int) -> list[list[Entry]]:
    parts: list[list[Entry]] = []
    room = 0
    for sequence, entry in enumerate(entries, end + 1):
        # no segment lies in two stretches
        if room < len(entry.data) or len(parts[-1]) == SEGMENT or sequence % STRETCH == 1:
            parts.append([])
            room = _SEGMENT_CHARACTERS
        parts[-1].append(entry)
        room -= len(entry.data)
    return parts

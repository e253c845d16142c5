"""The latest state of each key, read from the log by its index: nothing is written for it."""

from services.sharing.intake import key_mark
from services.sharing.store.log_index import marks
from services.sharing.store.record_log import RecordLog
from services.sharing.store.segments import LogRecord


class CurrentRecords:
    """Current records, in the order in which their keys first appeared, which no later state changes."""

    def __init__(self, log: RecordLog) -> None:
        self._log = log

    def page(self, dataset: str, after: int, end: int, limit: int) -> tuple[list[LogRecord], int | None]:
        """Up to `limit` records whose keys first appeared behind `after`, and where to go on (None: nowhere).

        `end` is the announced end of the log.
        """
        index = self._log.index(dataset, end)
        appeared = index.appeared(after, end, limit + 1)
        chosen = appeared[:limit]
        first = self._log.fetch(dataset, index, chosen)
        packed = b"".join([key_mark(first[sequence].key) for sequence in chosen])
        newest = [int(sequence) for sequence in index.keys.newest(marks(packed), end)]
        later = self._log.fetch(dataset, index, set(newest) - set(chosen))
        found = [{**first, **later}[sequence] for sequence in newest]
        return found, chosen[-1] if len(appeared) > limit else None

    def one(self, dataset: str, key: str, end: int) -> list[LogRecord]:
        """The record of a key, if there is one."""
        index = self._log.index(dataset, end)
        sequence = int(index.keys.newest(marks(key_mark(key)), end)[0])
        found = self._log.fetch(dataset, index, [sequence] if sequence else [])
        return [record for record in found.values() if record.key == key]

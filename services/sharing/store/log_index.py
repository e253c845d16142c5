"""What a process remembers of one dataset's log: which events are in it, and where each key stands. Pure.

28 bytes a record, made anew from the log at any time. A mark is the first 64 bits of a hash: that an event is new is
certain; that it was there before is looked up in the log, where its whole hash stands.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Marks = npt.NDArray[np.uint64]
Sequences = npt.NDArray[np.uint32]
_LAST = 2**32 - 1


def marks(packed: bytes, width: int = 8) -> Marks:
    """The first 64 bits of each of the hashes that are packed one after another, `width` bytes each."""
    found: Marks = np.frombuffer(packed, "<u8")
    return found[:: width // 8]


class Places:
    """Marks with the sequences at which they stand: sorted runs, each at least twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[tuple[Marks, Sequences]] = []

    def add(self, added: Marks, first: int) -> None:
        """Those of the sequences from `first` on."""
        found, at = added, np.arange(first, first + len(added), dtype=np.uint32)
        kept = list(self._runs)
        while kept and len(kept[-1][0]) < 2 * len(found):
            older, places = kept.pop()
            found, at = np.concatenate([older, found]), np.concatenate([places, at])
        # stable: what stands at several places stays in the order of the log
        order = np.argsort(found, kind="stable")
        self._runs = [*kept, (found[order], at[order])]

    def newest(self, wanted: Marks, end: int = _LAST) -> Sequences:
        """The last place of each mark that is not behind `end`, 0 where it has none."""
        found = np.zeros(len(wanted), np.uint32)
        for known, places in self._runs:
            at = np.searchsorted(known, wanted, side="right") - 1
            hit = (at >= 0) & (known[at] == wanted)
            while (late := hit & (places[at] > end)).any():
                at[late] -= 1
                hit = (at >= 0) & (known[at] == wanted)
            found[hit] = places[at[hit]]
        return found

    def between(self, first: int, last: int) -> Marks:
        """The marks of a range of sequences, in its order."""
        found = np.empty(last - first + 1, np.uint64)
        for known, places in self._runs:
            inside = (places >= first) & (places <= last)
            found[places[inside] - first] = known[inside]
        return found


class LogIndex:
    """Complete up to `end`. `starts` are the first sequences of segments, `firsts` those at which a key appeared."""

    def __init__(self) -> None:
        self.end = 0
        self.events, self.keys = Places(), Places()
        self.starts, self.firsts = array("I"), array("I")

    def take(self, events: Marks, keys: Marks, starts: Sequence[int]) -> None:
        """What follows the end: the marks of its events and keys, and where its segments begin."""
        _, appeared = np.unique(keys, return_index=True)
        fresh = appeared[self.keys.newest(keys[appeared]) == 0]
        self.firsts.extend((np.sort(fresh) + self.end + 1).tolist())
        self.events.add(events, self.end + 1)
        self.keys.add(keys, self.end + 1)
        self.starts.extend(starts)
        self.end += len(events)

    def segment_of(self, sequence: int) -> int:
        """The first sequence of the segment that holds one."""
        return self.starts[bisect_right(self.starts, sequence) - 1]

    def starts_between(self, first: int, last: int) -> Sequence[int]:
        """Where the segments of a range begin."""
        return self.starts[bisect_right(self.starts, first - 1) : bisect_right(self.starts, last)]

    def appeared(self, after: int, end: int, limit: int) -> list[int]:
        """Where keys first appeared after a sequence and up to another, at most `limit`."""
        at = bisect_right(self.firsts, after)
        return self.firsts[at : min(at + limit, bisect_right(self.firsts, end))].tolist()

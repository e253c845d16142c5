"""Search in Chinese over all published items at once: in memory, pure, never changed after it is built.

Each field of all items is one long text that is scanned at the speed of memory; positions lead back to items. 651
items take 0.4 MB. Ranking: the whole name, its beginning, all words, then the share of two-character pieces.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from contracts.catalogue import Found, ItemType
from services.catalogue.words import plain, words

Rank = tuple[float, int, str]


class Entry(NamedTuple):
    """What search knows of one item; `themes` are its main item, themes and object."""

    code: str
    name: str
    type: ItemType
    department: str
    themes: Sequence[str]
    initials: str
    pinyin: str


class Weights(NamedTuple):
    """What a hit of a field counts: the whole value, its beginning, anywhere."""

    whole: float
    beginning: float
    anywhere: float


_WEIGHTS = {
    "name": Weights(1.0, 0.9, 0.8),
    "initials": Weights(0.98, 0.88, 0.75),
    "pinyin": Weights(0.97, 0.87, 0.74),
    "theme": Weights(0.73, 0.72, 0.72),
    "department": Weights(0.71, 0.7, 0.7),
}
_ENOUGH = 20
_LEAST_SHARE = 0.5
_SHARED = 0.6  # a name that has all pieces, but not in a row, stands below every name that has the words


class _Field:
    """One field of all items as one text, each value once."""

    def __init__(self, values: Sequence[str]) -> None:
        owners: dict[str, list[int]] = {}
        for place, value in enumerate(values):
            owners.setdefault(value, []).append(place)
        self._text = "\n".join(owners)
        self._starts = [0, *accumulate(len(value) + 1 for value in owners)]
        self._owners = list(owners.values())

    def hits(self, word: str) -> Iterator[tuple[list[int], int, bool]]:
        """Each value that holds the word: the places of its items, where the word stands, whether it is all of it."""
        found = self._text.find(word)
        while found >= 0:
            value = bisect_right(self._starts, found) - 1
            start, after = self._starts[value], self._starts[value + 1]
            yield self._owners[value], found - start, found == start and len(word) == after - start - 1
            found = self._text.find(word, after)


class Index:
    """All items that may be found."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = sorted(entries, key=lambda entry: entry.code)
        self._fields = {
            "name": _Field([plain(entry.name) for entry in self._entries]),
            "initials": _Field([entry.initials for entry in self._entries]),
            "pinyin": _Field([entry.pinyin for entry in self._entries]),
            "theme": _Field(["\t".join(plain(theme) for theme in entry.themes) for entry in self._entries]),
            "department": _Field([plain(entry.department) for entry in self._entries]),
        }

    def search(
        self, text: str, *, department: str | None = None, type: ItemType | None = None, after: Rank | None, limit: int
    ) -> tuple[list[Found], Rank | None]:
        """At most `limit` hits after the rank `after`, best first, and the rank to go on from where there are more.

        A text without a letter lists all items by code.
        """
        asked = words(text)
        hits = self._ranked(asked) if asked else dict.fromkeys(range(len(self._entries)), (0.0, "all"))
        wanted = self._filter(department, type)
        ranked = sorted(
            (rank, place)
            for place, (score, _) in hits.items()
            if wanted(self._entries[place])
            for rank in [(-score, len(self._entries[place].name) if asked else 0, self._entries[place].code)]
            if after is None or rank > after
        )
        page = ranked[:limit]
        more = page[-1][0] if len(ranked) > limit else None
        return [self._found(place, *hits[place]) for _, place in page], more

    def _ranked(self, asked: list[str]) -> dict[int, tuple[float, str]]:
        """Each item that fits: its score and the field that says so."""
        whole = "".join(asked)
        best = self._word_hits(whole)
        if len(asked) > 1:
            by_word = [self._word_hits(word) for word in asked]
            for place in set(by_word[0]).intersection(*by_word[1:]):
                score, matched = min(hits[place] for hits in by_word)
                _keep(best, place, min(score, _WEIGHTS["name"].anywhere), matched)
        # pieces are for wordings that the catalogue does not use: not where the words themselves lead far enough
        if len(whole) > 2 and not whole.isascii() and len(best) < _ENOUGH and not _is_settled(best):
            self._add_shares({whole[at : at + 2] for at in range(len(whole) - 1)}, best)
        return best

    def _word_hits(self, word: str) -> dict[int, tuple[float, str]]:
        best: dict[int, tuple[float, str]] = {}
        for name, field in self._fields.items():
            whole, beginning, anywhere = _WEIGHTS[name]
            for places, offset, is_all in field.hits(word):
                score = whole if is_all else beginning if offset == 0 else anywhere
                for place in places:
                    _keep(best, place, score, name)
        return best

    def _add_shares(self, pieces: set[str], best: dict[int, tuple[float, str]]) -> None:
        """Items that hold at least half of the pieces in their name or department."""
        held = Counter[int]()
        for piece in pieces:
            held.update(
                {
                    place
                    for name in ("name", "department")
                    for found in self._fields[name].hits(piece)
                    for place in found[0]
                }
            )
        for place, count in held.items():
            share = count / len(pieces)
            if share >= _LEAST_SHARE:
                _keep(best, place, round(share * _SHARED, 4), "name")

    def _filter(self, department: str | None, type: ItemType | None) -> Callable[[Entry], bool]:
        return lambda entry: department in (None, entry.department) and type in (None, entry.type)

    def _found(self, place: int, score: float, matched: str) -> Found:
        entry = self._entries[place]
        return Found(
            code=entry.code,
            name=entry.name,
            type=entry.type,
            department=entry.department,
            matched=matched,
            score=score,
        )


def _is_settled(best: dict[int, tuple[float, str]]) -> bool:
    return any(score == _WEIGHTS["name"].whole for score, _ in best.values())


def _keep(best: dict[int, tuple[float, str]], place: int, score: float, matched: str) -> None:
    if place not in best or score > best[place][0]:
        best[place] = (score, matched)

"""A chain of hashes names the first entry that is not as it was written."""

from collections.abc import Callable

import pytest
from pydantic import JsonValue

from services.sharing.chain import GENESIS, Verifier, canonical, seal

Entry = dict[str, JsonValue]


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    head = GENESIS
    for sequence in range(1, length + 1):
        entry: Entry = {"sequence": sequence, "department": "网格中心", "count": sequence, "previous_hash": head}
        head = entry["hash"] = seal(entry)
        entries.append(entry)
    return entries


def reseal(entries: list[Entry], place: int) -> None:
    entries[place]["hash"] = seal(entries[place])


TAMPERING: list[tuple[Callable[[list[Entry]], object], int]] = [
    (lambda entries: entries[4].update(count=0), 5),
    (lambda entries: (entries[4].update(count=0), reseal(entries, 4)), 6),
    (lambda entries: entries.pop(4), 5),
    (lambda entries: entries.pop(0), 1),
    (lambda entries: entries.insert(4, dict(entries[4])), 6),
    (lambda entries: entries.reverse(), 1),
    (lambda entries: entries[4].pop("department"), 5),
    (lambda entries: entries[4].pop("hash"), 5),
    (lambda entries: entries[4].update(previous_hash=GENESIS), 5),
]


@pytest.mark.parametrize(("tamper", "first_bad"), TAMPERING)
def test_the_first_bad_entry_is_named(tamper: Callable[[list[Entry]], object], first_bad: int) -> None:
    entries = chain(9)
    assert Verifier().first_bad(entries) is None
    tamper(entries)
    assert Verifier().first_bad(entries) == first_bad


def test_a_chain_is_checked_in_parts() -> None:
    entries, verifier = chain(9), Verifier()
    assert [verifier.first_bad(entries[start : start + 2]) for start in range(0, 9, 2)] == [None] * 5
    assert verifier.sequence == 9


def test_canonical_json_does_not_know_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": "网"}) == canonical({"a": "网", "b": 1}) == '{"a":"网","b":1}'.encode()

"""交换日志: a chain of hashes. Whoever changes, drops or inserts an entry breaks every hash after it. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

GENESIS = "0" * 64
Sealed = Mapping[str, JsonValue]


def canonical(value: JsonValue | Sealed) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: the same value always gives the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def seal(entry: Sealed) -> str:
    """SHA-256, hex, over all fields of an entry but `hash`; `previous_hash` is one of them."""
    return hashlib.sha256(canonical({name: value for name, value in entry.items() if name != "hash"})).hexdigest()


class Verifier:
    """Checks a chain from its first entry on; `sequence` and `head` are those of the last good one."""

    def __init__(self) -> None:
        self.sequence, self.head = 0, GENESIS

    def first_bad(self, entries: Iterable[Sealed]) -> int | None:
        """Check the entries that follow, in order; the sequence that is missing or wrong, None while all is well."""
        for entry in entries:
            due = self.sequence + 1
            if entry["sequence"] != due or entry.get("previous_hash") != self.head or entry.get("hash") != seal(entry):
                return due
            self.sequence, self.head = due, str(entry["hash"])
        return None

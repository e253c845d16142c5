"""The six invariants, as one list of violations: empty when every promise was kept, each exactly once."""

from dataclasses import dataclass
from typing import Literal

from tests.faults.client import Ledger
from tests.faults.town import Town

Kind = Literal["lost", "doubled", "wrong"]


@dataclass(frozen=True)
class Violation:
    """A broken promise: which invariant, whether something is missing or twice there, and what."""

    invariant: str
    kind: Kind
    what: str


def check(town: Town, ledger: Ledger, *, dead_letters: int = 0) -> list[Violation]:
    """Look at a quiet town. `dead_letters` is how many the test means to have made."""
    return []


def lost(violations: list[Violation]) -> int:
    """How many are missing."""
    return sum(one.kind == "lost" for one in violations)


def doubled(violations: list[Violation]) -> int:
    """How many are twice there."""
    return sum(one.kind == "doubled" for one in violations)

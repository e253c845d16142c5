"""A broken promise."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Violation:
    """Which invariant, whether something is missing or twice there, and what."""

    invariant: str
    kind: Literal["lost", "doubled", "wrong"]
    what: str

"""One fault on its way to its row in the table."""

import time

from tests.faults.checker import check, doubled, lost
from tests.faults.client import Ledger
from tests.faults.quiet import quiet
from tests.faults.table import rows
from tests.faults.town import Town


class Trial:
    """Begins when it is made: only what `ledger` is promised from here on counts as promised in this fault's time."""

    def __init__(self, town: Town, ledger: Ledger, fault: str) -> None:
        self.town, self.ledger, self.fault = town, ledger, fault
        self.began, self.before = time.monotonic(), len(ledger.promised)

    def judge(self, injected: int, within: float = 60.0) -> None:
        """Come to rest within so many seconds; one row; nothing may be missing, and something must be promised."""
        quiet(self.town, within)
        self.told(injected)

    def told(self, injected: int, dead_letters: int = 0) -> None:
        """The same for a town at rest, with so many letters that are meant to lie there."""
        broken = check(self.town, self.ledger, dead_letters=dead_letters)
        promised = len(self.ledger.promised) - self.before
        rows.add(
            self.fault,
            injected=injected,
            acknowledged=promised,
            lost=lost(broken),
            doubled=doubled(broken),
            seconds=time.monotonic() - self.began,
        )
        assert not broken, broken[:20]
        assert promised > 0, "nothing was promised meanwhile"

"""What a fault test works with: a town to hurt, clients that keep count, and the judge of both."""

from tests.faults.checker import check, doubled, lost
from tests.faults.client import Client, Ledger, Promise
from tests.faults.ground import Piece, lay, piece
from tests.faults.load import Load, prepare
from tests.faults.quiet import depths, outboxes, quiet, unsettled
from tests.faults.table import Rows, rows
from tests.faults.town import ALL, Town, eventually
from tests.faults.trial import Trial
from tests.faults.violation import Violation

__all__ = [
    "ALL",
    "Client",
    "Ledger",
    "Load",
    "Piece",
    "Promise",
    "Rows",
    "Town",
    "Trial",
    "Violation",
    "check",
    "depths",
    "doubled",
    "eventually",
    "lay",
    "lost",
    "outboxes",
    "piece",
    "prepare",
    "quiet",
    "rows",
    "unsettled",
]

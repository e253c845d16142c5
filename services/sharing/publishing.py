"""Publishing in company: batches that arrive while one is being written are written together, in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from time import sleep

from contracts.faults import Fault
from contracts.shared import Caller
from services.sharing.domain import datasets
from services.sharing.store import SharingStore
from services.sharing.store.record_log import Appended, Batch

# a tenth of what a write takes: whoever is about to come is taken along
_GATHER_S = 0.003


@dataclass(eq=False)
class _Order:
    caller: Caller
    batch: Batch
    outcome: Appended | Exception | None = None


class Publishing:
    """One for each process. Whoever gets the turn serves all who wait: each has its own answer or fault."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._waiting: list[_Order] = []

    def run(self, store: SharingStore, caller: Caller, batch: Batch) -> Appended:
        """Append a batch to the log and announce it. Raises what kept it out."""
        order = _Order(caller, batch)
        self._waiting.append(order)
        with self._turn:
            if order.outcome is None:
                sleep(_GATHER_S)
                self._serve(store)
        if not isinstance(order.outcome, Appended):
            raise order.outcome or RuntimeError("not served")
        return order.outcome

    def _serve(self, store: SharingStore) -> None:
        orders, self._waiting = self._waiting, []
        try:
            _write(store, orders)
        except Exception as error:  # handed to everyone who waits, whatever it is
            for order in orders:
                order.outcome = order.outcome or error
        finally:
            # who was served by nobody because this process ends here is served by the next
            self._waiting[:0] = [order for order in orders if order.outcome is None]


def _write(store: SharingStore, orders: Sequence[_Order]) -> None:
    standing = store.datasets.among({order.batch.dataset for order in orders})
    admitted: list[_Order] = []
    for order in orders:
        try:
            datasets.check_publishing(standing[order.batch.dataset], order.caller)
            admitted.append(order)
        except Fault as refusal:
            order.outcome = refusal
    appended = store.log.append([order.batch for order in admitted])
    store.datasets.announce(
        standing, {order.batch.dataset: each.end for order, each in zip(admitted, appended, strict=True)}
    )
    for order, each in zip(admitted, appended, strict=True):
        order.outcome = each

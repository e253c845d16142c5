"""Serves queue subscriptions: from the cursor on, masked, logged, sent, and only then the cursor moves.

A crash between sends again, with the same message ids: at least once. One that fails pauses; the others go on.
"""

import logging
from collections.abc import Mapping
from threading import Lock

from contracts.faults import Forbidden, Unavailable
from contracts.sharing import Dataset, Grant, MaskedRecord, Subscription
from services.chassis.outlets import Outlet
from services.sharing.chain import canonical
from services.sharing.store import SharingStore
from services.sharing.store.segments import LogRecord
from services.sharing.use import Use

_log = logging.getLogger(__name__)
_BATCH = 200
_ROUNDS = 20


class Pump:
    """One for each process: whoever calls while it runs waits and then finds little left to do."""

    def __init__(self) -> None:
        self._turn = Lock()

    def run(self, store: SharingStore, outlet: Outlet) -> None:
        """Serve each due subscription in turns of a batch, so that a long one does not keep the others waiting."""
        with self._turn:
            for _ in range(_ROUNDS):
                if not _round(store, outlet):
                    return


def _round(store: SharingStore, outlet: Outlet) -> bool:
    due = store.subscriptions.due()
    if not due:
        return False
    held = store.grants.among([subscription.grant for subscription in due])
    datasets = store.datasets.among([subscription.dataset for subscription in due])
    served = [_serve(store, outlet, each, held, datasets[each.dataset]) for each in due]
    return any(served)


def _serve(
    store: SharingStore, outlet: Outlet, subscription: Subscription, held: Mapping[str, Grant], dataset: Dataset
) -> bool:
    grant = held[subscription.grant]
    use = Use(store, dataset, subscription.department, "system", grant.purpose)
    try:
        use.covered([grant])
    except Forbidden as refusal:
        store.subscriptions.suspend(subscription, refusal.code)
        return False
    waiting = dataset.records - subscription.cursor
    records = store.log.read(dataset.code, subscription.cursor, min(_BATCH, waiting)) if waiting else []
    if not records:
        return False
    try:
        items = use.answer("deliver", grant, records).items
        outlet.send(
            str(subscription.queue),
            [
                (f"{subscription.id}:{item.sequence}", _body(item, record, subscription))
                for item, record in zip(items, records, strict=True)
            ],
        )
    except Unavailable as fault:
        _log.warning("subscription not served", extra={"subscription": subscription.id, "reason": fault.code})
        store.subscriptions.pause(subscription)
        return False
    return store.subscriptions.advance(subscription, records[-1].sequence)


def _body(item: MaskedRecord, record: LogRecord, subscription: Subscription) -> bytes:
    """A CloudEvent (structured JSON) of the masked record."""
    return canonical(
        {
            "specversion": "1.0",
            "id": item.id,
            "source": f"/sharing/datasets/{subscription.dataset}",
            "type": record.type,
            "subject": item.key,
            "time": item.published_at.isoformat(),
            "datacontenttype": "application/json",
            "sequence": item.sequence,
            "data": item.data,
        }
    )

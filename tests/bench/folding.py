"""What a report costs the alerts service: ten thousand repeats of one alarm beside as many different ones.

`python -m tests.bench.folding <mongodb url>` prints CPU seconds of this process, in which the service's own code reads,
stores and folds the batches as it does behind the broker; the store's own work is not in it.
"""

import sys
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

from pymongo import MongoClient

from services.alerts import intake
from services.alerts.store import AlertStore
from tests.alerts.scene import NOON, motion, received

REPORTS, BATCH = 10_000, 500


def main(url: str) -> None:
    """Both in one run, on fresh databases."""
    with MongoClient[dict[str, Any]](url, tz_aware=True) as client:
        costs = {}
        for name, cameras in (("repeats", 1), ("different", REPORTS)):
            store = AlertStore(client[f"bench{uuid4().hex}"])
            batches = [
                [
                    received(
                        motion(at=NOON + timedelta(milliseconds=number), post=number),
                        source=f"cam-{number % cameras}",
                        at=NOON + timedelta(milliseconds=number),
                    )
                    for number in range(first, first + BATCH)
                ]
                for first in range(0, REPORTS, BATCH)
            ]
            began = time.process_time()
            for batch in batches:
                intake.take(store, batch)
                intake.fold_waiting(store)
            costs[name] = time.process_time() - began
            found = [one["count"] for one in store.alert_documents.collection.find({}, {"count": 1})]
            print(f"{name}: {costs[name]:.2f} s, {len(found)} alerts, {sum(found)} counted")
        print(f"repeats cost {costs['repeats'] / costs['different']:.3f} of what different ones cost")


if __name__ == "__main__":
    main(sys.argv[1])

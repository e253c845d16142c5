"""Part `folding`: what a repeat of an alarm costs the alerts service beside an alarm of another camera. CPU time.

The service's own code reads, stores and folds the batches in this process, as it does behind the broker; the store's
work is most of an alert and is told beside it.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from uuid import uuid4

from rich.console import Console

from contracts.alerts import ReportReceived
from services.alerts import intake
from services.alerts.store import AlertStore
from services.chassis.messages import Received
from tests.alerts.scene import NOON, motion, received
from tests.bench.findings import Effort, Findings, table_of
from tests.bench.meter import Meter
from tests.bench.stage import Stage, pid_of

REPORTS, BATCH = 10_000, 500
MOST = 0.2
COLUMNS = ("", "reports", "alerts", "counted", "CPU-s/1,000", "service", "store")


def run(stage: Stage, effort: Effort, console: Console) -> Findings:
    """Both in one run, each on a fresh database; different ones fewer in a quick one."""
    found, rows, costs = Findings(), [], dict[str, float]()
    few = REPORTS if effort.rounds > 1 else 2 * BATCH
    for name, reports, cameras in (("repeats", REPORTS, 1), ("different", few, few)):
        store = AlertStore(stage.mongo[f"bench_folding_{uuid4().hex}"])
        batches = list(_batches(reports, cameras))
        meter = Meter({"store": [pid_of(stage.servers["store"])]})
        began = time.process_time()
        stored = meter.cost("store", partial(_take, store, batches)) * 1000 / reports
        served = (time.process_time() - began) * 1000 / reports
        counts = [one["count"] for one in store.alert_documents.collection.find({}, {"count": 1})]
        found.figures[name] = {"served": served, "stored": stored, "alerts": len(counts), "counted": sum(counts)}
        costs[name] = served + stored
        console.print(f"  {name}: {costs[name]:.3f} CPU-s/1,000")
        shown = [f"{reports:,}", f"{len(counts):,}", f"{sum(counts):,}"]
        rows.append([name, *shown, *(f"{cost:.3f}" for cost in (costs[name], served, stored))])
    found.tables.append(table_of("折叠 Folding, in process", COLUMNS, rows))
    found.at_most("what a repeat costs of an alert", costs["repeats"] / costs["different"], MOST)
    return found


def _take(store: AlertStore, batches: Iterable[Sequence[Received[ReportReceived]]]) -> None:
    for batch in batches:
        intake.take(store, batch)
        intake.fold_waiting(store)


def _batches(reports: int, cameras: int) -> Iterator[list[Received[ReportReceived]]]:
    for first in range(0, reports, BATCH):
        yield [_report(number, cameras) for number in range(first, first + BATCH)]


def _report(number: int, cameras: int) -> Received[ReportReceived]:
    at = NOON + timedelta(milliseconds=number)
    return received(motion(at=at, post=number), source=f"cam-{number % cameras}", at=at)

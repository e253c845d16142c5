"""Part `folding`: what a repeat of an alarm costs the alerts service beside an alarm of another camera. CPU time.

The service's own code reads, stores and folds the batches in this process, as it does behind the broker; the store's
own work is not in it.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

from rich.console import Console

from contracts.alerts import ReportReceived
from services.alerts import intake
from services.alerts.store import AlertStore
from services.chassis.messages import Received
from tests.alerts.scene import NOON, motion, received
from tests.bench.findings import Effort, Findings, table_of
from tests.bench.stage import Stage

REPORTS, BATCH = 10_000, 500
MOST = 0.2
COLUMNS = ("", "reports", "alerts", "counted", "CPU-s/1,000")


def run(stage: Stage, effort: Effort, console: Console) -> Findings:
    """Both in one run, each on a fresh database; different ones fewer in a quick one."""
    found, rows = Findings(), []
    few = REPORTS if effort.rounds > 1 else 2 * BATCH
    for name, reports, cameras in (("repeats", REPORTS, 1), ("different", few, few)):
        store = AlertStore(stage.mongo[f"bench_folding_{uuid4().hex}"])
        batches = list(_batches(reports, cameras))
        began = time.process_time()
        for batch in batches:
            intake.take(store, batch)
            intake.fold_waiting(store)
        cost = (time.process_time() - began) * 1000 / reports
        counts = [one["count"] for one in store.alert_documents.collection.find({}, {"count": 1})]
        found.figures[name] = {"cpu_s_per_1000": cost, "alerts": len(counts), "counted": sum(counts)}
        console.print(f"  {name}: {cost:.3f} CPU-s/1,000")
        rows.append([name, f"{reports:,}", f"{len(counts):,}", f"{sum(counts):,}", f"{cost:.3f}"])
    found.tables.append(table_of("折叠 Folding, in process", COLUMNS, rows))
    share = found.figures["repeats"]["cpu_s_per_1000"] / found.figures["different"]["cpu_s_per_1000"]
    found.at_most(f"a repeat costs of an alert ≤ {MOST:g}", share, MOST)
    return found


def _batches(reports: int, cameras: int) -> Iterator[list[Received[ReportReceived]]]:
    for first in range(0, reports, BATCH):
        yield [_report(number, cameras) for number in range(first, first + BATCH)]


def _report(number: int, cameras: int) -> Received[ReportReceived]:
    at = NOON + timedelta(milliseconds=number)
    return received(motion(at=at, post=number), source=f"cam-{number % cameras}", at=at)

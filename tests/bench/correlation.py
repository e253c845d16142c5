"""Part `correlation`: what it costs to put alerts through the rules, when none and when many went before. CPU time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from uuid import uuid4

import psutil
from rich.console import Console

from contracts.alerts import ReportReceived
from services.alerts import intake, joining
from services.alerts.store import AlertStore
from services.chassis.messages import Received
from services.cli import payloads
from tests.bench.findings import Effort, Findings, table_of
from tests.bench.meter import Meter
from tests.bench.stage import Stage, pid_of
from tests.bench.traffic import EVENTS, camera

EACH = 500
MOST_GROWN = 1.25
COLUMNS = ("alerts before", "raised, ms each", "through the rules, ms each", "incidents")


def run(stage: Stage, effort: Effort, console: Console) -> Findings:
    """Two of three are seen by cameras of their own and open incidents; the third is plain motion and does not."""
    found, rows, costs = Findings(), [], []
    store, reports = AlertStore(stage.mongo[f"bench_{uuid4().hex}"]), _reports()
    meter = Meter({"both": [psutil.Process().pid, pid_of(stage.servers["store"])]})
    many = effort.alerts[0]
    for before in (0, many):
        while store.alert_documents.collection.count_documents({}) < before:
            _raise(store, reports)
            joining.correlate(store)
        raised = meter.cost("both", lambda: _raise(store, reports)) / EACH * 1e3
        costs.append(meter.cost("both", lambda: joining.correlate(store)) / EACH * 1e3)
        incidents = store.incident_documents.collection.count_documents({})
        rows.append([f"{before:,}", f"{raised:.2f}", f"{costs[-1]:.2f}", f"{incidents:,}"])
        found.figures[str(before)] = {"raised_ms": raised, "correlated_ms": costs[-1]}
        console.print(f"  {before:,}: raised {raised:.2f} ms, through the rules {costs[-1]:.2f} ms")
    found.tables.append(table_of("研判 Correlation, CPU of service and store", COLUMNS, rows))
    found.at_most(f"an alert through the rules after {many:,}, against the first", costs[1] / costs[0], MOST_GROWN)
    return found


def _raise(store: AlertStore, reports: Iterator[Received[ReportReceived]]) -> None:
    intake.take(store, list(islice(reports, EACH)))
    intake.fold_waiting(store)


def _reports() -> Iterator[Received[ReportReceived]]:
    for serial in count():
        now = datetime.now(UTC)
        post = payloads.hikvision(camera(serial), EVENTS[serial % len(EVENTS)], now, 1)
        told = {"adapter": post.adapter, "source": post.source, "content_type": post.content_type, "body": post.body}
        report = ReportReceived.model_validate({**told, "report": uuid4().hex, "received_at": now})
        yield Received(report, report.report)

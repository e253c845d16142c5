"""Part `aging`: what an event costs when few alerts are stored already and when half a million are.

Two databases of one store, one after the other in every round. The alerts in them are copies of one that the product
has raised itself, ended, each of its own device, time and fingerprint. Seeding takes minutes on the embedded store
(about 1.4 CPU-ms an alert, nearly all of it indexes), so that a seeded store is kept in build/bench for the next run
and made anew when an alert's fields or indexes change.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pymongo.database import Database
from rich.console import Console

from deploy.local.home import ROOT
from tests.bench import load, traffic
from tests.bench.contestants import OURS, UNTRACED, key
from tests.bench.findings import Effort, Findings, medians, ratio, table_of
from tests.bench.stage import Stage, until
from tests.bench.stored import CAMERAS, COLUMNS, DISTINCT, measure, row

CACHE = ROOT / "build" / "bench"
AT_ONCE = 1_000
PROMISED, MOST_GROWN = (10_000, 500_000), 1.10
# seeded alerts are older than any that a run raises
BEGIN = datetime.fromisoformat("2021-01-01T00:00:00+00:00")
RUNNING_ONLY = ("open_key", "quiet_until", "waits_for", "pending", "uncorrelated", "traceparent", "incident")

Document = dict[str, Any]


def run(_: Stage, effort: Effort, console: Console) -> Findings:
    """On a store of its own, since it comes from the cache."""
    few, many = effort.alerts
    rounds: dict[int, list[dict[str, float]]] = {few: [], many: []}
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-") as home:
        shutil.copytree(_seeded(effort, console), Path(home) / "store")
        with Stage(Path(home)) as stage:
            for number in range(effort.rounds):
                posts = traffic.reports(CAMERAS, DISTINCT, seed=number)
                for count, windows in rounds.items():
                    window = measure(stage, OURS, posts, effort.window_s, _name(count))
                    windows.append(window)
                    cost = window["cpu_s_per_1000"]
                    console.print(f"  {number + 1}/{effort.rounds} {count:,} alerts: {cost:.3f} CPU-s/1,000")
    found = Findings(figures={str(count): windows for count, windows in rounds.items()})
    rows = [row(f"(a) {count:,} alerts stored", medians(rounds[count])) for count in rounds]
    found.tables.append(table_of("Cost as the store fills · 存量的影响", COLUMNS, rows))
    costs = [[window["cpu_s_per_1000"] for window in rounds[count]] for count in (many, few)]
    grown = ratio(*costs)
    if effort.alerts == PROMISED:
        found.ratios["cost_500k_vs_10k"] = grown
    found.at_most(f"CPU an event: {many:,} : {few:,} alerts stored", grown, MOST_GROWN)
    return found


def _seeded(effort: Effort, console: Console) -> Path:
    """A store's directory with both databases, of this product and these sizes."""
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-") as home:
        with Stage(Path(home)) as stage:
            example, indexes = _example(stage)
            shape = json.dumps([effort.alerts, sorted(example), indexes, bool(shutil.which("mongod"))], default=str)
            kept = CACHE / f"aged-{hashlib.sha256(shape.encode()).hexdigest()[:12]}"
            if kept.exists():
                return kept
            for count in effort.alerts:
                console.print(f"  seeding {count:,} alerts (kept in {kept.relative_to(ROOT)})")
                with OURS.running(stage, _name(count)):
                    pass
                _seed(stage.mongo[_name(count)], example, count)
        for outdated in CACHE.glob("aged-*"):
            shutil.rmtree(outdated)
        shutil.copytree(Path(home) / "store", kept)
    return kept


def _example(stage: Stage) -> tuple[Document, Mapping[str, Any]]:
    """One alert as the product writes it, and the indexes over it."""
    alarms = [post for post in traffic.reports(1, 10) if b"videoloss" not in post.body]
    file = load.prepared(stage.home.path / "posts", alarms[:1])
    with UNTRACED.running(stage, "aged_example") as running:
        load.post(running.url, file, key(stage.home), 1.0, 1, begin=0)
        until(lambda: running.stored.count_documents({}) > 0 and not running.unfinished(), "the alarm is in its alert")
        example = running.database["alerts"].find_one({})
        if example is None:
            raise LookupError("an alarm raised no alert")
        return example, running.database["alerts"].index_information()


def _seed(database: Database[Document], example: Document, count: int) -> None:
    for first in range(0, count, AT_ONCE):
        serials = range(first, min(first + AT_ONCE, count))
        database["alerts"].insert_many(list(_copies(example, serials)), ordered=False)


def _copies(example: Document, serials: range) -> Iterator[Document]:
    """Alerts of the past, closed; what only a running one has is left out."""
    kept = {name: value for name, value in example.items() if name not in RUNNING_ONLY}
    for serial in serials:
        at, digest = BEGIN + timedelta(seconds=60 * serial), hashlib.sha256(str(serial).encode()).hexdigest()
        id = f"{at:%Y%m%dT%H%M%S}000-{digest[:12]}"
        times = dict.fromkeys(("first_at", "last_at", "received_at", "ended_at", "announced_at"), at)
        device = f"old-{serial % 5_000:06d}"
        same = {"source": device, "device": device, "fingerprint": digest[:32], "raised_by": digest[32:]}
        yield {**kept, **times, **same, "_id": id, "order": id, "state": "closed", "verdict": "true", "outbox": []}


def _name(count: int) -> str:
    return f"aged_{count}"

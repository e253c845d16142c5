"""Part `batches`: a department's events, 100 a request, until the service has them in its log."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from deploy.local.demo import exchange, ground
from deploy.local.synthetic import people
from tests.bench import load, traffic
from tests.bench.contestants import FASTSTREAM, Contestant, Running, key, ours
from tests.bench.findings import Effort, Findings, medians, ratio, table_of
from tests.bench.stage import Stage
from tests.bench.stored import CAMERAS, DISTINCT, Inexact, measure

SHARING = Contestant("sharing", "batches of 100 events, traces on", "rpc-sharing", "record_log", ours(True, "sharing"))
SIZE, PERSONS = 100, 2_000
CONNECTIONS = (4, 16)
# no post of a run bears the numbers of another: each window counts on from so many
APART = 100_000
LEAST_PER_S, LEAST_RATIO = 10_000, 10.0
COLUMNS = ("", "events/s", "p50 ms", "p99 ms", "CPU-s/1,000", "app", "traces", "broker", "store")


def run(stage: Stage, effort: Effort, console: Console) -> Findings:
    """Batches with few and with many connections, and single reports through FastStream in the same round."""
    persons = list(people.persons(ground.invent().tiles, PERSONS, traffic.SEED))
    posts = load.prepared(stage.home.path / "batches", list(traffic.batches(persons, exchange.DATASET, SIZE)))
    rounds: dict[int, list[dict[str, float]]] = {connections: [] for connections in CONNECTIONS}
    singles = []
    for number in range(effort.rounds):
        with SHARING.running(stage, f"bench_sharing_{number}") as running:
            _publish_dataset(running)
            accepted = in_flight = 0
            for place, connections in enumerate((1, *CONNECTIONS)):
                begin = (number * (len(CONNECTIONS) + 1) + place) * APART
                window = _window(running, posts, effort.window_s if place else 1.0, connections, begin)
                if place:
                    rounds[connections].append(window)
                accepted += window["events"]
                in_flight += SIZE * connections
            _check(running, accepted, in_flight)
        one_by_one = traffic.reports(CAMERAS, DISTINCT, seed=number)
        database = f"bench_beside_batches_{number}"
        singles.append(measure(stage, FASTSTREAM, one_by_one, effort.window_s, database)["stored_per_s"])
        console.print(f"  {number + 1}/{effort.rounds} {window['events_per_s']:,.0f}/s, single {singles[-1]:,.0f}/s")
    found = Findings(figures={"rounds": rounds, "faststream_stored_per_s": singles})
    rows = [_row(f"{connections} connections", medians(rounds[connections])) for connections in CONNECTIONS]
    found.tables.append(table_of(f"部门数据 Department events, {SIZE} a request", COLUMNS, rows))
    best = max(CONNECTIONS, key=lambda connections: medians(rounds[connections])["events_per_s"])
    rates = [window["events_per_s"] for window in rounds[best]]
    found.ratios["batch_vs_faststream"] = ratio(rates, singles)
    _judge(found, medians(rounds[best])["events_per_s"])
    return found


def _judge(found: Findings, per_s: float) -> None:
    """One of the two is enough."""
    times = found.ratios["batch_vs_faststream"]
    wanted = f"batches of {SIZE}: events/s ≥ {LEAST_PER_S:,}, or × (b) ≥ {LEAST_RATIO:g}"
    found.mark(wanted, f"{per_s:,.0f}, × {times:.1f}", per_s >= LEAST_PER_S or times >= LEAST_RATIO)


def _publish_dataset(running: Running) -> None:
    dataset = {
        "code": exchange.DATASET,
        "title": "低保对象(合成)",
        "sharing_type": "conditional",
        "key_field": "number",
        "fields": exchange.FIELDS,
        "json_schema": exchange.SCHEMA,
    }
    with _client(running) as http:
        for path, body in (("", dataset), (f"/{exchange.DATASET}:submit", {}), (f"/{exchange.DATASET}:publish", {})):
            http.post(f"/v1/datasets{path}", json=body).raise_for_status()


def _client(running: Running) -> httpx.Client:
    headers = {"X-API-Key": key(running.stage.home)}
    return httpx.Client(base_url=running.url, headers=headers, timeout=30, trust_env=False)


def _check(running: Running, accepted: int, in_flight: int) -> None:
    """Raises Inexact unless the dataset holds what was accepted, and no more than what was under way at the ends."""
    with _client(running) as http:
        logged = http.get(f"/v1/datasets/{exchange.DATASET}").raise_for_status().json()["records"]
    if not 0 <= logged - accepted <= in_flight:
        raise Inexact(f"{accepted} events accepted, {logged} in the dataset")


def _window(running: Running, posts: Path, seconds: float, connections: int, begin: int) -> dict[str, Any]:
    meter, begun = running.stage.meter(**running.groups), time.monotonic()
    answers = load.post_unique(running.url, posts, key(running.stage.home), seconds, connections, begin=begin)
    passed = time.monotonic() - begun
    meter.settle()
    spent, events = meter.spent(), answers.accepted * SIZE
    return {
        "events": events,
        "events_per_s": events / answers.seconds,
        "p50_ms": answers.p50_ms,
        "p99_ms": answers.p99_ms,
        "refused": answers.refused + answers.broken,
        "seconds": passed,
        "cpu_s_per_1000": 1000 * spent.total / events,
        **{f"cpu_{group}": 1000 * used / events for group, used in spent.seconds.items()},
    }


def _row(title: str, of: dict[str, float]) -> Sequence[str]:
    cpu = [f"{of.get(f'cpu_{group}', 0):.3f}" for group in ("app", "traces", "broker", "store")]
    rates = [f"{of['events_per_s']:,.0f}", f"{of['p50_ms']:.1f}", f"{of['p99_ms']:.1f}"]
    return [title, *rates, f"{of['cpu_s_per_1000']:.3f}", *cpu]

"""Part `parsing`: what reading one body costs each adapter, over every shape of the field."""

import time
from contextlib import suppress
from statistics import median

from rich.console import Console

from services.alerts import adapters
from services.alerts.adapters import Unreadable
from tests.alerts.samples import CONTENT_TYPES, SAMPLES
from tests.alerts.scene import fixture
from tests.bench.findings import Effort, Findings, table_of
from tests.bench.stage import Stage

TIMES, MOST_US = 20, 250.0
COLUMNS = ("", "bodies", "bytes each", "µs each", "most µs", "which")


def run(_: Stage, effort: Effort, console: Console) -> Findings:
    """CPU-microseconds a body: the least of the rounds, since a busy machine only adds."""
    found, rows = Findings(), []
    for adapter, samples in SAMPLES.items():
        bodies = {name: fixture(name) for name in samples}
        cost = {name: _cost(adapter, body, 20 * effort.rounds) for name, body in bodies.items()}
        dearest = max(cost, key=cost.__getitem__)
        found.figures[adapter] = {"us": median(cost.values()), "most_us": cost[dearest], "dearest": dearest}
        console.print(f"  {adapter}: {median(cost.values()):,.0f} µs, at most {cost[dearest]:,.0f} ({dearest})")
        size = f"{median(map(len, bodies.values())):,.0f}"
        figures = [f"{median(cost.values()):,.0f}", f"{cost[dearest]:,.0f}"]
        rows.append([adapter, f"{len(bodies):,}", size, *figures, dearest])
        found.at_most(f"CPU-µs a body, {adapter}", cost[dearest], MOST_US)
    found.tables.append(table_of("解析 Reading a report", COLUMNS, rows))
    return found


def _cost(adapter: str, body: bytes, rounds: int) -> float:
    least = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        for _ in range(TIMES):
            with suppress(Unreadable):
                adapters.read(adapter, body, CONTENT_TYPES[adapter])
        least = min(least, time.process_time() - begun)
    return least / TIMES * 1e6

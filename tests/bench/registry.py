"""Part `registry`: the grid service and its ground: claims judged, the index followed, its memory. CPU time."""

import gc
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from math import isqrt
from typing import Any

import psutil
from rich.console import Console

from services.grid.activation import Claims, objections
from services.grid.index import GRIDS, LiveGround, Parcel, Snapshot
from tests.bench.findings import Effort, Findings, table_of
from tests.bench.stage import Stage

WEST, SOUTH, SIDE, EDGE = 100.0, 30.0, 0.01, 10
TOGETHER, ALONE = 810, 50
COLUMNS = ("polygons of 41 vertices", "index built in s", "one change followed in ms", "one claim judged in ms", "MB")


class Invented:
    """Squares beside one another, ten edges a side; `written` are those that changed."""

    def __init__(self, count: int) -> None:
        self.count, self.side = count, isqrt(count - 1) + 1
        self.written: list[str] = []

    def versions_since(self, _at: datetime) -> Iterator[tuple[str, int]]:
        return ((code, 2) for code in self.written)

    def parcels(self, codes: Collection[str] | None) -> Iterator[Parcel]:
        for serial in range(self.count) if codes is None else map(int, codes):
            path = tuple(f"{serial // 1000:011d}{level}" for level in range(5))
            version = 1 if codes is None else 2
            yield Parcel(f"{serial:015d}", GRIDS, f"第{serial}网格", path, self.square(serial), version)

    def square(self, serial: int) -> dict[str, Any]:
        west, south = WEST + serial % self.side * SIDE, SOUTH + serial // self.side * SIDE
        steps = [at * SIDE / EDGE for at in range(EDGE)]
        ring = [[west + step, south] for step in steps] + [[west + SIDE, south + step] for step in steps]
        ring += [[west + SIDE - step, south + SIDE] for step in steps] + [[west, south + SIDE - step] for step in steps]
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def run(_stage: Stage, effort: Effort, console: Console) -> Findings:
    """For each size: build, follow one change, judge one claim; and the grids of a city judged together."""
    found, rows = Findings(), []
    together = _seconds(lambda: _judged(Invented(TOGETHER), Snapshot(), range(TOGETHER)))
    found.figures["together_s"] = together
    found.at_most(f"{TOGETHER} grids judged together, CPU-seconds", together, 10)
    for count in effort.polygons:
        of = _measured(count)
        found.figures[str(count)] = of
        console.print(f"  {count:,}: {of}")
        rows.append(
            [f"{count:,}", *(f"{of[name]:,.4g}" for name in ("build_s", "follow_ms", "judge_ms", "resident_mb"))]
        )
        found.at_most(f"one grid judged against {count:,}, CPU-ms", of["judge_ms"], 50)
        if count == 10_000:
            found.at_most("index of 10,000 grids, CPU-seconds", of["build_s"], 1)
        if count == 100_000:
            found.at_most("MB of a process with 100,000 grids", of["resident_mb"], 600)
    found.tables.append(table_of("地面 Ground, in process", COLUMNS, rows))
    return found


def _measured(count: int) -> dict[str, float]:
    source = Invented(count)
    drawn = _seconds(lambda: sum(1 for _ in source.parcels(None)))
    ground = LiveGround(source)
    built = _seconds(ground.refresh)
    corners = [(WEST + at % source.side * SIDE, SOUTH + at // source.side * SIDE) for at in range(count)]
    for at in range(0, count, 1000):
        ground.snapshot.locate(corners[at : at + 1000])
    gc.collect()
    resident = psutil.Process().memory_info().rss / 1e6
    source.written = [f"{0:015d}"]
    follow = _seconds(ground.refresh)
    judged = _seconds(lambda: [_judged(source, ground.snapshot, [serial]) for serial in range(ALONE)])
    # the invention of the polygons is not the index's work
    times = {"build_s": built - drawn, "follow_ms": follow * 1000, "judge_ms": judged * 1000 / ALONE}
    return {**times, "resident_mb": resident}


def _judged(source: Invented, ground: Snapshot, serials: Collection[int]) -> None:
    refused = objections(Claims({f"{serial:015d}": source.square(serial) for serial in serials}), {}, ground)
    if refused:
        raise AssertionError(refused)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun

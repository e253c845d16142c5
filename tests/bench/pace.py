"""Part `pace`: 500 cameras at a thousand alarms a minute, as `yiwang camera` plays them: how soon each alert is raised.

Measured from a report's receipt at the door to the creation of its alert, as both stand in the store; and whether
the memory of the alerts process stays as it was.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean, quantiles

from rich.console import Console

from tests.bench.contestants import OURS, Running, key
from tests.bench.findings import Effort, Findings, table_of
from tests.bench.meter import Meter
from tests.bench.stage import Stage

DEVICES, A_MINUTE, SEED = 500, 1_000, 7
PROMISED_S, MOST_GROWN = 1.0, 1.10
LOOK_EVERY_S = 1.0


class Inexact(Exception):
    """Something was lost: how fast the rest went is of no interest."""


def run(stage: Stage, effort: Effort, console: Console) -> Findings:
    """One window, as long as the effort allows."""
    with OURS.running(stage, "bench_pace") as running:
        service, gateway = running.groups["app"][0], running.groups["app"][-1]
        meter = stage.meter(alerts=[service], gateway=[gateway], traces=running.groups["traces"])
        told, memory = played(running, effort.pace_s, meter)
        meter.settle()
        spent, delays = meter.spent(), sorted(delays_of(running))
    third = max(1, len(memory) // 3)
    figures = {
        "sent": told["sent"],
        "seconds": told["seconds"],
        "alerts": len(delays),
        "p50_s": quantiles(delays, n=100)[49],
        "p99_s": quantiles(delays, n=100)[98],
        "most_s": delays[-1],
        "rss_mb_first_third": fmean(memory[:third]),
        "rss_mb_last_third": fmean(memory[-third:]),
        **{f"cpu_s_{name}": seconds for name, seconds in spent.seconds.items()},
    }
    found = Findings(figures=figures)
    rows = [[name, f"{value:,.3f}" if isinstance(value, float) else f"{value:,}"] for name, value in figures.items()]
    found.tables.append(table_of(f"{DEVICES} cameras, {A_MINUTE:,} posts a minute · 按节奏上报", ("", "found"), rows))
    found.at_most("p99 from receipt to raised, s", figures["p99_s"], PROMISED_S)
    grown = figures["rss_mb_last_third"] / figures["rss_mb_first_third"]
    found.at_most("memory of alerts: last third : first third", grown, MOST_GROWN)
    return found


def played(running: Running, seconds: float, meter: Meter) -> tuple[dict[str, float], Sequence[float]]:
    """What `yiwang camera` says of its stream, and the memory of the alerts process meanwhile, MB, once a second."""
    # no word of our own may raise nothing: every post is an alarm, four of five repeat one that runs
    options = {"devices": DEVICES, "rate": f"{A_MINUTE}/min", "minutes": seconds / 60, "seed": SEED}
    shares = {"heartbeats": 0, "garbage": 0, "stops": 0.05}
    argv = [f"--{name}={value}" for name, value in (options | shares).items()]
    playing = subprocess.Popen(
        [Path(sys.executable).with_name("yiwang"), "--json", "camera", "stream", "--wait", *argv],
        env={**os.environ, "YIWANG_GATEWAY": running.url, "YIWANG_KEY": key(running.stage.home)},
        stdout=subprocess.PIPE,
    )
    memory: list[float] = []
    began = time.monotonic()
    try:
        while playing.poll() is None:
            if time.monotonic() - began < seconds:
                memory.append(meter.rss_mb("alerts"))
            with suppress(subprocess.TimeoutExpired):
                playing.wait(LOOK_EVERY_S)
    finally:
        playing.terminate()
    told = json.loads(playing.communicate()[0])
    if playing.returncode:
        raise Inexact(f"{told['lost']} lost, {len(told['differs'])} became something else: {told['refused']}")
    return told, memory


def delays_of(running: Running) -> list[float]:
    """Seconds from the receipt of the report that raised an alert to its first line in the timeline."""
    found = running.database["alerts"].find({}, {"received_at": 1, "timeline": {"$slice": 1}})
    return [(alert["timeline"][0]["at"] - alert["received_at"]).total_seconds() for alert in found]

"""`python -m tests.bench`: run the benchmark, print its tables, write build/bench.json."""

import json
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console

from deploy.local.home import ROOT
from tests.bench import (
    aging,
    batches,
    calls,
    correlation,
    folding,
    imports,
    locate,
    pace,
    parsing,
    registry,
    spans,
    stored,
)
from tests.bench.findings import QUICK, Effort, Findings
from tests.bench.load import NoClient
from tests.bench.stage import Stage

PARTS: dict[str, Callable[[Stage, Effort, Console], Findings]] = {
    "stored": stored.run,
    "batches": batches.run,
    "calls": calls.run,
    "folding": folding.run,
    "imports": imports.run,
    "locate": locate.run,
    "parsing": parsing.run,
    "registry": registry.run,
    "spans": spans.run,
    "correlation": correlation.run,
    "aging": aging.run,
    "pace": pace.run,
}


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"one or more of: {', '.join(PARTS)}")] = None,
    among: Annotated[list[str] | None, typer.Option(help=f"in `stored`, these: {', '.join(stored.EVERYBODY)}")] = None,
    quick: Annotated[bool, typer.Option(help="short windows, small seeds: to see that it works")] = False,
    window: Annotated[float, typer.Option(help="seconds of a window: longer ones where others use the machine")] = 0,
    output: Annotated[Path, typer.Option(help="where the JSON goes")] = ROOT / "build" / "bench.json",
) -> None:
    """Measure the product beside what a user would pick instead."""
    # whoever ends this run ends all that it started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console, began, found = Console(width=160), time.monotonic(), Findings()
    effort = replace(QUICK if quick else Effort(), among=tuple(among or stored.EVERYBODY))
    if window:
        effort = replace(effort, window_s=window, call_s=window, pace_s=window)
    with tempfile.TemporaryDirectory(prefix="yiwang-bench-") as home, Stage(Path(home)) as stage:
        for part in only or PARTS:
            console.print(f"{part} …")
            try:
                found.add(part, PARTS[part](stage, effort, console))
            except NoClient as error:
                console.print(str(error))
                raise typer.Exit(1) from None
    found.show(console)
    report = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "seconds": round(time.monotonic() - began),
        "machine": {"cores": psutil.cpu_count(), "python": platform.python_version()},
        **found.as_json(),
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(report, ensure_ascii=False, indent=1), "utf-8")
    console.print(f"{output} ({report['seconds']} s)")


if __name__ == "__main__":
    typer.run(main)

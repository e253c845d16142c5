"""Part `imports`: a whole province through the door, once new and once again."""

import time
from collections.abc import Iterable

import httpx
from rich.console import Console

from deploy.local.synthetic import files, province
from tests.bench.contestants import Contestant, Running, key, ours
from tests.bench.findings import Effort, Findings, table_of
from tests.bench.stage import Stage
from tests.bench.traffic import SEED

CITY = Contestant("imports", "一网 Yiwang", "rpc-grid", "", ours(False, "grid"))
UNITS, MOST_S, MOST_CPU_S = 5_000, 20.0, 3.0
COLUMNS = ("", "units", "seconds", "CPU-s ours", "CPU-s store")


def run(stage: Stage, _effort: Effort, console: Console) -> Findings:
    """The same file twice: all is new, nothing is new."""
    found, body = Findings(), _csv(province.divisions(UNITS, SEED))
    with CITY.running(stage, "bench_imports") as running:
        for name, counted in (("new", "created"), ("again", "unchanged")):
            found.figures[name] = one = _imported(running, body, counted)
            console.print(f"  {name}: {one['seconds']:.1f} s, {one['cpu_app']:.2f} CPU-s")
    rows = [
        [name, f"{UNITS:,}", f"{one['seconds']:.1f}", f"{one['cpu_app']:.2f}", f"{one['cpu_store']:.2f}"]
        for name, one in found.figures.items()
    ]
    found.tables.append(table_of("导入 A province's divisions", COLUMNS, rows))
    found.at_most(f"seconds for {UNITS:,} units", found.figures["new"]["seconds"], MOST_S)
    found.at_most("CPU-seconds of ours", found.figures["new"]["cpu_app"], MOST_CPU_S)
    return found


def _imported(running: Running, body: bytes, counted: str) -> dict[str, float]:
    meter, began = running.stage.meter(**running.groups), time.monotonic()
    headers = {"X-API-Key": key(running.stage.home), "Content-Type": files.CSV}
    told = {"headers": headers, "content": body, "timeout": 120.0, "trust_env": False}
    report = httpx.post(f"{running.url}/v1/imports/divisions", **told).json()
    if report.get(counted) != UNITS:
        raise RuntimeError(f"not all of the province came in: {report}")
    passed = time.monotonic() - began
    meter.settle()
    return {"seconds": passed, **{f"cpu_{group}": used for group, used in meter.spent().seconds.items()}}


def _csv(units: Iterable[province.Division]) -> bytes:
    rows = ((unit.code, unit.level, unit.name, unit.parent) for unit in units)
    return files.table(("code", "level", "name", "parent_code"), rows)

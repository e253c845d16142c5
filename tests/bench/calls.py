"""Part `calls`: a question through the door and back, beside FastAPI with nameko's standalone proxies."""

import time
from collections.abc import Sequence

from rich.console import Console

from tests.bench import load
from tests.bench.contestants import Contestant, Running, key, ours, proxied
from tests.bench.findings import Effort, Findings, medians, ratio, table_of
from tests.bench.stage import Stage, until

GATEWAY = Contestant("gateway", "一网 Yiwang gateway, traces on", "rpc-grid", "", ours(True, "grid"))
PROXY = Contestant("proxy", "FastAPI + pool of standalone proxies", "rpc-answering", "", proxied)
CONCURRENCIES = (1, 16, 64)
JUDGED = 16
WARM_UP_S = 1.0
# a point in a city without grids: the key is checked, the question crosses the bus, the answer is computed
QUESTION = "/v1/locate?lon=131.005&lat=45.705"
COLUMNS = ("", "calls/s", "p50 ms", "p99 ms", "CPU-ms/call", "app", "traces", "broker", "store")


def run(stage: Stage, effort: Effort, console: Console) -> Findings:
    """Both in turn, at each concurrency."""
    rounds: dict[tuple[str, int], list[dict[str, float]]] = {}
    for number in range(effort.rounds):
        for one in (GATEWAY, PROXY):
            with one.running(stage, f"bench_{one.name}") as running:
                _window(running, WARM_UP_S, JUDGED)
                for connections in CONCURRENCIES:
                    window = _window(running, effort.call_s, connections)
                    rounds.setdefault((one.name, connections), []).append(window)
            console.print(f"  {number + 1}/{effort.rounds} {one.title}: {window['calls_per_s']:,.0f}/s")
    found = Findings(figures={f"{name} at {connections}": all_ for (name, connections), all_ in rounds.items()})
    rows = [
        _row(f"{one.title}, {connections} at once", medians(rounds[one.name, connections]))
        for connections in CONCURRENCIES
        for one in (GATEWAY, PROXY)
    ]
    found.tables.append(table_of("Request and reply · 请求应答", COLUMNS, rows))

    def of(one: Contestant, figure: str) -> Sequence[float]:
        return [window[figure] for window in rounds[one.name, JUDGED]]

    found.ratios["request_p99_vs_proxy"] = ratio(of(GATEWAY, "p99_ms"), of(PROXY, "p99_ms"))
    found.at_most(f"p99 at {JUDGED}: gateway : proxies", found.ratios["request_p99_vs_proxy"], 1.0)
    cpu = ratio(of(GATEWAY, "cpu_ms_per_call"), of(PROXY, "cpu_ms_per_call"))
    found.at_most(f"CPU a call at {JUDGED}: gateway : proxies", cpu, 1.0)
    return found


def _window(running: Running, seconds: float, connections: int) -> dict[str, float]:
    url = f"{running.url}{QUESTION}"
    # the first question may find the service still reading its ground
    until(lambda: load.answered(url, key(running.stage.home)), "the question is answered")
    meter, begun = running.stage.meter(**running.groups), time.monotonic()
    answers = load.get(url, key(running.stage.home), seconds, connections)
    passed = time.monotonic() - begun
    meter.settle()
    spent = meter.spent()
    return {
        "calls_per_s": answers.per_s,
        "p50_ms": answers.p50_ms,
        "p99_ms": answers.p99_ms,
        "refused": answers.refused + answers.broken,
        "seconds": passed,
        "cpu_ms_per_call": 1000 * spent.total / answers.accepted,
        **{f"cpu_{group}": 1000 * used / answers.accepted for group, used in spent.seconds.items()},
    }


def _row(title: str, of: dict[str, float]) -> list[str]:
    cpu = [f"{of.get(f'cpu_{group}', 0):.2f}" for group in ("app", "traces", "broker", "store")]
    return [
        title,
        f"{of['calls_per_s']:,.0f}",
        f"{of['p50_ms']:.1f}",
        f"{of['p99_ms']:.1f}",
        f"{of['cpu_ms_per_call']:.2f}",
        *cpu,
    ]

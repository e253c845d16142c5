"""Part `stored`: from a device's POST to its report in the store, everybody in turn, several rounds."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from tests.bench import load, traffic
from tests.bench.contestants import BOUND, FASTSTREAM, NAMEKO, OURS, UNTRACED, Contestant, Running, key
from tests.bench.findings import Effort, Findings, medians, ratio, table_of
from tests.bench.stage import Stage, until

DISTINCT, CAMERAS, WORSE_CAMERAS, ALL_NEW = 10_000, 50, 500, 40_000
WARM_UP_S, CONNECTIONS = 1.0, 64
# whoever needs longer than this for what it has accepted does not get to the end of it
DRAINED_WITHIN = 240.0
MIX = (
    f"{CAMERAS} cameras, 9 alarms that repeat : 1 heartbeat, {DISTINCT:,} distinct payloads, {CONNECTIONS} connections"
)
RATES = ("stored/s", "in alerts/s", "accepted/s", "p50 ms", "p99 ms")
COLUMNS = ("", *RATES, "CPU-s/1,000", "app", "traces", "broker", "store", "RSS MB")


class Inexact(Exception):
    """What was accepted is not what was stored: a faster loss is no gain."""


EVERYBODY = {one.name: one for one in (OURS, FASTSTREAM, NAMEKO, BOUND, UNTRACED)}


def run(stage: Stage, effort: Effort, console: Console) -> Findings:
    """All rounds; then ours alone with worse mixes."""
    among = [EVERYBODY[name] for name in effort.among]
    rounds: dict[str, list[dict[str, float]]] = {one.name: [] for one in among}
    for number in range(effort.rounds):
        posts = traffic.reports(CAMERAS, DISTINCT, seed=number)
        for one in among:
            window = measure(stage, one, posts, effort.window_s, f"bench_{one.name}_{number}")
            rounds[one.name].append(window)
            console.print(f"  {number + 1}/{effort.rounds} {one.title}: {window['stored_per_s']:,.0f}/s")
    found = Findings(figures={"mix": MIX, "rounds": rounds})
    rows = [row(one.title, medians(rounds[one.name])) for one in among]
    if OURS in among:
        for title, cameras, count in (("500 cameras", WORSE_CAMERAS, DISTINCT), ("all new", ALL_NEW, ALL_NEW)):
            posts = traffic.reports(cameras, count)
            window = measure(stage, OURS, posts, effort.window_s, f"bench_{cameras}")
            found.figures[title] = window
            rows.append(row(f"(a) {title}", window))
    found.tables.append(table_of(f"POST → stored ({MIX})", COLUMNS, rows))
    _judge(found, rounds)
    return found


def measure(
    stage: Stage, contestant: Contestant, posts: Sequence[traffic.Post], seconds: float, database: str
) -> dict[str, float]:
    """Start it, warm it up, load it, wait for the last report and for everything that follows from it."""
    posts_file = load.prepared(stage.home.path / "posts", posts)
    with contestant.running(stage, database) as running:
        window(running, posts_file, WARM_UP_S, 0)
        return window(running, posts_file, seconds, len(posts) // 4)


def window(running: Running, posts: Path, seconds: float, begin: int) -> dict[str, float]:
    """Rates a second, CPU-seconds per 1,000 stored by group of processes, latencies of the posts in ms."""
    stage, stored_now = running.stage, partial(running.stored.count_documents, {})
    before, meter, begun = stored_now(), stage.meter(**running.groups), time.monotonic()
    answers = load.post(running.url, posts, key(stage.home), seconds, CONNECTIONS, begin=begin)
    until(lambda: stage.queue(running.queue)[0] == 0, "the queue is empty", DRAINED_WITHIN)
    wanted = before + answers.accepted
    looks: list[float] = []

    def all_stored() -> bool:
        looks.append(time.monotonic())
        return stored_now() >= wanted

    until(all_stored, "the last report is stored", DRAINED_WITHIN, 0.2)
    passed, rss = looks[-1] - begun, meter.rss_mb("app")
    until(lambda: running.unfinished() == 0, "every report is in its alert", DRAINED_WITHIN)
    finished = time.monotonic() - begun
    meter.settle()
    # the embedded store counts by reading everything, 24 us each: that is our looking and not their work
    spent = meter.spent().without(store=len(looks) * meter.cost("store", stored_now))
    # posts under way when the window closed were stored as well, though the client did not count them
    stored = stored_now() - before
    if running.miscounted() or not 0 <= stored - answers.accepted <= CONNECTIONS:
        raise Inexact(f"{answers.accepted} accepted, {stored} stored, {running.miscounted()} not in an alert")
    return {
        "stored_per_s": answers.accepted / passed,
        "accepted_per_s": answers.per_s,
        "in_alerts_per_s": answers.accepted / finished,
        "seconds": passed,
        "p50_ms": answers.p50_ms,
        "p99_ms": answers.p99_ms,
        "stored": stored,
        "refused": answers.refused + answers.broken,
        "rss_mb": rss,
        "cpu_s_per_1000": 1000 * spent.total / stored,
        **{f"cpu_{group}": 1000 * seconds / stored for group, seconds in spent.seconds.items()},
    }


def row(title: str, of: dict[str, float]) -> list[str]:
    """A window as COLUMNS show it."""
    cpu = [f"{of.get(f'cpu_{group}', 0):.3f}" for group in ("app", "traces", "broker", "store")]
    rates = [f"{of[name]:,.0f}" for name in ("stored_per_s", "in_alerts_per_s", "accepted_per_s")]
    return [
        title,
        *rates,
        f"{of['p50_ms']:.1f}",
        f"{of['p99_ms']:.1f}",
        f"{of['cpu_s_per_1000']:.3f}",
        *cpu,
        f"{of['rss_mb']:.0f}",
    ]


def _judge(found: Findings, rounds: dict[str, list[dict[str, float]]]) -> None:
    def of(contestant: Contestant, figure: str) -> list[float]:
        return [one[figure] for one in rounds.get(contestant.name, [])]

    ours, ratios = of(OURS, "stored_per_s"), found.ratios
    if not ours:
        return
    for rival, name, least in ((FASTSTREAM, "faststream", 3.0), (NAMEKO, "nameko", 3.5), (BOUND, "bound", 0.9)):
        if theirs := of(rival, "stored_per_s"):
            ratios[f"stored_vs_{name}"] = ratio(ours, theirs)
            found.at_least(f"stored/s: (a) : {rival.title}", ratios[f"stored_vs_{name}"], least)
    ratios["cpu_s_per_1000"] = medians(rounds[OURS.name])["cpu_s_per_1000"]
    found.at_most("CPU-s per 1,000 stored (app + traces + broker + store)", ratios["cpu_s_per_1000"], 0.75)
    if off := of(UNTRACED, "cpu_s_per_1000"):
        ratios["traces_on_vs_off"] = ratio(of(OURS, "cpu_s_per_1000"), off)
        found.at_most("CPU: traces on : off", ratios["traces_on_vs_off"], 1.10)

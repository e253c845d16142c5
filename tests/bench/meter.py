"""CPU time and memory of groups of processes, whatever else the machine does meanwhile."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psutil

# what the processes of a run use together while nothing is asked of them is well below this share of a core
QUIET_SHARE = 0.15
# longer than anybody puts anything off: ours look every two seconds whether to note which cameras they have heard, and
# rest for as long after it
QUIET_S = 4.4


@dataclass(frozen=True)
class Spent:
    """CPU-seconds by group."""

    seconds: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.seconds.values())

    def without(self, **seconds: float) -> "Spent":
        """Less what the measuring itself has cost."""
        return Spent({name: spent - seconds.get(name, 0.0) for name, spent in self.seconds.items()})


class Meter:
    """Watches groups of processes with all their children, from the moment it is made."""

    def __init__(self, groups: Mapping[str, Sequence[int]]) -> None:
        self.groups = {name: [psutil.Process(pid) for pid in pids] for name, pids in groups.items()}
        self.begun = self.read()

    def read(self) -> dict[str, float]:
        """CPU-seconds of each group since its processes started."""
        return {name: sum(_cpu(process) for process in found) for name, found in self.groups.items()}

    def spent(self) -> Spent:
        """Since the beginning."""
        return Spent({name: now - self.begun[name] for name, now in self.read().items()})

    def cost(self, group: str, work: Callable[[], object]) -> float:
        """What a group spends on this while it does nothing else."""
        before = self.read()[group]
        work()
        return self.read()[group] - before

    def rss_mb(self, group: str) -> float:
        """Resident memory of a group, MB."""
        return float(sum(member.memory_info().rss for process in self.groups[group] for member in _tree(process)) / 1e6)

    def settle(self, within: float = 30.0) -> None:
        """Wait until all groups together are quiet: what was left for later is done."""
        deadline = time.monotonic() + within
        before, since = sum(self.read().values()), time.monotonic()
        while time.monotonic() < deadline:
            time.sleep(0.1)
            now, passed = sum(self.read().values()), time.monotonic() - since
            if now - before > QUIET_SHARE * QUIET_S:
                before, since = now, time.monotonic()
            elif passed >= QUIET_S:
                return


def _cpu(process: psutil.Process) -> float:
    times = [member.cpu_times() for member in _tree(process)]
    return float(sum(spent.user + spent.system for spent in times))


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]

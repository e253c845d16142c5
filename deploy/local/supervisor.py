"""Keeps the processes of a plan running: starts them in order, starts them again when they die, stops them in order.

Reads `plan.json` and reports to `state.json`; knows nothing of brokers, stores or services.
"""

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from deploy.local.home import ROOT, Home
from deploy.local.processes import MARK, Plan, Process, stop_all

PLAN, STATE, LOCK = "plan.json", "state.json", "supervisor.lock"
BACKOFF_FIRST, BACKOFF_MOST = 0.25, 15.0
# A process that lived this long has earned the shortest back-off again.
PROVEN_AFTER = 30.0
LOG_LIMIT = 10 * 1024 * 1024


class Supervisor:
    """The loop over one city's processes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.processes = [Process(Plan(**plan), home) for plan in home.read(PLAN)]
        self.stopping = False
        self.backoff: dict[str, float] = {}

    def run(self) -> None:
        """Run until SIGTERM or SIGINT, then stop everything in order."""
        awake, waker = socket.socketpair()
        awake.setblocking(False)
        waker.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        while not self.stopping:
            self.turn()
            settled = all(process.ready for process in self.processes)
            if select.select([awake], [], [], 5.0 if settled else 0.1)[0]:
                awake.recv(512)
        say("stopping")
        stop_all(self.processes)
        say("stopped")

    def turn(self) -> None:
        """Look after every process once."""
        changes = [self.step(process) for process in self.processes]
        try:
            if any(changes):
                self.report()
            for process in self.processes:
                bound(process.log)
        except OSError as error:
            # a full disk must not leave the city without its keeper
            say(f"cannot write: {error}")

    def stop(self, *_: object) -> None:
        """Leave the loop at its next turn."""
        self.stopping = True

    def step(self, process: Process) -> bool:
        """Look after one process; true when something changed."""
        now, name = time.monotonic(), process.plan.name
        if process.running:
            code = process.ended()
            if code is None:
                return not process.ready and process.look()
            if not process.ready:
                self.bury(process, code, now)
            return True
        if process.ready or now < process.retry_at or not self.may_start(process):
            return False
        try:
            process.start()
        except OSError as error:
            say(f"{name} cannot be started: {error}")
            self.bury(process, -1, now)
        return True

    def bury(self, process: Process, code: int, now: float) -> None:
        """Note a death and when to try again."""
        name = process.plan.name
        proven = now - process.started_at > PROVEN_AFTER
        wait = BACKOFF_FIRST if proven else self.backoff.get(name, BACKOFF_FIRST)
        self.backoff[name] = min(wait * 2, BACKOFF_MOST)
        process.restarts += 1
        process.retry_at = now + wait
        say(f"{name} ended with {code}, again in {wait:g} s")

    def may_start(self, process: Process) -> bool:
        """Whether everything that it needs is ready."""
        ready = {other.plan.name for other in self.processes if other.ready}
        return ready.issuperset(process.plan.needs)

    def report(self) -> None:
        """Write what `status` and `up` read."""
        self.home.write(STATE, [describe(process) for process in self.processes])


def describe(process: Process) -> dict[str, Any]:
    """One row of `state.json`."""
    return {
        "name": process.plan.name,
        "title": process.plan.title,
        "pid": process.child.pid if process.child else None,
        "ready": process.ready,
        "restarts": process.restarts,
        "probe": process.plan.ready,
    }


def bound(log: Path) -> None:
    """Keep a log below its limit: its content moves to `<name>.log.1`, its writer goes on appending."""
    if not log.exists() or (size := log.stat().st_size) < LOG_LIMIT:
        return
    with log.open("rb") as full, log.with_suffix(".log.1").open("wb") as kept:
        os.sendfile(kept.fileno(), full.fileno(), 0, size)
    os.truncate(log, 0)


def say(line: str) -> None:
    """One line into the supervisor's own log, if it can be written."""
    with suppress(OSError):
        print(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {line}", flush=True)


def hold(home: Home) -> IO[str] | None:
    """Take the city's lock and write our id into it; `None` when another supervisor has it."""
    lock = (home.directory() / LOCK).open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def holder(home: Home) -> int | None:
    """The id of the living supervisor, `None` when there is none."""
    path = home.path / LOCK
    if not path.exists():
        return None
    with path.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
    return None


def launch(home: Home, plans: Sequence[Plan]) -> subprocess.Popen[bytes]:
    """Start a detached supervisor for these plans."""
    home.write(PLAN, [vars(plan) for plan in plans])
    home.write(STATE, [])
    home.directory("logs")
    with home.log("supervisor").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "supervise"],
            env={**os.environ, "YIWANG_HOME": str(home.path), MARK: str(home.path)},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

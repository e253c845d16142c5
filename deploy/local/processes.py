"""One process of the city: how it is started, when it counts as ready, how it is stopped.

Standard library only and few imports: the supervisor lives as long as the city does and its memory counts.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.home import ROOT, Home

# Carried in the environment of every process of a city, and so of whatever these start: the way to find leftovers.
MARK = "YIWANG_PROCESS_OF"
# What a probe says to the server, and how the answer of a ready one begins.
GREETINGS = {
    "tcp": (b"", b""),
    "amqp": (b"AMQP\x00\x00\x09\x01", b"\x01"),
    "http": (b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"HTTP/1.1 200"),
}
FIRST_PAUSE = 0.05


@dataclass(frozen=True)
class Plan:
    """What to run; `title` is what people read beside the name.

    `ready` is `<tcp|amqp|http>:<port>`, or `exit` for a job that is done when it ends with 0. `needs` names the
    processes that must be ready before this one starts. `env` is added to the environment of the supervisor.
    `cwd` is the working directory, the source tree unless given.
    """

    name: str
    title: str
    argv: Sequence[str]
    ready: str
    env: dict[str, str] = field(default_factory=dict)
    needs: Sequence[str] = ()
    grace: float = 10.0
    cwd: str = str(ROOT)


class Process:
    """A plan and, while it runs, the process that carries it out."""

    def __init__(self, plan: Plan, home: Home) -> None:
        self.plan, self.home = plan, home
        self.child: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.restarts = 0
        self.started_at = self.retry_at = self.look_at = 0.0
        self.pause = FIRST_PAUSE

    @property
    def log(self) -> Path:
        """The file that takes its output."""
        return self.home.log(self.plan.name)

    @property
    def running(self) -> bool:
        """Whether there is a process that has not been seen to end."""
        return self.child is not None

    def start(self) -> None:
        """Start it in a session of its own, output appended to its log."""
        self.home.directory("logs")
        self.started_at, self.pause = time.monotonic(), FIRST_PAUSE
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as output:
            self.child = subprocess.Popen(
                list(self.plan.argv),
                env={**os.environ, **self.plan.env, MARK: str(self.home.path)},
                cwd=self.plan.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ended(self) -> int | None:
        """The exit code, once, when it has ended since the last look; negative for a signal."""
        code = self.child.poll() if self.child else None
        if code is not None:
            self.child = None
            self.ready = self.plan.ready == "exit" and code == 0
        return code

    def look(self) -> bool:
        """Ask a process that was not ready whether it is now."""
        now = time.monotonic()
        if self.running and not self.ready and now >= self.look_at:
            self.ready = answers(self.plan.ready)
            # a process that takes long to get ready shall not be kept busy with saying so
            self.pause = min(self.pause * 1.5, 1.0)
            self.look_at = now + self.pause
        return self.ready

    def send(self, number: signal.Signals) -> None:
        """Signal it, if it still runs; a kill reaches whatever it started as well."""
        if self.child is None or self.child.poll() is not None:
            return
        if number is signal.SIGKILL:
            os.killpg(self.child.pid, number)
        else:
            self.child.send_signal(number)


def answers(ready: str) -> bool:
    """Whether the server behind a plan's `ready` answers as a ready one does."""
    kind = ready.partition(":")[0]
    said = answer(ready)
    return said is not None and kind in GREETINGS and said.startswith(GREETINGS[kind][1])


def answer(ready: str, timeout: float = 2.5) -> bytes | None:
    """What the server behind a plan's `ready` says to its greeting, at most 4 KB; `None` when it cannot be reached."""
    kind, _, port = ready.partition(":")
    greeting, expected = GREETINGS.get(kind, (b"", b""))
    said = b""
    try:
        with socket.create_connection(("127.0.0.1", int(port or 0)), timeout) as connection:
            connection.settimeout(timeout)
            connection.sendall(greeting)
            limit = 4096 if kind == "http" else len(expected)
            while len(said) < limit and (part := connection.recv(4096)):
                said += part
    except OSError:
        return None
    return said


def start_all(processes: Sequence[Process], timeout: float = 60.0) -> None:
    """Start them one after another, each when the one before is ready.

    Raises RuntimeError, with the end of the log, when one ends or is not ready in time; what was started is stopped.
    """
    try:
        for process in processes:
            process.start()
            deadline = time.monotonic() + timeout
            while not process.look():
                code = process.ended()
                if process.ready:
                    break
                if code is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{process.plan.name} did not become ready\n{last_lines(process.log)}")
                time.sleep(0.02)
    except BaseException:
        stop_all(processes)
        raise


def stop_all(processes: Iterable[Process]) -> None:
    """Stop in waves: first those that nobody still running needs, all of a wave at once; kill after the grace."""
    left = [process for process in processes if process.running]
    while left:
        needed = {name for process in left for name in process.plan.needs}
        wave = [process for process in left if process.plan.name not in needed] or left
        for process in wave:
            process.send(signal.SIGTERM)
        deadline = time.monotonic() + max(process.plan.grace for process in wave)
        while any(process.running and process.ended() is None for process in wave):
            if time.monotonic() > deadline:
                for process in wave:
                    process.send(signal.SIGKILL)
            time.sleep(0.02)
        left = [process for process in left if process not in wave]


def leftovers(home: Home) -> list[int]:
    """The ids of all processes that carry this city's mark, but for the caller."""
    mark = f"{MARK}={home.path}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def last_lines(log: Path, count: int = 20) -> str:
    """The end of a log."""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-count:]) if log.exists() else ""

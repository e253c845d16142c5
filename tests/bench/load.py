"""wrk: 64 cameras that never pause, and what they were answered."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.bench.traffic import Post

SCRIPT = Path(__file__).with_name("post.lua")


class NoClient(Exception):
    """wrk is not installed."""


@dataclass(frozen=True)
class Answers:
    """What a window of load came to. Latencies in milliseconds."""

    requests: int
    refused: int
    broken: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def accepted(self) -> int:
        return self.requests - self.refused

    @property
    def per_s(self) -> float:
        return self.accepted / self.seconds


def prepared(path: Path, posts: Sequence[Post]) -> Path:
    """Write the posts as `post.lua` reads them."""
    with path.open("wb") as file:
        for post in posts:
            file.write(f"{post.path}\n{post.content_type}\n{len(post.body)}\n".encode())
            file.write(post.body)
    return path


def post(url: str, posts: Path, key: str, seconds: float, connections: int, *, begin: int = 0) -> Answers:
    """Post in turn, from the `begin`-th on, for so long."""
    return _run(url, connections, seconds, arguments=[str(posts), key, str(begin)])


def post_unique(url: str, posts: Path, key: str, seconds: float, connections: int, *, begin: int) -> Answers:
    """The same; `@SERIAL@` in a body becomes a number of eight digits that no other post of the run bears."""
    return _run(url, connections, seconds, arguments=[str(posts), key, str(begin), "unique"])


def get(url: str, key: str, seconds: float, connections: int) -> Answers:
    """One address again and again."""
    return _run(url, connections, seconds, options=["-H", f"X-API-Key: {key}"])


def answered(url: str, key: str) -> bool:
    """Whether one GET of the address is answered with 200."""
    try:
        return httpx.get(url, headers={"X-API-Key": key}, timeout=10, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _run(
    url: str, connections: int, seconds: float, options: Sequence[str] = (), arguments: Sequence[str] = ()
) -> Answers:
    wrk = shutil.which("wrk")
    if wrk is None:
        raise NoClient("没有 wrk, 请用 make bench 或安装 Debian 软件包 wrk / wrk is missing: run `make bench`")
    # whole seconds: wrk takes no fractions
    window = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(SCRIPT)]
    argv = [wrk, *window, *options, url, "--", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds + 60, check=True)
    told = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return Answers(**json.loads(told.removeprefix("RESULT ")))

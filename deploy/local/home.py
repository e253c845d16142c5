"""The directory in which an embedded city keeps its ports, secrets, data and logs (`YIWANG_HOME`)."""

import json
import os
import socket
from pathlib import Path
from typing import Any

# What a running city tells those who use it: addresses and keys.
CITY = "city.json"
ROOT = Path(__file__).resolve().parents[2]
# Below Linux's range for outgoing connections, so that nobody borrows a port while its owner restarts.
PORTS = range(20000, 32000)


class Home:
    """One city's directory. Every file in it is private to the user who started the city."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"

    @classmethod
    def of_environment(cls) -> "Home":
        """`YIWANG_HOME`, else `.yiwang` in the working directory."""
        return cls(Path(os.environ.get("YIWANG_HOME") or ".yiwang"))

    def directory(self, *parts: str) -> Path:
        """A directory below the home, made when it is missing."""
        path = self.path.joinpath(*parts)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def log(self, name: str) -> Path:
        """Where a process writes what it has to say."""
        return self.logs / f"{name}.log"

    def read(self, name: str) -> Any:
        """The content of a JSON file, `None` where there is none yet."""
        path = self.path / name
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    def write(self, name: str, content: Any) -> Path:
        """Replace a JSON file in one step, mode 600."""
        return self.write_text(name, json.dumps(content, ensure_ascii=False, indent=1))

    def write_text(self, name: str, text: str) -> Path:
        """Replace a text file in one step, mode 600."""
        path = self.path / name
        self.directory(*Path(name).parent.parts)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        fresh.replace(path)
        return path

    def secret(self, name: str) -> str:
        """A random secret of 256 bits, made at its first use and kept."""
        known: dict[str, str] = self.read("secrets.json") or {}
        if name not in known:
            known[name] = os.urandom(32).hex()
            self.write("secrets.json", known)
        return known[name]

    def port(self, name: str) -> int:
        """The loopback port of a process: chosen once, then kept."""
        known: dict[str, int] = self.read("ports.json") or {}
        if name not in known:
            known[name] = free_port(frozenset(known.values()))
            self.write("ports.json", known)
        return known[name]

    def renew_ports(self) -> None:
        """Forget the ports that somebody else holds now. Only for a city that is down."""
        known: dict[str, int] = self.read("ports.json") or {}
        self.write("ports.json", {name: port for name, port in known.items() if is_free(port)})


def is_free(port: int) -> bool:
    """Whether a server could bind the port on loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(taken: frozenset[int] = frozenset()) -> int:
    """A port that nobody holds, outside `taken`."""
    for _ in range(1000):
        port = PORTS[int.from_bytes(os.urandom(4)) % len(PORTS)]
        if port not in taken and is_free(port):
            return port
    raise RuntimeError("本机没有空闲端口 / this machine has no free port")

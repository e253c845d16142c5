"""The embedded city as a whole: which processes it has, what each is told, and how it goes up and down."""

import fcntl
import os
import sys
import time
from collections.abc import Callable, Collection
from subprocess import Popen
from typing import Any

from deploy.local import broker, store
from deploy.local.home import CITY, Home
from deploy.local.keys import clients, keys
from deploy.local.processes import Plan, answer, answers, last_lines
from deploy.local.stop import down, sweep
from deploy.local.supervisor import STATE, holder, launch
from deploy.rights import ADMIN

# Every process of ours, and what a person reads beside its name.
SERVICES = {
    "console": "控制台",
    "grid": "网格",
    "alerts": "告警",
    "cases": "处置",
    "catalogue": "事项",
    "sharing": "共享",
    "gateway": "网关",
}
DATABASES = ["grid", "alerts", "cases", "catalogue", "sharing", "gateway", "traces"]
READY_WITHIN = 180.0
# A process that has died this often without ever being ready will not come up by waiting.
HOPELESS = 6


class NotReady(Exception):
    """The city did not come up; the text names the process and ends with its last log lines."""


def plans(home: Home, services: Collection[str] = SERVICES) -> list[Plan]:
    """Every process of the city, in the order in which people read them."""
    found: list[Plan] = []
    if not os.environ.get("AMQP_URL"):
        found += broker.plans(home)
    if not os.environ.get("MONGODB_URL"):
        found.append(store.plan(home))
    servers = [plan.name for plan in found if plan.name != "epmd"]
    if services:
        found.append(_plan("declare", "总线拓扑", "exit", {"AMQP_URL": amqp(home)}, servers))
    for name in services:
        needs = [server for server in servers if server == "store"] if name == "console" else ["declare", *servers]
        found.append(_plan(name, SERVICES[name], f"http:{home.port(name)}", _told(home, name, services), needs))
    return found


def amqp(home: Home, user: str = ADMIN) -> str:
    """The broker as this user reaches it: the city's own, else the one of `AMQP_URL`."""
    return os.environ.get("AMQP_URL") or broker.url(home, user)


def mongodb(home: Home, user: str = ADMIN) -> str:
    """The store as this user reaches it: the city's own, else the one of `MONGODB_URL`."""
    return os.environ.get("MONGODB_URL") or store.url(home, user)


def _plan(name: str, title: str, ready: str, env: dict[str, str], needs: list[str]) -> Plan:
    # without bytecode on disk every start of every process would compile all of it again
    always = {"PROFILE": os.environ.get("PROFILE") or "local", "PYTHONDONTWRITEBYTECODE": ""}
    return Plan(name, title, [sys.executable, "-m", "services", name], ready, {**always, **env}, needs)


def _told(home: Home, name: str, services: Collection[str]) -> dict[str, str]:
    port, traces = str(home.port(name)), f"http://127.0.0.1:{home.port('traces')}"
    if name == "console":
        told = {"MONGODB_URL": mongodb(home, "traces"), "DATABASE": "traces", "OTLP_ENDPOINT": ""}
        told |= {"GATEWAY_URL": f"http://127.0.0.1:{home.port('gateway')}", "CONSOLE_SECRET": home.secret("console")}
        return {**told, "CONSOLE_HOST": "127.0.0.1", "CONSOLE_PORT": port, "TRACES_PORT": str(home.port("traces"))}
    told = {"AMQP_URL": amqp(home, name), "MONGODB_URL": mongodb(home, name), "DATABASE": name}
    if "console" in services and not os.environ.get("OTLP_ENDPOINT"):
        told |= {"OTLP_ENDPOINT": f"{traces}/v1/traces", "TRACES_URL": traces}
    if name != "gateway":
        return {**told, "HEALTH_PORT": port}
    bootstrap = str(home.write("clients.json", clients(home)))
    told |= {"GATEWAY_HOST": "127.0.0.1", "GATEWAY_PORT": port, "METRICS_PORT": str(home.port("metrics"))}
    return {**told, "BOOTSTRAP_CLIENTS": bootstrap}


def up(home: Home, services: Collection[str] = SERVICES, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Bring the city up and wait until every process is ready. Twice is fine, also at the same time.

    Returns the content of `city.json`. Raises NotReady; what this call had started is down again then.
    """
    with (home.directory() / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if holder(home) is not None:
            wait(home, say, lambda: holder(home) is not None)
        else:
            try:
                supervisor = start(home, services)
                wait(home, say, lambda: supervisor.poll() is None)
            except BaseException:
                down(home)
                raise
        city = {
            "gateway": f"http://127.0.0.1:{home.port('gateway')}",
            "console": f"http://127.0.0.1:{home.port('console')}",
            "amqp": amqp(home),
            "mongodb": mongodb(home),
            "keys": keys(home),
        }
        home.write(CITY, city)
    return city


def start(home: Home, services: Collection[str]) -> Popen[bytes]:
    """End what an earlier city left behind, prepare broker and store, and start the supervisor."""
    sweep(home)
    home.renew_ports()
    wanted = plans(home, services)
    if any(plan.name == "store" for plan in wanted):
        store.prepare(home, DATABASES)
    return launch(home, wanted)


def wait(home: Home, say: Callable[[str], None], supervised: Callable[[], bool]) -> None:
    """Tell of each process as it becomes ready; return when all are. Raises NotReady."""
    began, told = time.monotonic(), set[str]()
    while True:
        rows: list[dict[str, Any]] = home.read(STATE) or []
        passed = time.monotonic() - began
        for row in rows:
            if row["name"] not in told and row["ready"] and (row["probe"] == "exit" or answers(row["probe"])):
                told.add(row["name"])
                say(f"  ✓ {row['name']:<10} {row['title']} ({passed:.1f} s)")
        late = [row for row in rows if row["name"] not in told]
        if rows and not late:
            return
        hopeless = [row for row in late if row["restarts"] >= HOPELESS]
        if hopeless or passed > READY_WITHIN or not supervised():
            raise NotReady(
                complaint(home, (hopeless or late or [{"name": "supervisor", "title": "看护", "probe": ""}])[0])
            )
        time.sleep(0.1)


def complaint(home: Home, row: dict[str, Any]) -> str:
    """Which process is not ready, what it says of itself, and how its log ends."""
    lines = [f"{row['title']}（{row['name']}）未能就绪 / {row['name']} did not become ready"]
    if row["probe"].startswith("http:") and (said := answer(row["probe"])):
        lines.append(said.decode("utf-8", "replace").rpartition("\n")[2])
    return "\n".join([*lines, last_lines(home.log(row["name"]))])

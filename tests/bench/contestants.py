"""Who is measured: how each is started, where its reports go in, and where they come out."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pymongo.collection import Collection
from pymongo.database import Database

from contracts.shared import Scope
from deploy.local.home import Home
from deploy.local.processes import Plan, Process
from deploy.rights import client
from tests.bench.stage import Stage, port, until

PROXY = "tests.bench.contenders.proxy_app:web"
NAMEKO_MODULE = "tests.bench.contenders.nameko_app"
KEY_OF = "bench"
# an alert's `order` begins with its time: bounded on both sides, and not those that `aging` has seeded
OF_THIS_RUN = {"order": {"$gt": "2022", "$lt": "3"}}
PYTHON = {"PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True)
class Running:
    """A contestant at work. `groups` are its processes: `app`, and `traces` where there is a trace store."""

    stage: Stage
    queue: str
    database: Database[dict[str, Any]]
    collection: str
    url: str
    groups: Mapping[str, Sequence[Process]]

    @property
    def stored(self) -> Collection[dict[str, Any]]:
        """Where a report counts as stored."""
        return self.database[self.collection]

    def unfinished(self) -> int:
        """Batches of stored reports that are not in the alerts yet; only ours have any."""
        return self.database["folds"].count_documents({"open": True})

    def miscounted(self) -> int:
        """Alarms that ours have stored, less what the alerts have counted of them."""
        alarms = self.database["raw_reports"].count_documents({"state": "received"})
        return alarms - sum(int(alert["count"]) for alert in self.database["alerts"].find(OF_THIS_RUN, {"count": 1}))


Plans = Callable[[Stage, str, str], Mapping[str, Sequence[Plan]]]


@dataclass(frozen=True)
class Contestant:
    """`plans` takes the stage, a database and a port; `collection` is where a report counts as stored."""

    name: str
    title: str
    queue: str
    collection: str
    plans: Plans = field(repr=False)

    @contextmanager
    def running(self, stage: Stage, database: str) -> Iterator[Running]:
        """Its processes, its consumer at work."""
        number = port()
        groups = self.plans(stage, database, number)
        with stage.running([plan for plans in groups.values() for plan in plans]) as processes:
            left = iter(processes)
            members = {name: [next(left) for _ in plans] for name, plans in groups.items()}
            until(lambda: not self.queue or stage.queue(self.queue)[1] > 0, f"{self.name} consumes")
            found = stage.mongo[database]
            yield Running(stage, self.queue, found, self.collection, f"http://127.0.0.1:{number}", members)


def key(home: Home) -> str:
    """The key of the benchmark's one client."""
    return f"yw_{home.secret(f'key.{KEY_OF}')}"


def clients(home: Home) -> Path:
    """The gateway's first clients: one who may do all that is measured."""
    everything = [scope for scope in Scope if scope is not Scope.ADMIN]
    entry = client(KEY_OF, "压测", key(home), [Scope.ADMIN, *everything], "minzheng")
    return home.write("clients.json", [entry])


def ours(traced: bool, *services: str) -> Plans:
    """The gateway and these services as they run in a city; with traces, the trace store too."""

    def plans(stage: Stage, database: str, number: str) -> Mapping[str, Sequence[Plan]]:
        told = {**PYTHON, "PROFILE": "production", "MONGODB_URL": stage.mongodb_url}
        groups: dict[str, Sequence[Plan]] = {}
        bus = {**told, "AMQP_URL": stage.amqp_url}
        if traced:
            at = port()
            address = {"CONSOLE_PORT": port(), "TRACES_PORT": at, "DATABASE": "bench_traces", "OTLP_ENDPOINT": ""}
            groups["traces"] = [_service("console", at, {**told, **address})]
            bus["OTLP_ENDPOINT"] = f"http://127.0.0.1:{at}/v1/traces"
        app = []
        for service in services:
            health = port()
            app.append(_service(service, health, {**bus, "DATABASE": database, "HEALTH_PORT": health}))
        gateway = {"DATABASE": "bench_gateway", "GATEWAY_PORT": number, "BOOTSTRAP_CLIENTS": str(clients(stage.home))}
        groups["app"] = [*app, _service("gateway", number, {**bus, **gateway})]
        return groups

    return plans


def _service(name: str, number: str, env: dict[str, str]) -> Plan:
    return Plan(name, "", [sys.executable, "-m", "services", name], f"http:{number}", env)


def _fastapi(stage: Stage, database: str, number: str) -> Mapping[str, Sequence[Plan]]:
    told = _told(stage, database)
    module = "tests.bench.contenders.faststream_app"
    consumer = Plan("faststream consumer", "", [sys.executable, "-m", module], "", told)
    return {"app": [_uvicorn("faststream web", f"{module}:web", number, told), consumer]}


def _bound(stage: Stage, database: str, number: str) -> Mapping[str, Sequence[Plan]]:
    told = _told(stage, database)
    module = "tests.bench.contenders.bound"
    consumer = Plan("bound consumer", "", [sys.executable, "-m", module], "", told)
    return {"app": [_uvicorn("bound web", f"{module}:web", number, told), consumer]}


def _nameko(stage: Stage, database: str, number: str) -> Mapping[str, Sequence[Plan]]:
    keeper = nameko(stage, database, "Keeper")
    return {"app": [keeper, nameko(stage, database, "Intake", number)]}


def proxied(stage: Stage, database: str, number: str) -> Mapping[str, Sequence[Plan]]:
    """FastAPI with a pool of standalone proxies before a stock nameko service."""
    answering = nameko(stage, database, "Answering")
    return {"app": [answering, _uvicorn("proxy web", PROXY, number, _told(stage, database))]}


def nameko(stage: Stage, database: str, service: str, number: str = "") -> Plan:
    """One stock service in a process of its own, with nameko's defaults."""
    argv = [sys.executable, "-m", NAMEKO_MODULE, service, *([number] if number else [])]
    return Plan(f"nameko {service}", "", argv, f"tcp:{number}" if number else "", _told(stage, database))


def _uvicorn(name: str, app: str, number: str, env: dict[str, str]) -> Plan:
    options = ["--port", number, "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return Plan(name, "", [sys.executable, "-m", "uvicorn", app, *options], f"tcp:{number}", env)


def _told(stage: Stage, database: str) -> dict[str, str]:
    return {**PYTHON, "AMQP_URL": stage.amqp_url, "MONGODB_URL": stage.mongodb_url, "DATABASE": database}


HEARD = "alerts.alerts.report_received.v1"
OURS = Contestant("ours", "(a) 一网 Yiwang, traces on", HEARD, "raw_reports", ours(True, "alerts"))
UNTRACED = Contestant("untraced", "(a) 一网 Yiwang, traces off", HEARD, "raw_reports", ours(False, "alerts"))
FASTSTREAM = Contestant("faststream", "(b) FastAPI + FastStream", "bench.faststream", "reports", _fastapi)
NAMEKO = Contestant("nameko", "(c) nameko, stock", "evt-intake-report_received--keeper.keep", "reports", _nameko)
BOUND = Contestant("bound", "(d) the bound 上限", "bench.bound", "reports", _bound)

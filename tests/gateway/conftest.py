"""A real gateway on the session's broker and store, with keys of several kinds."""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from contracts.shared import Scope
from deploy.local.home import Home, free_port
from deploy.local.processes import Plan, Process, start_all, stop_all
from tests.conftest import City


def scoped(scope: Scope) -> str:
    """The client that holds this scope alone."""
    return f"only-{scope.value.replace(':', '-')}"


@dataclass
class Gateway:
    """A gateway process; `keys` by client."""

    home: Home
    process: Process
    database: Database[dict[str, Any]]
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.process.plan.env['GATEWAY_PORT']}"

    def client(self, name: str | None = "admin", **headers: str) -> httpx.Client:
        """A client with one of the keys."""
        key = {"Authorization": f"Bearer {self.keys[name]}"} if name else {}
        return httpx.Client(base_url=self.url, headers={**key, **headers}, timeout=20, trust_env=False)


def write_clients(path: Path) -> dict[str, str]:
    """A bootstrap file with an admin, a device and an operator."""
    wanted = {"admin": ["admin"], "device": ["alerts:report"], "operator": ["ops", "grid:write"]}
    keys = {name: f"yw_{uuid4().hex}{uuid4().hex}" for name in wanted}
    listed = [
        {
            "client": name,
            "name": name,
            "key_sha256": hashlib.sha256(keys[name].encode()).hexdigest(),
            "key_prefix": keys[name][:10],
            "scopes": scopes,
        }
        for name, scopes in wanted.items()
    ]
    path.write_text(json.dumps(listed), "utf-8")
    return keys


def start_gateway(home: Home, broker: str, store: str, tmp: Path, name: str = "gateway", **env: str) -> Gateway:
    """Start a gateway and wait until it is ready. The database is a fresh one."""
    keys = write_clients(tmp / f"{name}.json")
    told = {
        "PROFILE": "test",
        "AMQP_URL": broker,
        "MONGODB_URL": store,
        "DATABASE": f"t{uuid4().hex}",
        "GATEWAY_PORT": str(free_port()),
        "BOOTSTRAP_CLIENTS": str(tmp / f"{name}.json"),
        **env,
    }
    argv = [sys.executable, "-m", "services", "gateway"]
    process = Process(Plan(name, "", argv, f"http:{told['GATEWAY_PORT']}", told), home)
    start_all([process])
    client: MongoClient[dict[str, Any]] = MongoClient(store, tz_aware=True)
    return Gateway(home, process, client[told["DATABASE"]], keys)


@pytest.fixture(scope="session")
def gateway(home: Home, broker: str, store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway without any service behind it: every question that passes the door ends in 503."""
    started = start_gateway(home, broker, store, tmp_path_factory.mktemp("gateway"), "gateway")
    yield started
    stop_all([started.process])


@pytest.fixture(scope="session")
def admin(gateway: Gateway) -> Iterator[httpx.Client]:
    """The administrator at that gateway."""
    with gateway.client() as client:
        yield client


@pytest.fixture(scope="session")
def people(city: City) -> dict[str, str]:
    """Keys of the whole city's gateway: one client for each scope, and one without a scope that matters here."""
    with httpx.Client(base_url=city.gateway, headers={"X-API-Key": city.keys["admin"]}, trust_env=False) as client:
        made = {}
        for scope in Scope:
            body = {"client": scoped(scope), "name": scope.value, "scopes": [scope.value], "department": "minzheng"}
            answer = client.post("/v1/clients", json=body)
            assert answer.status_code == 201, answer.text
            made[scope.value] = answer.json()["key"]
        return made

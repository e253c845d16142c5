"""The bearer keys of an embedded city, made at its first start, and the client list its gateway begins with."""

import hashlib
from typing import Any

from contracts.shared import Scope
from deploy.local.home import Home

PREFIX_LENGTH = 10
OPERATOR = [
    Scope.GRID_READ,
    Scope.GRID_WRITE,
    Scope.ALERTS_READ,
    Scope.ALERTS_HANDLE,
    Scope.CASES_READ,
    Scope.CASES_REPORT,
    Scope.CASES_HANDLE,
    Scope.CATALOGUE_READ,
    Scope.CATALOGUE_HANDLE,
    Scope.DATASETS_READ,
    Scope.DATASETS_APPROVE,
    Scope.OPS,
]
CLIENTS = {
    "admin": ("系统管理员", [Scope.ADMIN]),
    "operator": ("值班员", OPERATOR),
    "device": ("感知设备", [Scope.ALERTS_REPORT]),
    "portal": ("市民门户", [Scope.CATALOGUE_READ, Scope.CATALOGUE_APPLY, Scope.CASES_REPORT]),
}
DEPARTMENTS = {"minzheng": "民政局", "gongan": "公安局"}
DEPARTMENT = [Scope.DATASETS_READ, Scope.DATASETS_PUBLISH, Scope.DATASETS_USE]


def key(home: Home, client: str) -> str:
    """The bearer key of a client."""
    return f"yw_{home.secret(f'key.{client}')}"


def keys(home: Home) -> dict[str, Any]:
    """All keys as `city.json` shows them."""
    return {
        **{client: key(home, client) for client in CLIENTS},
        "departments": {department: key(home, department) for department in DEPARTMENTS},
    }


def clients(home: Home) -> list[dict[str, Any]]:
    """The clients as the gateway takes them in at its start: hashes of keys, never the keys."""
    listed = [_client(home, client, name, scopes) for client, (name, scopes) in CLIENTS.items()]
    for department, name in DEPARTMENTS.items():
        listed.append({**_client(home, department, name, DEPARTMENT), "department": department})
    return listed


def _client(home: Home, client: str, name: str, scopes: list[Scope]) -> dict[str, Any]:
    secret = key(home, client)
    return {
        "client": client,
        "name": name,
        "key_sha256": hashlib.sha256(secret.encode()).hexdigest(),
        "key_prefix": secret[:PREFIX_LENGTH],
        "scopes": [scope.value for scope in scopes],
    }

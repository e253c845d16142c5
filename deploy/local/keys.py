"""The bearer keys of an embedded city, made at its first start, and the client list its gateway begins with."""

from typing import Any

from contracts.shared import Scope
from deploy.local.home import Home
from deploy.rights import client

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


def key(home: Home, name: str) -> str:
    """The bearer key of a client."""
    return f"yw_{home.secret(f'key.{name}')}"


def keys(home: Home) -> dict[str, Any]:
    """All keys as `city.json` shows them."""
    return {
        **{name: key(home, name) for name in CLIENTS},
        "departments": {name: key(home, name) for name in DEPARTMENTS},
    }


def clients(home: Home) -> list[dict[str, Any]]:
    """The clients as the gateway takes them in at its start."""
    people = [client(name, title, key(home, name), scopes) for name, (title, scopes) in CLIENTS.items()]
    departments = [client(name, title, key(home, name), DEPARTMENT, name) for name, title in DEPARTMENTS.items()]
    return people + departments

"""Who may log in to the broker and the gateway, written as RabbitMQ definitions and as the gateway's first clients."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from contracts.shared import Scope
from services.chassis import topology

VHOST = "yiwang"
ADMIN = "admin"
BROKER_USERS = (*topology.SERVICES, "gateway")
PREFIX_LENGTH = 10


def definitions(passwords: Mapping[str, str]) -> dict[str, Any]:
    """Users, rights and the virtual host as RabbitMQ loads them at boot; `passwords` by user, the administrator's too.

    The same passwords give the same text: RabbitMQ does not load unchanged definitions again.
    """
    rights = {user: topology.permissions(user) for user in BROKER_USERS}
    everything = {"user": ADMIN, "vhost": VHOST, "configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": VHOST}],
        "users": [_user(user, passwords[user]) for user in (ADMIN, *BROKER_USERS)],
        "permissions": [
            everything,
            *(
                {"user": user, "vhost": VHOST, "configure": may.configure, "write": may.write, "read": may.read}
                for user, may in rights.items()
            ),
        ],
        "topic_permissions": [
            {"user": user, "vhost": VHOST, "exchange": exchange, "write": keys, "read": ".*"}
            for user, may in rights.items()
            for exchange, keys in may.topics.items()
        ],
    }


def _user(name: str, password: str) -> dict[str, Any]:
    salt = hashlib.sha256(f"{name} {password}".encode()).digest()[:4]
    digest = hashlib.sha256(salt + password.encode()).digest()
    return {
        "name": name,
        "password_hash": base64.b64encode(salt + digest).decode(),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": "administrator" if name == ADMIN else "",
        "limits": {},
    }


def client(name: str, title: str, key: str, scopes: Iterable[Scope], department: str | None = None) -> dict[str, Any]:
    """One entry of the gateway's `BOOTSTRAP_CLIENTS`: the hash of a bearer key, never the key."""
    entry = {
        "client": name,
        "name": title,
        "key_sha256": hashlib.sha256(key.encode()).hexdigest(),
        "key_prefix": key[:PREFIX_LENGTH],
        "scopes": [scope.value for scope in scopes],
    }
    return {**entry, "department": department} if department else entry

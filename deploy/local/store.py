"""The city's own document store on loopback: `mongod` where it is installed, else SecantusDB.

SecantusDB (GPL-2.0) is run as a program of its own and never imported. Its acknowledged writes outlive a crash only
with `--sync-on-commit`. Either store is filled with one user per database before it is opened with authentication.
"""

import base64
import shutil
import sys
import time
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure

from deploy.local.home import Home
from deploy.local.processes import Plan, Process, start_all, stop_all
from deploy.rights import ADMIN

PREPARED = "store-users.json"
USER_EXISTS, ALREADY_INITIALIZED = 51003, 23
# Without the driver's retries SecantusDB inserted 19 times faster (measured); every write of ours may be repeated.
OPTIONS = "directConnection=true&retryWrites=false"


def url(home: Home, user: str) -> str:
    """The URL of one store user of this city; a service's user lives in its own database."""
    login = f"{user}:{home.secret(f'store.{user}')}"
    return f"mongodb://{login}@127.0.0.1:{home.port('store')}/{user}?authSource={user}&{OPTIONS}"


def plan(home: Home, *, auth: bool = True) -> Plan:
    """How to run the store; without authentication only to make its users."""
    port = home.port("store")
    directory = home.directory("store", "mongod" if shutil.which("mongod") else "secantus")
    program = _mongod if shutil.which("mongod") else _secantus
    argv = program(home, directory, port, auth)
    return Plan("store", "数据库", argv, f"tcp:{port}", grace=20)


def prepare(home: Home, databases: list[str]) -> None:
    """Make the users of a store that is down: the administrator, and one per database who may use that one alone."""
    if home.read(PREPARED) == databases:
        return
    process = Process(plan(home, auth=False), home)
    start_all([process])
    try:
        with MongoClient[dict[str, object]](f"mongodb://127.0.0.1:{home.port('store')}/?{OPTIONS}") as client:
            if shutil.which("mongod"):
                _elect(client)
            _set_user(client, ADMIN, home.secret(f"store.{ADMIN}"), "root")
            for database in databases:
                _set_user(client, database, home.secret(f"store.{database}"), "readWrite")
    finally:
        stop_all([process])
    home.write(PREPARED, databases)


def _set_user(client: MongoClient[dict[str, object]], name: str, password: str, role: str) -> None:
    roles = [{"role": role, "db": name}]
    try:
        client[name].command("createUser", name, pwd=password, roles=roles)
    except OperationFailure as fault:
        if fault.code != USER_EXISTS:
            raise
        client[name].command("updateUser", name, pwd=password, roles=roles)


def _elect(client: MongoClient[dict[str, object]]) -> None:
    """Make a one-member replica set, which transactions need, and wait until it takes writes."""
    try:
        client.admin.command("replSetInitiate", {})
    except OperationFailure as fault:
        if fault.code != ALREADY_INITIALIZED:
            raise
    deadline = time.monotonic() + 30
    while not client.admin.command("hello")["isWritablePrimary"]:
        if time.monotonic() > deadline:
            raise AutoReconnect("mongod elected no primary")
        time.sleep(0.1)


def _secantus(home: Home, directory: Path, port: int, auth: bool) -> list[str]:
    # named, so that it does not look for one in the working directory, the user's home and /etc
    config = home.write_text("store/secantusd.toml", "")
    # with less cache, changes that wait to be written once brought the whole store to a stand
    return [
        str(Path(sys.executable).with_name("secantusd-py")),
        *("--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--storage-path", str(directory)),
        *("--cache-size", "1G", "--sync-on-commit", "--log-level", "WARNING"),
        *(["--auth"] if auth else []),
    ]


def _mongod(home: Home, directory: Path, port: int, auth: bool) -> list[str]:
    key = directory / "keyfile"
    if not key.exists():
        content = base64.b64encode(home.secret("store.keyfile").encode()).decode()
        home.write_text(str(key.relative_to(home.path)), content).chmod(0o400)
    return [
        *("mongod", "--bind_ip", "127.0.0.1", "--port", str(port), "--dbpath", str(directory)),
        *("--replSet", "yiwang", "--wiredTigerCacheSizeGB", "0.25", "--quiet"),
        *(["--auth", "--keyFile", str(key)] if auth else []),
    ]

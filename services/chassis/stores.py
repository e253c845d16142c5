"""A service's database."""

import logging
import time
from typing import Any

import pymongo
from pymongo import MongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    NotPrimaryError,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from services.chassis.tracing import StoreSpans

_log = logging.getLogger(__name__)
_DUPLICATE = 11000
_PATIENCE_S = 1.0
AWAY = (AutoReconnect, ConnectionFailure, NotPrimaryError, ServerSelectionTimeoutError)


def connect(url: str, database: str) -> Database[dict[str, Any]]:
    """The database, times aware; nothing is sent before the first use. Raises AWAY on use while it is away."""
    client: MongoClient[dict[str, Any]] = MongoClient(
        url,
        tz_aware=True,
        appname=database,
        serverSelectionTimeoutMS=3000,
        connectTimeoutMS=3000,
        socketTimeoutMS=60_000,
        maxPoolSize=32,
        retryWrites=False,
        event_listeners=[StoreSpans()],
    )
    return client[database]


def await_store(url: str) -> None:
    """Return once the store answers, however long it is away. Only lost connections are waited for."""
    pause = 0.2
    with connect(url, "admin").client as client:
        while True:
            try:
                client.admin.command("ping")
            except AWAY as error:
                _log.warning("store away", extra={"error": type(error).__name__, "retry_s": pause})
                time.sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                return


def alive(database: Database[dict[str, Any]]) -> bool:
    """Whether its store answers within a second."""
    try:
        with pymongo.timeout(_PATIENCE_S):
            database.client.admin.command("ping")
    except PyMongoError as error:
        _log.warning("store away", extra={"error": type(error).__name__})
        return False
    return True


async def answers(database: AsyncDatabase[dict[str, Any]]) -> bool:
    """The same where asyncio runs; how long it may take is the caller's."""
    try:
        await database.command("ping")
    except PyMongoError:
        return False
    return True


def already_there(error: BulkWriteError) -> set[int]:
    """The places of the documents of an insert whose key stood already: done work. Raises any other error again."""
    faults = error.details.get("writeErrors", [])
    if not faults or any(fault["code"] != _DUPLICATE for fault in faults):
        raise error
    return {fault["index"] for fault in faults}

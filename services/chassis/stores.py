"""A service's database."""

from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import AutoReconnect, ConnectionFailure, NotPrimaryError, ServerSelectionTimeoutError

from services.chassis.tracing import StoreSpans

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

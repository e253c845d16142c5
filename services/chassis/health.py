"""GET /healthz (the loop runs) and /readyz (each dependency named), for supervisors and probes."""

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

import eventlet
from eventlet import wsgi
from pymongo.database import Database
from pymongo.errors import PyMongoError

from services.chassis.aggregates import Document
from services.chassis.line import Line

_log = logging.getLogger(__name__)


def serve(port: int, line: Line, database: Database[Document]) -> None:
    """Answer on the loopback interface until the process ends."""

    def ready() -> dict[str, bool]:
        return {"bus": line.connected, "store": _answers(database)}

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        found = {"/healthz": dict, "/readyz": ready}.get(environ["PATH_INFO"])
        if found is None:
            start_response("404 Not Found", [])
            return [b""]
        parts = found()
        start_response(
            "200 OK" if all(parts.values()) else "503 Service Unavailable", [("Content-Type", "application/json")]
        )
        return [json.dumps({"ok": all(parts.values()), "dependencies": parts}).encode()]

    eventlet.spawn(wsgi.server, eventlet.listen(("127.0.0.1", port)), app, log_output=False)


def _answers(database: Database[Document]) -> bool:
    try:
        database.client.admin.command("ping")
    except PyMongoError as error:
        _log.warning("store away", extra={"error": type(error).__name__})
        return False
    return True

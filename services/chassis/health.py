"""For supervisors, probes and Prometheus: GET /healthz (the loop runs), /readyz (each dependency named), /metrics."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import eventlet
from eventlet import wsgi
from pymongo.database import Database

from services.chassis import metrics
from services.chassis.aggregates import Document
from services.chassis.line import Line
from services.chassis.soundings import Soundings
from services.chassis.stores import alive

JSON = "application/json"


def serve(address: tuple[str, int], line: Line, database: Database[Document], soundings: Soundings) -> None:
    """Answer at (host, port) until the process ends. Nobody is asked for a key: the place must be private."""

    def told(parts: dict[str, bool]) -> tuple[str, str, bytes]:
        ok = all(parts.values())
        body = json.dumps({"ok": ok, "dependencies": parts}).encode()
        return "200 OK" if ok else "503 Service Unavailable", JSON, body

    def shown() -> tuple[str, str, bytes]:
        soundings.take()
        return "200 OK", metrics.CONTENT_TYPE, metrics.text(metrics.SERVICE)

    places: dict[str, Callable[[], tuple[str, str, bytes]]] = {
        "/healthz": lambda: told({}),
        "/readyz": lambda: told({"bus": line.connected, "store": alive(database)}),
        "/metrics": shown,
    }

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        place = places.get(environ["PATH_INFO"])
        status, content_type, body = place() if place else ("404 Not Found", JSON, b"")
        start_response(status, [("Content-Type", content_type)])
        return [body]

    metrics.BUS_CONNECTED.set_function(lambda: line.connected)
    eventlet.spawn(wsgi.server, eventlet.listen(address), app, log_output=False)

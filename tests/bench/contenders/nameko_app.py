"""Stock nameko: http, event_dispatcher (persistent, confirmed) and event_handler, and a service that answers calls.

`python -m tests.bench.contenders.nameko_app <class> [port]`: what `nameko run` does with one class, whose command line
does not start any more with today's setuptools. Everything else is nameko's default (10 workers, prefetch 10).
"""
# ruff: noqa: E402 (patched first of all, as `nameko run` does)

import eventlet

eventlet.monkey_patch()

import json
import os
import signal
import sys
from contextlib import suppress
from typing import Any
from uuid import uuid4

from nameko.events import EventDispatcher, event_handler
from nameko.extensions import DependencyProvider
from nameko.rpc import rpc
from nameko.runners import ServiceRunner
from nameko.web.handlers import http
from pymongo import MongoClient
from pymongo.collection import Collection
from werkzeug import Request


class Reports(DependencyProvider):
    """The collection, one client for the whole process."""

    def setup(self) -> None:
        client: MongoClient[dict[str, Any]] = MongoClient(os.environ["MONGODB_URL"])
        self.reports = client[os.environ["DATABASE"]]["reports"]

    def get_dependency(self, _worker: object) -> Collection[dict[str, Any]]:
        return self.reports


class Intake:
    """The web side."""

    name = "intake"
    dispatch = EventDispatcher()

    @http("POST", "/v1/intake/<adapter>/<source>")
    def take(self, request: Request, adapter: str, source: str) -> tuple[int, str]:
        report = uuid4().hex
        told = {"_id": report, "adapter": adapter, "source": source, "content_type": request.content_type}
        self.dispatch("report_received", {**told, "body": request.get_data(as_text=True)})
        return 202, json.dumps({"report": report})


class Keeper:
    """The consumer: one document a report, acknowledged when it is stored."""

    name = "keeper"
    reports = Reports()

    @event_handler("intake", "report_received")
    def keep(self, report: dict[str, Any]) -> None:
        self.reports.insert_one(report)


class Answering:
    """Answers a question that costs nothing."""

    name = "answering"

    @rpc
    def locate(self, longitude: float, latitude: float) -> dict[str, Any]:
        return {"grid": None, "path": [], "longitude": longitude, "latitude": latitude}


def main(name: str, port: str = "0") -> None:
    """Until SIGTERM."""
    config = {"AMQP_URI": os.environ["AMQP_URL"], "WEB_SERVER_ADDRESS": f"127.0.0.1:{port}"}
    runner = ServiceRunner(config)
    runner.add_service(next(one for one in (Intake, Keeper, Answering) if one.__name__ == name))
    signal.signal(signal.SIGTERM, lambda *_: eventlet.spawn_n(runner.stop))
    runner.start()
    with suppress(KeyboardInterrupt):
        runner.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])

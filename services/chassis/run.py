"""Run one service in this process until SIGTERM: stop consuming, finish or give back, flush the outbox, exit."""

import logging
import os
import signal
import sys

import eventlet
from eventlet.event import Event as Signal
from eventlet.hubs import get_hub
from nameko.containers import ServiceContainer

from services.chassis import health, logs, tracing
from services.chassis.entrypoints import StoreDependency
from services.chassis.line import Line
from services.chassis.logs import describe
from services.chassis.registry import service_class
from services.chassis.service import Operations, Service
from services.chassis.settings import settings
from services.chassis.soundings import Soundings
from services.chassis.stores import await_store

_log = logging.getLogger(__name__)
_STOP_WITHIN_S = 10


def main(name: str) -> int:
    """The whole life of `python -m services <name>`."""
    return run(service_class(name))


def run(service: type[Service]) -> int:
    """The whole life of a service process."""
    name = service.name
    logs.setup(name, settings().log_level)
    tracing.setup(name, settings().otlp_endpoint)
    # before the signals are ours: a process that has begun nothing may be ended as it stands
    await_store(settings().mongodb_url)
    container = ServiceContainer(service_cls=service, config={"max_workers": 256})
    stop = Signal()

    def ask_to_stop(*_: object) -> None:
        # the handler may run between any two instructions: leave the work to the hub
        get_hub().schedule_call_global(0, lambda: stop.ready() or stop.send())

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    container.start()
    died = eventlet.spawn(_watch, container, stop)
    if settings().health_port:
        _serve(container, container.shared_extensions[Line])
    _log.info("started", extra={"pid": os.getpid()})
    stop.wait()
    if died.dead:
        return 1
    died.kill()
    signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
    signal.alarm(_STOP_WITHIN_S)
    container.stop()
    tracing.flush()
    _log.info("stopped")
    sys.stderr.flush()
    return 0


def _serve(container: ServiceContainer, line: Line) -> None:
    database = next(found.database for found in container.dependencies if isinstance(found, StoreDependency))
    bench = next(found.get_dependency(None) for found in container.dependencies if isinstance(found, Operations))
    soundings = Soundings(database, bench.tally, bench.depths)
    health.serve((settings().health_host, settings().health_port), line, database, soundings)


def _watch(container: ServiceContainer, stop: Signal) -> None:
    """A container that ends by itself ends the process: the supervisor starts a fresh one."""
    try:
        container.wait()
    except Exception as error:
        _log.critical("died", extra=describe(error))
    if not stop.ready():
        stop.send()

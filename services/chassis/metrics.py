"""指标: every metric of every process, declared once; at the end, which process shows which.

Labels are bounded by the code: queues, methods, templates of routes, outcomes, collections. Never an id, a path as it
was called, or a name that somebody outside chose.
"""

import asyncio
import contextlib
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector
from pymongo.asynchronous.database import AsyncDatabase

from services.chassis.stores import answers

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
# how long a scrape may wait for the store and the broker
PATIENCE_S = 1.0
_DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_AGES = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

disable_created_metrics()  # type: ignore[no-untyped-call]


BUS_CONNECTED = Gauge("yiwang_bus_connected", "1 while the connection to the broker stands.", registry=None)
STORE_UP = Gauge("yiwang_store_up", "1 when the store answered within a second.", registry=None)

HTTP = Histogram(
    "yiwang_http_request_duration_seconds",
    "Requests at the door.",
    ["method", "route", "status"],
    buckets=_DURATIONS,
    registry=None,
)
SPOOL_REPORTS = Gauge("yiwang_spool_reports", "Reports that wait on disk for the broker.", registry=None)
SPOOL_LIMIT_REPORTS = Gauge("yiwang_spool_limit_reports", "Reports that may wait.", registry=None)
SPOOL_BYTES = Gauge("yiwang_spool_bytes", "Bytes of the bodies of reports that wait.", registry=None)
SPOOL_LIMIT_BYTES = Gauge("yiwang_spool_limit_bytes", "Bytes that may wait.", registry=None)

MESSAGES = Counter(
    "yiwang_messages_total",
    "Messages by what became of them: done, retried, dead, postponed (the store was away).",
    ["queue", "outcome"],
    registry=None,
)
HANDLING = Histogram(
    "yiwang_handling_duration_seconds",
    "Work on a message, or on a whole batch.",
    ["queue"],
    buckets=_DURATIONS,
    registry=None,
)
AGE = Histogram(
    "yiwang_message_age_seconds",
    "Age of the first message of a batch when work on it begins; retries and replays, late on purpose, left out.",
    ["queue"],
    buckets=_AGES,
    registry=None,
)
ANSWERS = Histogram(
    "yiwang_answer_duration_seconds",
    "Requests of the gateway by what they came to: done, late (nobody waits any more), or the kind of fault.",
    ["method", "outcome"],
    buckets=_DURATIONS,
    registry=None,
)
DEAD_LETTERS = Gauge("yiwang_dead_letters", "Dead letters that wait for somebody.", registry=None)
OUTBOX_EVENTS = Gauge("yiwang_outbox_events", "Events that wait to be published.", ["collection"], registry=None)
OUTBOX_OLDEST = Gauge(
    "yiwang_outbox_oldest_seconds",
    "Since the document with events to publish was changed that waits longest.",
    ["collection"],
    registry=None,
)
QUEUE_MESSAGES = Gauge("yiwang_queue_messages", "Messages ready in the broker.", ["queue"], registry=None)

SPANS = Counter("yiwang_spans_total", "Spans that were taken in.", registry=None)
SPANS_DROPPED = Counter("yiwang_spans_dropped_total", "Spans that found no room.", registry=None)
SPANS_WAITING = Gauge("yiwang_spans_waiting", "Spans in memory, not written yet.", registry=None)


def _registry(*shown: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    for metric in shown:
        registry.register(metric)
    return registry


SERVICE = _registry(
    BUS_CONNECTED,
    STORE_UP,
    MESSAGES,
    HANDLING,
    AGE,
    ANSWERS,
    DEAD_LETTERS,
    OUTBOX_EVENTS,
    OUTBOX_OLDEST,
    QUEUE_MESSAGES,
)
GATEWAY = _registry(BUS_CONNECTED, STORE_UP, HTTP, SPOOL_REPORTS, SPOOL_LIMIT_REPORTS, SPOOL_BYTES, SPOOL_LIMIT_BYTES)
CONSOLE = _registry(STORE_UP, SPANS, SPANS_DROPPED, SPANS_WAITING)


def method_of(method: str) -> str:
    """An HTTP method as a label: a caller may invent others."""
    return method if method in _METHODS else "other"


def text(registry: CollectorRegistry) -> bytes:
    """What a process shows, as Prometheus reads it."""
    return generate_latest(registry)


async def text_with_store(registry: CollectorRegistry, database: AsyncDatabase[dict[str, Any]]) -> bytes:
    """The same where asyncio runs, and whether the store answers now; within a second in any case."""
    up = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            up = await answers(database)
    STORE_UP.set(up)
    return text(registry)

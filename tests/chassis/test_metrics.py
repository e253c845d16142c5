"""Metrics of a service: a real process is scraped, and what it shows is read as Prometheus reads it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from contracts.faults import Fault
from deploy.local import store as documents
from deploy.local.home import Home
from deploy.local.processes import Process, stop_all
from services.chassis import context, metrics
from services.chassis.aggregates import Aggregates
from tests.faults.proxy import Proxy

from .conftest import CALLER, Probe, eventually

MADE = "probe.probe.made.v1"
Series = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(probe: Probe) -> Series:
    """Value by name and labels."""
    answer = httpx.get(f"http://127.0.0.1:{probe.started[0].plan.env['HEALTH_PORT']}/metrics", trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (200, metrics.CONTENT_TYPE)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(series: Series, name: str, **labels: str) -> float:
    return series.get((name, frozenset(labels.items())), 0.0)


def test_what_was_done_is_counted(running: Probe, probe_contracts: Any) -> None:
    before = scrape(running)
    ids = {mode: f"{mode}-{uuid4().hex}" for mode in ("ok", "invalid", "bug")}

    async def make(bus: Any) -> None:
        for mode, id in ids.items():
            await bus.ask(probe_contracts.MakeThing(caller=CALLER, id=id, mode=mode))
        with pytest.raises(Fault):
            await bus.ask(probe_contracts.GetThing(caller=CALLER, id="none"))

    running.ask(make)

    def grown(name: str, **labels: str) -> float:
        return value(scrape(running), name, **labels) - value(before, name, **labels)

    def outcome(name: str) -> float:
        return grown("yiwang_messages_total", queue=MADE, outcome=name)

    # what has a bug is tried six times
    eventually(lambda: outcome("dead") == 2, within=20)
    assert (outcome("done"), outcome("retried")) == (1, 5)
    assert grown("yiwang_messages_total", queue="probe.dead", outcome="done") >= 1
    assert grown("yiwang_handling_duration_seconds_count", queue=MADE) == 8
    # tries after the first are late on purpose and tell nothing of a lag
    assert grown("yiwang_message_age_seconds_count", queue=MADE) == 3
    assert grown("yiwang_answer_duration_seconds_count", method="make_thing", outcome="done") == 3
    assert grown("yiwang_answer_duration_seconds_count", method="get_thing", outcome="not_found") == 1
    assert grown("yiwang_answer_duration_seconds_bucket", method="make_thing", outcome="done", le="+Inf") == 3


def test_broker_and_store_are_looked_at(running: Probe) -> None:
    running.database.dead_letters.insert_one({"_id": uuid4().hex, "state": "dead"})
    dead = running.database.dead_letters.count_documents({"state": "dead"})
    series = eventually(
        lambda: (found := scrape(running)) and value(found, "yiwang_dead_letters") == dead and found, within=25
    )
    assert value(series, "yiwang_bus_connected") == value(series, "yiwang_store_up") == 1
    labels = {name: {dict(told).get(name) for _, told in series} - {None} for name in ("queue", "collection")}
    assert labels["queue"] == {
        "probe.dead",
        "rpc-probe",
        *(f"probe.probe.{wire}.v1" for wire in ("made", "counted", "posted")),
    }
    assert labels["collection"] == {"things", "heard"}
    assert value(series, "process_resident_memory_bytes") > 1e6


def test_labels_are_bounded_and_tell_of_nobody(running: Probe, probe_contracts: Any) -> None:
    id = f"私人-{uuid4().hex}"
    running.ask(lambda bus: bus.ask(probe_contracts.MakeThing(caller=CALLER, id=id)))
    eventually(lambda: running.database.heard.find_one({"_id": f"made {id}"}))
    series = scrape(running)
    assert {name for _, labels in series for name, _ in labels} <= {"le", "queue", "outcome", "method", "collection"}
    text = repr(series)
    assert not any(word in text for word in (id, CALLER.client, running.database.name))


@pytest.fixture
def wired(home: Home, topology: str, database: Any) -> Iterator[tuple[Probe, Proxy, Proxy]]:
    """A probe whose ways to broker and store can be cut."""
    with Proxy(home.port("broker")) as broker, Proxy(home.port("store")) as store:
        amqp = topology.replace(f":{home.port('broker')}/", f":{broker.port}/")
        probe = Probe(home, amqp, f"mongodb://127.0.0.1:{store.port}/?{documents.OPTIONS}", database)
        probe.start()
        yield probe, broker, store
        stop_all(probe.started)


def test_it_answers_while_broker_and_store_are_away_or_silent(wired: tuple[Probe, Proxy, Proxy]) -> None:
    probe, broker, store = wired

    def shown() -> tuple[float, float]:
        began = time.monotonic()
        series = scrape(probe)
        assert time.monotonic() - began < 3
        return value(series, "yiwang_bus_connected"), value(series, "yiwang_store_up")

    assert shown() == (1, 1)
    store.hold()
    assert shown() == (1, 0)
    store.flow()
    eventually(lambda: shown() == (1, 1))
    broker.refuse()
    store.refuse()
    eventually(lambda: shown() == (0, 0))
    broker.flow()
    store.flow()
    eventually(lambda: shown() == (1, 1))


def test_it_listens_where_it_is_told(probe: Probe) -> None:
    def places(process: Process) -> list[str]:
        assert process.child
        found = psutil.Process(process.child.pid).net_connections()
        return [one.laddr.ip for one in found if one.status == psutil.CONN_LISTEN]

    usual = probe.start()
    assert places(usual) == ["127.0.0.1"]
    other = Process(replace(usual.plan, env={**usual.plan.env, "HEALTH_HOST": "127.0.0.2"}), probe.home)
    probe.started.append(other)
    other.start()
    eventually(lambda: places(other) == ["127.0.0.2"])


def test_events_that_wait_are_counted_and_dated(database: Any, probe_contracts: Any) -> None:
    things = Aggregates(database, "things")
    assert things.unpublished() == (0, 0.0)
    for id in ("a", "b"):
        things.insert({"_id": id}, [probe_contracts.Echoed(id=id), probe_contracts.Echoed(id=id)])
    database["things"].update_one({"_id": "b"}, {"$set": {"updated_at": context.now() - timedelta(hours=1)}})
    events, seconds = things.unpublished()
    assert events == 4
    assert 3600 <= seconds < 3660

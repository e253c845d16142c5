"""The broker and the store of an embedded city: who may do what, on which addresses, and what survives a kill."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import amqp
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local import broker, store
from deploy.local.city import DATABASES, up
from deploy.local.home import Home
from deploy.local.processes import leftovers
from deploy.local.stop import down
from deploy.local.supervisor import holder
from services.chassis import topology

from ..conftest import state


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A city without services, in a directory named as people here name theirs."""
    home = Home(tmp_path_factory.mktemp("城市 servers"))
    up(home, services=(), say=lambda _: None)
    topology.declare(broker.url(home, broker.ADMIN), [])
    yield home
    down(home)


def connect(url: str) -> amqp.Connection:
    parts = urlsplit(url)
    connection = amqp.Connection(
        f"{parts.hostname}:{parts.port}",
        parts.username,
        parts.password,
        virtual_host=parts.path[1:],
        confirm_publish=True,
    )
    connection.connect()
    return connection


def attempt(home: Home, user: str, act: Callable[[amqp.Channel], object]) -> bool:
    """Whether the broker lets the user do it."""
    with connect(broker.url(home, user)) as connection:
        try:
            act(connection.channel())
        except amqp.AccessRefused:
            return False
        return True


def publish(exchange: str, key: str) -> Callable[[amqp.Channel], object]:
    return lambda channel: channel.basic_publish_confirm(amqp.Message("{}"), exchange, key)


@pytest.mark.parametrize("service", topology.SERVICES)
def test_a_service_publishes_its_own_events_only(servers: Home, service: str) -> None:
    for owner in topology.SERVICES:
        assert attempt(servers, service, publish(topology.EVENTS, f"{owner}.happened.v1")) is (owner == service)


def test_a_service_neither_asks_nor_reads_anothers_queue_nor_declares(servers: Home) -> None:
    refused = {
        "ask": publish(topology.REQUESTS, "cases.find_case"),
        "read": lambda channel: channel.basic_get("alerts.dead"),
        "declare": lambda channel: channel.queue_declare("grid.mine", durable=True, auto_delete=False),
        "exchange": lambda channel: channel.exchange_declare("grid.mine", "topic"),
        "default exchange": publish("", "alerts.dead"),
    }
    assert [name for name, act in refused.items() if attempt(servers, "grid", act)] == []
    assert attempt(servers, "grid", lambda channel: channel.basic_get("grid.dead"))


def test_the_gateway_asks_everybody_and_publishes_reports_only(servers: Home) -> None:
    assert attempt(servers, "gateway", publish(topology.REQUESTS, "cases.find_case"))
    assert attempt(servers, "gateway", publish(topology.EVENTS, "alerts.report_received.v1"))
    assert not attempt(servers, "gateway", publish(topology.EVENTS, "alerts.raised.v1"))
    assert not attempt(servers, "gateway", lambda channel: channel.basic_get("alerts.dead"))


def test_nobody_comes_in_without_the_password(servers: Home) -> None:
    right = broker.url(servers, "grid")
    for wrong in (right.replace(servers.secret("broker.grid"), "grid"), right.replace("grid:", "guest:", 1)):
        with pytest.raises((amqp.AccessRefused, OSError)):
            connect(wrong)


def test_a_store_user_has_one_database(servers: Home) -> None:
    for user in DATABASES:
        with MongoClient[dict[str, Any]](store.url(servers, user)) as client:
            client[user]["proof"].insert_one({"of": user})
            assert client.get_default_database().name == user
            for other in set(DATABASES) - {user}:
                for act in (client[other]["proof"].find_one, lambda c=client[other]: c["proof"].insert_one({})):
                    with pytest.raises(OperationFailure, match="not authorized"):
                        act()
    with (
        MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{servers.port('store')}/?{store.OPTIONS}") as stranger,
        pytest.raises(OperationFailure, match="auth"),
    ):
        stranger["grid"]["proof"].find_one()


def test_the_home_is_private(servers: Home) -> None:
    assert servers.path.stat().st_mode & 0o777 == 0o700
    secret = servers.secret("broker.admin")
    holding = [path for path in servers.path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert {path.stat().st_mode & 0o077 for path in holding} == {0}


def test_up_twice_is_one_city(servers: Home) -> None:
    before = state(servers)
    up(servers, services=(), say=lambda _: None)
    assert state(servers) == before


def taken(servers: Home, queue: str) -> object:
    """A message of the queue; None also while a broker that has just started elects the queue's leader."""
    try:
        with connect(broker.url(servers, "cases")) as connection:
            channel = connection.channel()
            message = channel.basic_get(queue)
            if message is not None:
                channel.basic_ack(message.delivery_tag)
            return message
    except (OSError, amqp.AMQPError):
        return None


def test_broker_store_and_epmd_come_back_with_what_they_had_confirmed(servers: Home) -> None:
    assert attempt(servers, broker.ADMIN, publish(topology.DEAD, "cases"))
    with MongoClient[dict[str, Any]](store.url(servers, "cases")) as client:
        client["cases"]["kept"].insert_one({"_id": "before the kill"})
    before = state(servers)
    for row in before.values():
        os.kill(row["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not all(row["ready"] and row["restarts"] > before[name]["restarts"] for name, row in state(servers).items()):
        assert time.monotonic() < deadline, state(servers)
        time.sleep(0.05)
    while taken(servers, "cases.dead") is None:
        assert time.monotonic() < deadline, "the message that was confirmed is gone"
        time.sleep(0.05)
    with MongoClient[dict[str, Any]](store.url(servers, "cases"), retryReads=True) as client:
        assert client["cases"]["kept"].find_one() == {"_id": "before the kill"}


def test_down_leaves_no_process_though_some_have_died(servers: Home) -> None:
    supervisor = holder(servers)
    assert supervisor is not None
    os.kill(state(servers)["store"]["pid"], signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    down(servers)
    assert leftovers(servers) == []
    with (
        pytest.raises(PyMongoError),
        MongoClient[dict[str, Any]](store.url(servers, "cases"), serverSelectionTimeoutMS=200) as client,
    ):
        client["cases"]["kept"].find_one()

"""The whole embedded city as a person meets it: `up`, `status`, a key, a process that dies."""

import os
import signal
import time

import httpx
import psutil

from deploy.local.city import SERVICES
from deploy.local.processes import answers, leftovers

from ..conftest import City, local, state


def test_status_names_every_process_and_says_that_all_are_ready(city: City) -> None:
    status = local(city.home, "status")
    assert status.returncode == 0, status.stdout
    assert [name for name in ("epmd", "broker", "store", *SERVICES) if name not in status.stdout] == []


def test_the_gateway_knows_the_keys_of_the_city(city: City) -> None:
    for key in (*city.keys.values(), *city.departments.values()):
        answer = httpx.get(f"{city.gateway}/v1/territories", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code != httpx.codes.UNAUTHORIZED, answer.text
    assert httpx.get(f"{city.gateway}/v1/territories").status_code == httpx.codes.UNAUTHORIZED


def test_everything_listens_on_loopback_only(city: City) -> None:
    heard = {
        connection.laddr.ip
        for pid in leftovers(city.home)
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert heard <= {"127.0.0.1", "::1"}


def test_a_killed_service_is_back_and_ready(city: City) -> None:
    before = state(city.home)["grid"]
    os.kill(before["pid"], signal.SIGKILL)
    deadline = time.monotonic() + 60
    while state(city.home)["grid"]["restarts"] == before["restarts"] or not answers(before["probe"]):
        assert time.monotonic() < deadline, state(city.home)["grid"]
        time.sleep(0.05)


def test_no_log_holds_a_secret(city: City) -> None:
    secrets = city.home.read("secrets.json").values()
    for log in city.home.logs.iterdir():
        text = log.read_text("utf-8", "replace")
        assert not any(secret in text for secret in secrets), log.name

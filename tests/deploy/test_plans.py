"""What each process of the embedded city is told, without starting any."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.local.city import SERVICES, plans
from deploy.local.home import Home
from deploy.local.keys import CLIENTS, DEPARTMENTS, clients, keys
from deploy.local.processes import Plan


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("AMQP_URL", "MONGODB_URL", "OTLP_ENDPOINT", "PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path)


def by_name(found: Sequence[Plan]) -> dict[str, Plan]:
    return {plan.name: plan for plan in found}


def test_every_process_has_its_own_users_its_own_port_and_traces(empty: Home) -> None:
    found = by_name(plans(empty))
    assert set(found) == {"epmd", "broker", "store", "declare", *SERVICES}
    ours = {name: found[name] for name in SERVICES if name != "console"}
    for name, plan in ours.items():
        assert plan.env["AMQP_URL"].startswith(f"amqp://{name}:{empty.secret(f'broker.{name}')}@127.0.0.1:")
        assert plan.env["MONGODB_URL"].startswith(f"mongodb://{name}:{empty.secret(f'store.{name}')}@127.0.0.1:")
        assert plan.env["DATABASE"] == name
        assert plan.env["OTLP_ENDPOINT"] == f"http://127.0.0.1:{empty.port('traces')}/v1/traces"
    assert len({plan.ready for plan in found.values()}) == len(found)
    assert "AMQP_URL" not in found["console"].env


def test_servers_of_your_own_are_used_and_none_is_started(empty: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://me:pw@bus/v")
    monkeypatch.setenv("MONGODB_URL", "mongodb://me:pw@store/?replicaSet=rs")
    monkeypatch.setenv("OTLP_ENDPOINT", "http://collector:4318/v1/traces")
    found = by_name(plans(empty))
    assert set(found) == {"declare", *SERVICES}
    assert found["declare"].needs == []
    for name in ("declare", "grid", "gateway"):
        assert found[name].env["AMQP_URL"] == "amqp://me:pw@bus/v"
    assert (
        found["cases"].env["MONGODB_URL"]
        == found["console"].env["MONGODB_URL"]
        == "mongodb://me:pw@store/?replicaSet=rs"
    )
    assert "OTLP_ENDPOINT" not in found["cases"].env


def test_the_gateway_is_given_hashes_of_the_keys_never_the_keys(empty: Home) -> None:
    plans(empty, ["gateway"])
    told = (empty.path / "clients.json").read_text("utf-8")
    given = keys(empty)
    secrets = [given[name] for name in CLIENTS] + list(given["departments"].values())
    assert len(set(secrets)) == len(CLIENTS) + len(DEPARTMENTS)
    assert not any(secret in told for secret in secrets)
    assert {entry["client"]: entry.get("department") for entry in clients(empty)} == {
        **dict.fromkeys(CLIENTS),
        **{name: name for name in DEPARTMENTS},
    }

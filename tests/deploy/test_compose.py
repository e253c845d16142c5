"""docker-compose.yml against what it must agree with: the services, the broker's users, the secrets, the files."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from deploy.local.city import DATABASES
from deploy.local.home import ROOT
from deploy.rights import ADMIN, BROKER_USERS
from services.chassis import topology

TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)["services"]
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")


def test_every_service_has_a_container_with_its_own_users() -> None:
    for name in (*topology.SERVICES, "gateway"):
        told = COMPOSE[name]["environment"]
        assert COMPOSE[name]["command"] == [name]
        assert told["AMQP_URL"].startswith(f"amqp://{name}:${{BROKER_{name.upper()}_PASSWORD:?}}@")
        assert told["MONGODB_URL"].startswith(f"mongodb://{name}:${{STORE_{name.upper()}_PASSWORD:?}}@")
        assert f"/{name}?authSource={name}&" in told["MONGODB_URL"]


def test_every_secret_is_asked_for_in_the_example_and_none_is_given() -> None:
    asked = set(re.findall(r"^([A-Z_]+)=$", EXAMPLE, re.M))
    assert asked == set(re.findall(r"\$\{([A-Z_]+):\?\}", TEXT))
    assert set(re.findall(r"^# ([A-Z_]+)=", EXAMPLE, re.M)) == set(re.findall(r"\$\{([A-Z_]+):-", TEXT))


def test_every_database_gets_its_user_at_the_first_start() -> None:
    listed = re.search(r"of (\[.*\])", (ROOT / "deploy/mongodb/users.js").read_text("utf-8"))
    assert listed and json.loads(listed[1]) == DATABASES
    assert {f"STORE_{name.upper()}_PASSWORD" for name in DATABASES} <= set(COMPOSE["mongodb"]["environment"])


def test_every_mounted_file_is_there() -> None:
    mounts = [volume.split(":")[0] for service in COMPOSE.values() for volume in service.get("volumes", [])]
    files = [mount for mount in mounts if mount.startswith("./")]
    assert files
    assert [mount for mount in files if not (ROOT / mount).is_file()] == []


def test_nothing_is_published_beyond_loopback() -> None:
    ports = [port for service in COMPOSE.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if "127.0.0.1:" not in port] == []


def prepare(directory: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.prepare", str(directory)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_prepared_files_hold_hashes_and_the_rights_of_the_topology(tmp_path: Path) -> None:
    secrets = {name: f"secret-of-{name}" for name in COMPOSE["prepare"]["environment"]}
    assert prepare(tmp_path, secrets).returncode == 0
    written = [(tmp_path / name).read_text("utf-8") for name in ("definitions.json", "clients.json")]
    assert not any(secret in text for secret in secrets.values() for text in written)
    definitions = json.loads(written[0])
    assert [user["name"] for user in definitions["users"]] == [ADMIN, *BROKER_USERS]
    grid = next(entry for entry in definitions["permissions"] if entry["user"] == "grid")
    assert (grid["write"], grid["read"]) == topology.permissions("grid")[1:3]
    assert json.loads(written[1])[0]["scopes"] == ["admin"]


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    told = prepare(tmp_path, {"ADMIN_KEY": "x"})
    assert (told.returncode, "BROKER_GRID_PASSWORD" in told.stderr, "ADMIN_KEY" in told.stderr) == (1, True, False)
    assert not list(tmp_path.iterdir())


def test_the_collector_uses_what_it_defines() -> None:
    config = yaml.safe_load((ROOT / "deploy/telemetry/collector.yaml").read_text("utf-8"))
    for pipeline in config["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            assert set(names) <= set(config[kind])

"""`yiwang` as a person and as a script run it, against a real gateway."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import openpyxl
import pytest

from deploy.local.home import Home
from deploy.local.processes import stop_all
from tests.conftest import City
from tests.gateway.conftest import Gateway, start_gateway

YIWANG = Path(sys.executable).with_name("yiwang")


@pytest.fixture(scope="module")
def gateway(home: Home, broker: str, store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    started = start_gateway(home, broker, store, tmp_path_factory.mktemp("cli"), "cli")
    yield started
    stop_all([started.process])


def run(
    gateway: Gateway | None, *arguments: str, cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    told = {"YIWANG_GATEWAY": gateway.url, "YIWANG_KEY": gateway.keys["admin"]} if gateway else {}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("YIWANG")}
    return subprocess.run(
        [str(YIWANG), *arguments],
        env={**clean, "COLUMNS": "160", **told, **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_keys(gateway: Gateway) -> None:
    name = f"c{uuid4().hex[:8]}"
    made = run(
        gateway, "--json", "keys", "create", name, "--name", "城管局", "--scope", "datasets:use", "--scope", "ops"
    )
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)["key"]
    assert key.startswith("yw_")
    listed = run(gateway, "keys", "list")
    assert name in listed.stdout and "城管局" in listed.stdout and key not in listed.stdout
    assert run(gateway, "keys", "revoke", name).returncode == 0
    refused = run(gateway, "keys", "revoke", "admin")
    assert refused.returncode == 1
    assert "own_client" in refused.stderr and "Traceback" not in refused.stderr


def test_sources(gateway: Gateway) -> None:
    name = f"gate-{uuid4().hex[:8]}"
    made = run(gateway, "--json", "sources", "create", name, "--adapter", "hikvision", "--note", "东门")
    assert made.returncode == 0, made.stderr
    url = json.loads(made.stdout)["url"]
    assert httpx.post(url, content=b"<x/>", trust_env=False).status_code == 202
    listed = run(gateway, "sources", "list")
    assert name in listed.stdout and "东门" in listed.stdout and url.rpartition("/")[2] not in listed.stdout
    again = json.loads(run(gateway, "--json", "sources", "rotate", name).stdout)
    assert again["url"] != url
    assert run(gateway, "sources", "revoke", name).returncode == 0
    assert httpx.post(again["url"], content=b"<x/>", trust_env=False).status_code == 403


def test_intake_posts_every_file(gateway: Gateway, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.xml" for number in range(3)]
    for file in files:
        file.write_bytes(b"<EventNotificationAlert/>")
    posted = run(gateway, "--json", "intake", *map(str, files), "--adapter", "hikvision", "--source", "east")
    assert posted.returncode == 0, posted.stderr
    assert len({item["report"] for item in json.loads(posted.stdout)["items"]}) == 3


def test_trouble_is_one_line_and_an_exit_code(gateway: Gateway, tmp_path: Path) -> None:
    unknown = run(gateway, "trace", "xyz")
    assert (unknown.returncode, "trace_invalid" in unknown.stderr) == (1, True)
    away = run(None, "trace", "0" * 32, YIWANG_GATEWAY="http://127.0.0.1:1")
    assert (away.returncode, len(away.stderr.strip().splitlines())) == (3, 1)
    assert run(None, "trace", "0" * 32, cwd=tmp_path).returncode == 2
    assert run(gateway, "import", "grids", str(tmp_path / "missing.csv")).returncode == 2


def test_the_city_in_the_working_directory_is_used_and_its_key_goes_nowhere_else(
    gateway: Gateway, tmp_path: Path
) -> None:
    (tmp_path / ".yiwang").mkdir()
    told = {"gateway": gateway.url, "keys": {"admin": gateway.keys["admin"]}}
    (tmp_path / ".yiwang" / "city.json").write_text(json.dumps(told), "utf-8")
    assert run(None, "keys", "list", cwd=tmp_path).returncode == 0
    elsewhere = run(None, "keys", "list", cwd=tmp_path, YIWANG_GATEWAY=gateway.url)
    assert (elsewhere.returncode, "key_missing" in elsewhere.stderr) == (1, True)


def test_doctor_names_what_is_wrong(gateway: Gateway, tmp_path: Path) -> None:
    found = run(gateway, "--json", "doctor", cwd=tmp_path)
    checks = {check["check"]: check["ok"] for check in json.loads(found.stdout)["items"]}
    assert checks["数据库"] and checks["消息总线"] and not checks["服务 grid"]
    assert found.returncode == 1


def test_a_trace_runs_from_the_door_to_the_service(city: City) -> None:
    posted = httpx.post(
        f"{city.gateway}/v1/intake/hikvision/cli",
        content=b"<EventNotificationAlert><eventType>VMD</eventType></EventNotificationAlert>",
        headers={"X-API-Key": city.keys["device"]},
        trust_env=False,
    )
    told = {"YIWANG_GATEWAY": city.gateway, "YIWANG_KEY": city.keys["operator"]}
    deadline = time.monotonic() + 30
    while True:
        shown = run(None, "trace", posted.headers["x-trace-id"], **told)
        if {"gateway", "alerts"} <= set(shown.stdout.split()):
            break
        assert time.monotonic() < deadline, shown.stdout + shown.stderr
        time.sleep(0.2)
    assert "POST /v1/intake/{adapter}/{source}" in shown.stdout
    assert "publish alerts.report_received.v1" in shown.stdout


def test_an_import_names_the_rejected_rows(city: City, tmp_path: Path) -> None:
    told = {"YIWANG_GATEWAY": city.gateway, "YIWANG_KEY": city.keys["admin"]}
    file = tmp_path / "分类.csv"
    file.write_text("code,name\n0101,井盖破损\n,没有编码\n", "utf-8")
    dry = run(None, "import", "categories", str(file), "--dry-run", **told)
    assert dry.returncode == 1, dry.stderr
    assert "试运行" in dry.stdout and "被拒绝的行" in dry.stdout
    book = openpyxl.Workbook()
    for row in (["code", "name"], [230902001001, "某社区"], [230902001002000017, "某社区"]):
        book.active.append(row)
    book.save(tmp_path / "区划.xlsx")
    sheet = run(None, "import", "divisions", str(tmp_path / "区划.xlsx"), "--dry-run", **told)
    assert sheet.returncode == 1, sheet.stderr
    assert all(word in sheet.stdout for word in ("读取", "orphan", "digits_lost")), sheet.stdout
    assert json.loads(run(None, "--json", "import", "categories", str(file), **told).stdout)["rejected"][0]["line"] == 3

"""The gateway as a process: nothing of it waits for a trace store, and it stops when told."""

import signal
import statistics
import time
from pathlib import Path

from deploy.local import store as documents
from deploy.local.home import Home, free_port
from deploy.local.processes import Process, start_all, stop_all
from tests.gateway.conftest import start_gateway


def test_without_a_trace_store_nothing_is_slower_and_the_stop_is_quick(
    home: Home, broker: str, store: str, tmp_path: Path
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    gateway = start_gateway(
        home, broker, store, tmp_path, "traceless", OTLP_ENDPOINT=f"{nowhere}/v1/traces", TRACES_URL=nowhere
    )
    try:
        with gateway.client() as client:
            took = []
            for _ in range(100):
                began = time.monotonic()
                assert client.get("/v1/clients").status_code == 200
                took.append(time.monotonic() - began)
            assert statistics.median(took) < 0.1
            assert client.get(f"/v1/traces/{'0' * 32}").json()["code"] == "traces_away"
        began = time.monotonic()
        gateway.process.send(signal.SIGTERM)
        while gateway.process.ended() is None:
            assert time.monotonic() - began < 10
            time.sleep(0.02)
    finally:
        stop_all([gateway.process])


def test_without_its_database_the_door_still_takes_reports(broker: str, tmp_path: Path) -> None:
    own = Home(tmp_path / "home")
    kept = Process(documents.plan(own, auth=False), own)
    start_all([kept])
    url = f"mongodb://127.0.0.1:{own.port('store')}/?{documents.OPTIONS}"
    gateway = start_gateway(own, broker, url, tmp_path, "storeless")
    try:
        with gateway.client("device") as device, gateway.client() as admin:
            path = "/v1/intake/hikvision/east"
            assert device.post(path, content=b"<x/>").status_code == 202
            assert admin.get("/v1/clients").status_code == 200
            kept.send(signal.SIGKILL)
            while kept.ended() is None:
                time.sleep(0.02)
            time.sleep(2.1)  # longer than the door remembers a key without asking
            began = time.monotonic()
            assert [device.post(path, content=b"<x/>").status_code for _ in range(20)] == [202] * 20
            assert time.monotonic() - began < 5
            refused = admin.post("/v1/clients", json={}, headers={"Idempotency-Key": "k"})
            assert (refused.status_code, refused.json()["code"]) == (503, "store_away")
            assert "retry-after" in refused.headers
            ready = admin.get("/readyz")
            assert (ready.status_code, ready.json()["database"], ready.json()["broker"]) == (503, "away", "ok")
            start_all([kept])
            while admin.get("/readyz").status_code != 200:
                assert time.monotonic() - began < 40
                time.sleep(0.1)
            assert admin.get("/v1/audit").status_code == 200
    finally:
        stop_all([gateway.process, kept])

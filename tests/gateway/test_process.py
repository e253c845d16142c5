"""The gateway as a process: nothing of it waits for a trace store, and it stops when told."""

import signal
import statistics
import time
from pathlib import Path

from deploy.local.home import Home, free_port
from deploy.local.processes import stop_all
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

"""逐级上报 on the public API: who is told of an incident, while the clock is driven and nobody answers."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from kombu import Connection

from contracts.grid import GridStaffed, Posting, Role
from contracts.shared import Point
from deploy.local.home import Home
from deploy.local.processes import stop_all
from services.chassis.topology import event_queue
from tests.chassis.conftest import eventually
from tests.conftest import Processes
from tests.gateway.conftest import start_gateway

from .scene import GRID, PATH, grid_published, motion
from .test_service import publish

OTHER = f"{GRID[:12]}099"
# nobody else's tests have grids here
PLACES = {GRID: Point(longitude=77.77, latitude=44.44), OTHER: Point(longitude=77.87, latitude=44.44)}
STAFF = {
    GRID: [("W1", Role.WORKER), ("C1", Role.CHIEF)],
    OTHER: [("W2", Role.WORKER)],
    "230902001001": [("S1", Role.SUPERVISOR)],
    "230902001000": [("S2", Role.SUPERVISOR)],
    "230902000000": [("S3", Role.SUPERVISOR)],
}
CAMERAS = {"climb-1": GRID, "climb-2": GRID, "climb-3": GRID, "climb-4": OTHER}
HEARD = ("alerts.report_received.v1", "grid.published.v1", "grid.staffed.v1")


class Network:
    """The gateway as outsiders have it, and the clock of the service behind it."""

    def __init__(self, door: httpx.Client, device: httpx.Client, clock: Path) -> None:
        self._door, self._device, self._clock = door, device, clock

    def send(self, method: str, path: str, **told: Any) -> httpx.Response:
        return self._door.request(method, path, headers={"Idempotency-Key": uuid4().hex}, **told)

    def ask(self, method: str, path: str, **told: Any) -> Any:
        answer = self.send(method, path, **told)
        assert answer.is_success, answer.text
        return answer.json()

    def alarm(self, camera: str) -> None:
        told = {"content": motion(at=None, type_="fielddetection"), "headers": {"Content-Type": "application/xml"}}
        assert self._device.post(f"/v1/intake/hikvision/{camera}", **told).status_code == 202

    def incident(self, grid: str) -> dict[str, Any]:
        """The only one there; empty before it is."""
        found = self.ask("GET", f"/v1/incidents?grid={grid}")["items"]
        assert len(found) <= 1
        return dict(self.ask("GET", f"/v1/incidents/{found[0]['id']}")) if found else {}

    def ahead(self, minutes: float) -> None:
        written = self._clock.with_suffix(".new")
        written.write_text(str(minutes * 60))
        written.replace(self._clock)


@pytest.fixture(scope="module")
def network(home: Home, broker: str, store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Two grids with their staff, and a camera at each place."""
    tmp = tmp_path_factory.mktemp("escalation")
    clock = tmp / "ahead"
    clock.write_text("0")
    with Connection(broker) as connection:
        for wire in HEARD:
            connection.default_channel.queue_purge(event_queue("alerts", wire))
    processes = Processes(home, broker, store)
    gateway = start_gateway(home, broker, store, tmp, "escalation")
    processes.start("alerts", CLOCK_FILE=str(clock))
    with gateway.client() as door, gateway.client("device") as device:
        found = Network(door, device, clock)
        for code, place in PLACES.items():
            publish(broker, code, grid_published(around=place).model_copy(update={"code": code, "path": PATH[:-1]}))
        for target, held in STAFF.items():
            postings = [Posting(staff_no=staff_no, role=role) for staff_no, role in held]
            publish(broker, target, GridStaffed(target=target, postings=postings, version=1))
        for camera, code in CAMERAS.items():
            told = {"device": camera, "channel": "1", "name": "东门", "point": PLACES[code].model_dump()}
            found.ask("POST", "/v1/channels", json=told)
        eventually(lambda: all(one["grid"] for one in found.ask("GET", "/v1/channels")["items"]))
        yield found
    stop_all([*processes.started, gateway.process])


def test_nobody_answers_and_all_five_levels_are_told(network: Network) -> None:
    for camera in CAMERAS:
        network.alarm(camera)
    # three channels of one grid: one incident, one notice to the grid's people
    eventually(lambda: network.incident(GRID).get("channels") == 3)
    [first] = network.incident(GRID)["notices"]
    assert (first["level"], first["notified"], first["notified_by"]) == ("worker", ["W1"], "grid_worker")
    waited = datetime.fromisoformat(first["due_at"]) - datetime.fromisoformat(first["at"])
    assert waited.total_seconds() == 300
    answered = eventually(lambda: network.incident(OTHER))["id"]
    network.ask("POST", f"/v1/incidents/{answered}:answer", json={})
    for told, minutes in enumerate((6, 17, 38, 79), 2):
        network.ahead(minutes)
        eventually(lambda told=told: len(network.incident(GRID)["notices"]) == told)
    last = network.incident(GRID)
    assert [(one["level"], one["notified"]) for one in last["notices"]] == [
        ("worker", ["W1"]),
        ("chief", ["C1"]),
        ("community", ["S1"]),
        ("street", ["S2"]),
        ("district", ["S3"]),
    ]
    assert (last["notices"][-1].get("due_at"), last.get("answered_at")) == (None, None)
    assert [step["action"] for step in last["timeline"]].count("notify") == 5
    # the rounds that told all these had nothing more to say of the other one
    assert [one["notified"] for one in network.incident(OTHER)["notices"]] == [["W2"]]


def test_a_session_is_on_its_incident_and_its_steps_are_ruled(network: Network) -> None:
    incident = eventually(lambda: network.incident(GRID))["id"]
    opened = network.ask(
        "POST", "/v1/sessions", json={"kind": "command", "title": "东门处置", "incident": incident, "call": ["S1"]}
    )
    path = f"/v1/sessions/{opened['id']}"
    network.ask("POST", f"{path}:join", json={"staff_no": "S1"})
    network.ask("POST", f"{path}:watch", json={"device": "climb-1", "channel": "1"})
    network.ask("POST", f"{path}:decide", json={"text": "增派两名网格员"})
    closed = network.ask("POST", f"{path}:close", json={})
    assert (closed["state"], closed["allowed_actions"], len(closed["timeline"])) == ("closed", [], 5)
    assert network.incident(GRID)["sessions"] == [opened["id"]]
    assert [one["id"] for one in network.ask("GET", f"/v1/sessions?incident={incident}")["items"]] == [opened["id"]]


@pytest.mark.parametrize(
    ("path", "body", "status", "pointer"),
    [
        ("/v1/sessions", {"kind": "command", "title": "x"}, 422, "/incident"),
        ("/v1/sessions", {"kind": "command", "title": "x", "incident": "none"}, 422, "/incident"),
        ("/v1/sessions", {"kind": "training", "title": "  "}, 422, "/title"),
        ("/v1/sessions", {"kind": "training", "title": "x", "call": [""]}, 422, "/call/0"),
        ("/v1/sessions/{}:watch", {"device": "climb-1", "channel": "9"}, 422, "/channel"),
        ("/v1/sessions/{}:decide", {}, 422, "/text"),
        ("/v1/sessions/{}:leave", {"staff_no": "W1"}, 409, None),
        ("/v1/sessions/{}:dance", {}, 422, ""),
        ("/v1/sessions/none:close", {}, 404, None),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    network: Network, path: str, body: dict[str, Any], status: int, pointer: str | None
) -> None:
    training = network.ask("POST", "/v1/sessions", json={"kind": "training", "title": "演练"})["id"]
    answer = network.send("POST", path.format(training), json=body)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert [error["pointer"] for error in told.get("errors") or []] == ([] if pointer is None else [pointer])
    if status == 409:
        assert told["allowed_actions"] == ["call", "join", "watch", "decide", "close"]

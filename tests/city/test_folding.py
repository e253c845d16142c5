"""告警合并 on the public API: what cameras say out of order, too often, under a silence or without eyes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from tests.alerts.scene import POSTS, motion
from tests.faults.town import Town, eventually

SHIFT = ("值班员", "值班长")
# s; of a clock that the stories move
WINDOW = 200
NOT_GRAVE = {"field": "severity", "op": "!=", "value": "1"}


class Network:
    """Cameras and operators before the gateway of a town whose clock goes as the stories want."""

    def __init__(self, town: Town, clock: Path) -> None:
        self.town, self._clock, self._ahead = town, clock, 0.0

    def now(self) -> datetime:
        """The town's present, whole seconds."""
        return (datetime.now(UTC) + timedelta(seconds=self._ahead)).replace(microsecond=0)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self._ahead += seconds
        self._clock.write_text(str(self._ahead))

    def send(self, method: str, path: str, actor: str = SHIFT[0], key: str = "operator", **told: Any) -> httpx.Response:
        """One request."""
        headers = {"Authorization": f"Bearer {self.town.keys[key]}", "X-Actor": quote(actor)}
        if key != "device" and method != "GET":
            headers["Idempotency-Key"] = uuid4().hex
        return httpx.request(method, self.town.door + path, headers=headers, trust_env=False, timeout=30, **told)

    def ask(self, method: str, path: str, **told: Any) -> Any:
        """The answer of one that succeeds."""
        answer = self.send(method, path, **told)
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, camera: str, at: datetime | None = None, **told: Any) -> dict[str, Any]:
        """What a camera says, and what became of it once it is in the alerts."""
        body = motion(at=at or self.now(), post=next(POSTS), **told)
        report = self.ask("POST", f"/v1/intake/hikvision/{camera}", key="device", content=body)["report"]

        def read() -> Any:
            answer = self.send("GET", f"/v1/reports/{report}")
            return answer.is_success and answer.json()["state"] != "received" and answer.json()

        found: dict[str, Any] = eventually(read, what="report read")
        return found

    def alerts(self, camera: str) -> list[dict[str, Any]]:
        """Its alerts, the first raised first."""
        return list(reversed(self.ask("GET", f"/v1/alerts?device={camera}&limit=200")["items"]))

    def alert(self, camera: str) -> dict[str, Any]:
        """Its only one."""
        (found,) = self.alerts(camera)
        return found

    def cases(self, alert: str) -> list[Any]:
        """The cases that were opened for an alert."""
        found: list[Any] = self.ask("GET", f"/v1/cases?alert={alert}")["items"]
        return found


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Broker, store, and the processes that an alarm passes."""
    clock = tmp_path_factory.mktemp("clock") / "ahead"
    clock.write_text("0")
    with Town(tmp_path_factory.mktemp("folding"), CLOCK_FILE=str(clock)) as town:
        town.start_all(["gateway", "alerts", "cases"])
        found = Network(town, clock)
        settings = {"flapping_raised": 3, "flapping_window_s": WINDOW}
        found.ask("POST", "/v1/alert-settings", json=settings)
        eventually(lambda: found.ask("GET", "/v1/alert-settings")["flapping_raised"] == 3, what="settings in force")
        yield found


def at(told: str) -> datetime:
    return datetime.fromisoformat(told)


def test_a_stop_before_its_start_and_repeats_out_of_order(network: Network) -> None:
    began = network.now() - timedelta(seconds=40)
    for second, active in ((30, False), (10, True), (0, True), (20, True), (30, False)):
        network.post("disorder", began + timedelta(seconds=second), active=active)
    found = network.alert("disorder")
    assert (at(found["first_at"]), at(found["last_at"])) == (began, began + timedelta(seconds=20))
    assert (found["count"], at(found["ended_at"])) == (3, began + timedelta(seconds=30))


def test_a_clock_that_is_two_days_wrong_decides_nothing(network: Network) -> None:
    days, before = timedelta(days=2), network.now()
    network.post("wrong", before - days)
    network.post("wrong", before + days)
    network.post("wrong")
    found = network.alert("wrong")
    assert before <= at(found["first_at"]) <= at(found["last_at"]) <= network.now() + timedelta(seconds=1)
    assert (found["count"], found["ended_at"], at(found["told_at"])) == (3, None, before - days)
    assert "clock_skew" in found["time_quality"]


def test_what_is_never_stopped_and_what_flaps_end_when_they_are_quiet(network: Network) -> None:
    for _ in range(5):
        began = network.now()
        network.post("flap", began)
        network.post("flap", began + timedelta(seconds=1), active=False)
        network.wait(2)
    network.post("endless")
    *before, held = network.alerts("flap")
    assert [one["flapping"] for one in (*before, held)] == [False, False, False, True]
    assert (held["count"], held["ended_at"]) == (2, None)
    # its quiet time is a minute, and that of what flaps is longer
    network.wait(70)
    found = eventually(lambda: (one := network.alert("endless"))["ended_at"] and one, what="ended by quiet")
    assert found["ended_at"] == found["last_at"]
    assert network.alerts("flap")[-1]["ended_at"] is None
    network.wait(WINDOW)
    eventually(lambda: network.alerts("flap")[-1]["ended_at"], what="flapping ended by quiet")


def test_what_is_silenced_is_counted_and_opens_no_case(network: Network) -> None:
    order = {
        "matchers": [{"field": "device", "op": "=~", "value": "quiet-[0-9]"}, NOT_GRAVE],
        "reason": "路口施工",
        "ends_at": (network.now() + timedelta(hours=1)).isoformat(),
    }
    made = network.ask("POST", "/v1/silences", json=order)
    assert made["state"] == "active"
    for camera in ("quiet-1", "quiet-1", "quiet-2", "loud"):
        network.post(camera, type_="fielddetection")
    muted, loud = network.alert("quiet-1"), network.alert("loud")
    assert (muted["silenced_by"], muted["count"], loud["silenced_by"]) == (made["id"], 2, None)
    eventually(lambda: network.cases(loud["id"]), what="the case of the loud one")
    assert network.cases(muted["id"]) == []
    network.wait(3601)

    def ended() -> Any:
        (found,) = network.ask("GET", "/v1/silences")["items"]
        return found["state"] == "ended" and found

    assert eventually(ended, what="silence ended")["muted"] == 2


def test_a_silence_of_the_gravest_needs_two_people(network: Network) -> None:
    order = {
        "matchers": [{"field": "device", "op": "=", "value": "grave"}],
        "reason": "演练",
        "ends_at": (network.now() + timedelta(hours=1)).isoformat(),
    }
    tried = network.ask("POST", "/v1/silences:dry-run", json={"matchers": order["matchers"]})
    assert (tried["waits"], tried["hits"]) == (True, 0)
    made = network.ask("POST", "/v1/silences", json=order)
    refused = network.send("POST", f"/v1/silences/{made['id']}:approve")
    assert (made["state"], refused.status_code) == ("pending", 403)
    approved = network.ask("POST", f"/v1/silences/{made['id']}:approve", actor=SHIFT[1])
    assert (approved["state"], approved["approved_by"]) == ("active", SHIFT[1])
    wrong = network.send(
        "POST", "/v1/silences", json={**order, "matchers": [{"field": "device", "op": "=~", "value": "("}]}
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/matchers/0/value")


def test_a_camera_that_sees_nothing_opens_no_case(network: Network) -> None:
    network.post("blind", type_="videoloss")
    network.post("blind", type_="fielddetection")
    network.post("seeing", type_="fielddetection")
    lost, muted = network.alerts("blind")
    assert (lost["type"], muted["inhibited_by"]) == ("video_loss", lost["id"])
    (seen,) = network.alerts("seeing")
    eventually(lambda: network.cases(seen["id"]), what="the case of the one that sees")
    assert network.cases(muted["id"]) == []

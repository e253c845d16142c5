"""What platforms hand over: Frigate, CloudEvents, Alertmanager; every shape of it as a table."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.alerts import AlertState, AlertType
from services.alerts import adapters
from services.alerts.adapters import Unreadable, wire
from services.alerts.store import AlertStore

from .scene import NOON, listed, received, take

SAMPLES = Path(__file__).with_name("platforms")
MORNING = datetime(2026, 3, 14, 0, 15, tzinfo=UTC)
BEGAN = MORNING + timedelta(milliseconds=100)
REVIEW = "1773447300.100000-abc123"
THUMBNAIL = ["/media/frigate/clips/review/thumb-east_gate-1773447300.100000-abc123.webp"]
SECRETS = ("hunter2-secret", "CANARY1", "张三", "13800000000")

# sample -> what each report must say beyond the defaults, and the codes of its notes
EXPECTED: dict[str, list[tuple[dict[str, object], set[str]]]] = {
    "frigate_review_new.json": [
        (
            {
                "kind": "alarm",
                "type": "motion",
                "raw_type": "person",
                "target": "human",
                "channel": "east_gate",
                "severity": 4,
                "source_id": f"{REVIEW}:new",
                "occurred_at": BEGAN,
                "media": THUMBNAIL,
            },
            set(),
        )
    ],
    "frigate_review_update.json": [
        # what was a detection is an alert now: the motion has stopped
        (
            {"type": "motion", "target": "human", "active": False, "occurred_at": BEGAN + timedelta(seconds=10.4)},
            set(),
        ),
        ({"type": "intrusion", "raw_type": "person", "target": "human", "active": True, "severity": 2}, set()),
        ({"type": "intrusion", "raw_type": "car", "target": "vehicle", "active": True}, set()),
    ],
    "frigate_review_zone.json": [({"kind": "state", "channel": "east_gate"}, {"nothing_new"})],
    "frigate_review_end.json": [
        (
            {
                "type": "intrusion",
                "target": target,
                "active": False,
                "source_id": f"{REVIEW}:end",
                "occurred_at": BEGAN + timedelta(seconds=30.15),
                "media": [],
            },
            set(),
        )
        for target in ("human", "vehicle")
    ],
    "frigate_review_sound.json": [
        ({"type": "fire_smoke", "raw_type": "fire_alarm", "severity": 1, "channel": "lift_3"}, set()),
        ({"type": "unknown", "raw_type": "scream"}, {"type_unknown"}),
    ],
    "frigate_event_update.json": [({"kind": "state", "channel": "east_gate", "raw_type": "car"}, {"detail_of_review"})],
    "frigate_stats.json": [({"kind": "ignored"}, {"not_an_event"})],
    "cloudevents_alarm.json": [
        (
            {
                "kind": "alarm",
                "device": "23090200001320000001",
                "channel": "3",
                "type": "fire_smoke",
                "severity": 1,
                "rule": "kitchen",
                "target": "human",
                "occurred_at": MORNING,
                "point": {"longitude": 130.95, "latitude": 45.77},
                "media": ["https://10.20.0.9/clips/42.mp4"],
                "source_id": "/boxes/7\n42",
            },
            set(),
        )
    ],
    "cloudevents_batch.json": [
        (
            {"type": "unknown", "raw_type": "com.example.heap", "device": None, "occurred_at": MORNING, "point": None},
            {"place_implausible", "type_unknown"},
        ),
        (
            {"raw_type": "垃圾堆放", "active": False, "occurred_local": datetime(2026, 3, 14, 8, 15)},  # noqa: DTZ001
            {"zone_assumed", "channel_missing", "type_unknown"},
        ),
    ],
    "alertmanager_two.json": [
        (
            {
                "kind": "alarm",
                "type": "video_loss",
                "raw_type": "VideoLoss",
                "device": "nvr-3",
                "channel": "7",
                "severity": 2,
                "rule": "a1b2c3d4e5f60718",
                "occurred_at": MORNING + timedelta(milliseconds=123),
                "belated": True,
            },
            {"alerts_truncated"},
        ),
        (
            {"type": "unknown", "raw_type": "FanBroken", "device": "10.20.0.33:9100", "active": False, "severity": 3},
            {"alerts_truncated", "channel_missing", "severity_assumed", "type_unknown"},
        ),
    ],
    "alertmanager_watchdog.json": [({"kind": "heartbeat"}, {"heartbeat"})],
}
UNREADABLE = {"cloudevents_no_source.json": "event_invalid"}


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def adapter_of(name: str) -> str:
    return name.partition("_")[0]


def test_every_sample_has_its_expectation() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == {*EXPECTED, *UNREADABLE}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_shape_is_read_and_no_secret_leaves_the_adapter(name: str) -> None:
    reports = adapters.read(adapter_of(name), sample(name), "application/json")
    assert len(reports) == len(EXPECTED[name])
    for report, (fields, notes) in zip(reports, EXPECTED[name], strict=True):
        told = report.model_dump()
        assert {field: told[field] for field in fields} == fields
        assert {wire.code_of(note) for note in report.notes} == notes
        assert not [secret for secret in SECRETS if secret in report.model_dump_json()]


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_none_of_the_shapes_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(Unreadable) as refused:
        adapters.read(adapter_of(name), sample(name), "")
    assert refused.value.code == UNREADABLE[name]
    assert "source" in refused.value.en


def test_a_review_is_one_alert_from_new_to_end(alerts: AlertStore) -> None:
    """In any order of arrival, and with its end sent twice."""
    steps = ["frigate_review_update.json", "frigate_review_end.json", "frigate_review_new.json"]
    for name in (*steps, "frigate_event_update.json", "frigate_review_end.json"):
        take(alerts, [received(sample(name), source="frigate-1", adapter="frigate", at=MORNING)])
    found = {(alert.type, alert.target): alert for alert in listed(alerts)}
    person = found[AlertType.INTRUSION, "human"]
    assert set(found) == {
        (AlertType.MOTION, "human"),
        (AlertType.INTRUSION, "human"),
        (AlertType.INTRUSION, "vehicle"),
    }
    assert (person.device, person.channel, person.count, person.severity) == ("frigate-1", "east_gate", 1, 2)
    assert person.ended_at == BEGAN + timedelta(seconds=30.15)


def test_an_alert_of_prometheus_ends_when_it_is_resolved_and_no_clock_is_blamed(alerts: AlertStore) -> None:
    fires = json.loads(sample("alertmanager_two.json"))
    fires["alerts"] = fires["alerts"][:1]
    resolved: dict[str, Any] = {**fires, "alerts": [{**fires["alerts"][0], "status": "resolved"}]}
    resolved["alerts"][0]["endsAt"] = (MORNING + timedelta(hours=1)).isoformat()
    for at, body in ((NOON, fires), (NOON + timedelta(seconds=60), resolved)):
        take(alerts, [received(json.dumps(body).encode(), source="prometheus", adapter="alertmanager", at=at)])
    (alert,) = listed(alerts)
    assert (alert.type, alert.state, alert.device, alert.time_quality) == (
        AlertType.VIDEO_LOSS,
        AlertState.OPEN,
        "prometheus",
        [],
    )
    assert alert.ended_at == MORNING + timedelta(hours=1)


def test_an_event_that_is_sent_again_is_not_counted_again(alerts: AlertStore) -> None:
    for body in (sample("cloudevents_alarm.json"), sample("cloudevents_alarm.json") + b"\n"):
        take(alerts, [received(body, source="box", adapter="cloudevents")])
    (alert,) = listed(alerts)
    assert (alert.count, alert.device, alert.severity) == (1, "23090200001320000001", 1)

"""What platforms hand over of the devices behind them."""

from collections.abc import Mapping
from datetime import timedelta

from .expected import LOCAL, MORNING, Outcome, alarm, heartbeat, ignored, state

GB28181: Mapping[str, Outcome] = {
    "gb_alarm_plain.xml": [
        alarm(
            "zone_assumed",
            "type_unknown",
            "place_implausible",
            type="unknown",
            raw_type="2",
            severity=4,
            device="23090200001340000001",
            channel="23090200001340000001",
            point=None,
        )
    ],
    "gb_alarm_intrusion.xml": [
        alarm(
            "type_of_info",
            "zone_assumed",
            "datum_assumed",
            type="intrusion",
            raw_type="5/6",
            rule="event-1",
            severity=1,
            point={"longitude": 130.95, "latitude": 45.77},
        )
    ],
    "gb_alarm_combined.xml": [
        alarm("time_missing", "severity_assumed", type="storage_full", raw_type="12/3", severity=3)
    ],
    "gb_alarm_gb2312.xml": [alarm("zone_assumed", type="line_crossing", raw_type="5/5", occurred_local=LOCAL)],
    "gb_position.xml": [state("zone_assumed", "method_is_position", point=None)],
    "gb_keepalive.xml": [heartbeat(device="23090200001110000005")],
    "gb_catalog_gb2312.xml": [ignored("not_an_event", raw_type="response/catalog")],
    "gb_cut.xml": "truncated",
}

REVIEW = "1773447300.100000-abc123"
THUMBNAIL = ["/media/frigate/clips/review/thumb-east_gate-1773447300.100000-abc123.webp"]
BEGAN = MORNING + timedelta(milliseconds=100)
FRIGATE: Mapping[str, Outcome] = {
    "frigate_review_new.json": [
        alarm(
            type="motion",
            raw_type="person",
            target="human",
            channel="east_gate",
            severity=4,
            source_id=f"{REVIEW}:new",
            occurred_at=BEGAN,
            media=THUMBNAIL,
        )
    ],
    "frigate_review_update.json": [
        # what was a detection is an alert now: the motion has stopped
        alarm(type="motion", target="human", active=False, occurred_at=BEGAN + timedelta(seconds=10.4)),
        alarm(type="intrusion", raw_type="person", target="human", active=True, severity=2),
        alarm(type="intrusion", raw_type="car", target="vehicle", active=True),
    ],
    "frigate_review_zone.json": [state("nothing_new", channel="east_gate")],
    "frigate_review_end.json": [
        alarm(
            type="intrusion",
            target=target,
            active=False,
            source_id=f"{REVIEW}:end",
            occurred_at=BEGAN + timedelta(seconds=30.15),
            media=[],
        )
        for target in ("human", "vehicle")
    ],
    "frigate_review_sound.json": [
        alarm(type="fire_smoke", raw_type="fire_alarm", severity=1, channel="lift_3"),
        alarm("type_unknown", type="unknown", raw_type="scream"),
    ],
    "frigate_event_update.json": [state("detail_of_review", channel="east_gate", raw_type="car")],
    "frigate_stats.json": [ignored("not_an_event")],
}

CLOUDEVENTS: Mapping[str, Outcome] = {
    "cloudevents_alarm.json": [
        alarm(
            device="23090200001320000001",
            channel="3",
            type="fire_smoke",
            severity=1,
            rule="kitchen",
            target="human",
            occurred_at=MORNING,
            point={"longitude": 130.95, "latitude": 45.77},
            media=["https://10.20.0.9/clips/42.mp4"],
            source_id="/boxes/7\n42",
        )
    ],
    "cloudevents_batch.json": [
        alarm(
            "place_implausible",
            "type_unknown",
            type="unknown",
            raw_type="com.example.heap",
            device=None,
            occurred_at=MORNING,
            point=None,
        ),
        alarm(
            "zone_assumed",
            "channel_missing",
            "type_unknown",
            raw_type="垃圾堆放",
            active=False,
            occurred_local=LOCAL,
        ),
    ],
    "cloudevents_no_source.json": "event_invalid",
}

ALERTMANAGER: Mapping[str, Outcome] = {
    "alertmanager_two.json": [
        alarm(
            "alerts_truncated",
            type="video_loss",
            raw_type="VideoLoss",
            device="nvr-3",
            channel="7",
            severity=2,
            rule="a1b2c3d4e5f60718",
            occurred_at=MORNING + timedelta(milliseconds=123),
            belated=True,
            repeated_s=90_000,
        ),
        alarm(
            "alerts_truncated",
            "channel_missing",
            "severity_assumed",
            "type_unknown",
            type="unknown",
            raw_type="FanBroken",
            device="10.20.0.33:9100",
            active=False,
            severity=3,
        ),
    ],
    "alertmanager_watchdog.json": [heartbeat()],
}

"""What cameras and recorders send by themselves."""

from collections.abc import Mapping

from .expected import LOCAL, MORNING, Outcome, alarm, heartbeat, ignored, state

HIKVISION: Mapping[str, Outcome] = {
    "hik_io.xml": [alarm(type="io_input", raw_type="IO", rule="2", device="02:00:5e:10:00:01", occurred_at=MORNING)],
    "hik_field_human.xml": [alarm(type="intrusion", rule="3", target="human", channel="1", severity=2)],
    "hik_two_regions.xml": [
        alarm("retransmitted", type="intrusion", rule="1", target="human"),
        alarm("retransmitted", type="intrusion", rule="2", target="vehicle"),
    ],
    "hik_heartbeat.xml": [heartbeat("offset_repaired", device="02:00:5e:10:00:03")],
    "hik_vmd_no_namespace.xml": [alarm("ampersand_repaired", type="motion", channel="2", severity=4)],
    "hik_vmd_human_picture.xml": [
        alarm(
            type="motion",
            channel="1",
            target="human",
            media=["http://10.20.0.24:80/picture/tracks/103/?name=ch00001_1&size=2945"],
        )
    ],
    "hik_recorder_psia.xml": [alarm("channel_of_recorder", type="intrusion", device="NVR-8CH/0000001", channel="3")],
    "hik_pir_psia.xml": [alarm(type="pir", device="IPC-0000002", channel="1")],
    "hik_line.xml": [alarm(type="line_crossing", device=None, occurred_at=MORNING)],
    "hik_region_exiting.xml": [
        alarm("time_missing", "state_assumed", type="region_exiting", rule="row-B", active=True)
    ],
    "hik_duration.xml": [
        alarm("zone_assumed", type="line_crossing", occurred_local=LOCAL.replace(microsecond=123_000)),
        alarm("zone_assumed", type="video_tamper", raw_type="shelteralarm", severity=2),
    ],
    "hik_plate.xml": [
        alarm(
            "offset_sign_assumed",
            type="plate_recognised",
            source_id="6f1c:active:1",
            subject="京ACANARY1",
            rule=None,
        )
    ],
    "hik_plate_hidden.xml": [alarm(type="plate_recognised", subject=None)],
    "hik_two_alerts.xml": [
        alarm("zone_assumed", type="motion", active=True, occurred_at=None),
        alarm("time_unreadable", type="storage_full", active=False, channel="0"),
    ],
    "hik_documents_cut.txt": [
        alarm(type="motion", channel="1"),
        alarm(type="pir", channel="2"),
        ignored("part_unreadable"),
    ],
    "hik_stream.txt": [
        alarm(type="line_crossing", channel="1"),
        alarm(type="motion", channel="2", media=[]),
        alarm(type="pir", channel="3", media=[]),
    ],
    "hik_stream_cut.txt": [
        alarm(type="line_crossing", channel="1"),
        alarm(type="motion", channel="2"),
        ignored("part_unreadable"),
    ],
    "hik_gb2312.xml": [alarm(type="intrusion", rule="东门禁区", occurred_at=MORNING)],
    "hik_device.xml": [ignored("not_an_event", raw_type="deviceinfo")],
    "hik_vmd.json": [alarm(type="motion", channel="2", target="vehicle")],
    "hik_list.json": [
        heartbeat("time_missing"),
        alarm(type="line_crossing", channel="7", rule="5", target="human"),
        alarm(
            "channel_invalid",
            "time_missing",
            "state_assumed",
            "type_unknown",
            type="unknown",
            raw_type="smellDetection",
            channel="gate-north",
        ),
    ],
    "hik_broken.xml": "truncated",
}

DAHUA: Mapping[str, Outcome] = {
    "dahua_region.txt": [
        alarm(
            "channel_from_zero",
            type="intrusion",
            raw_type="CrossRegionDetection",
            channel="2",
            rule="南院;{A}",
            target="human",
            severity=2,
            occurred_at=MORNING.replace(microsecond=633_000),
            subject=None,
        )
    ],
    "dahua_heartbeat_pulse.txt": [heartbeat()],
    "dahua_motion_no_blank.txt": [
        alarm("channel_cut", "channel_from_zero", "time_missing", type="motion", channel="2", active=True)
    ],
    "dahua_stream.txt": [
        alarm("channel_from_zero", "time_missing", type="motion", channel="1", active=True),
        heartbeat(),
        alarm("channel_from_zero", "time_missing", type="motion", channel="1", active=False),
    ],
    "dahua_lines.txt": [
        alarm(
            "channel_invalid",
            "zone_assumed",
            type="line_crossing",
            channel="NVR-A",
            rule="gate",
            target="vehicle",
            occurred_local=LOCAL,
        ),
        alarm("channel_missing", "time_missing", type="io_input", channel=None),
    ],
    "dahua_plate.txt": [
        alarm(
            "channel_from_zero",
            type="plate_recognised",
            rule="路口1",
            subject="京ACANARY1",
            occurred_at=MORNING,
        )
    ],
    "dahua_local_as_utc.txt": [
        alarm("channel_from_zero", "zone_assumed", type="fire_smoke", severity=1, occurred_local=LOCAL)
    ],
    "dahua_cut.txt": [
        alarm("channel_from_zero", "time_missing", type="video_loss", channel="4"),
        alarm("data_unreadable", "channel_from_zero", "time_missing", type="intrusion", channel="3", rule=None),
    ],
    "dahua_cut_head.txt": "truncated",
    "dahua_cut_tail.txt": [
        ignored("truncated"),
        alarm("channel_from_zero", "time_missing", type="video_tamper", channel="1"),
    ],
    "dahua_state.txt": [
        state("channel_from_zero", "time_missing", "state_report", raw_type="VideoBlind"),
        state("channel_from_zero", "time_missing", "state_report", raw_type="TimeChange"),
    ],
    "dahua_door.json": [
        alarm("channel_missing", "type_unknown", "zone_assumed", raw_type="CallNoAnswered", channel=None),
        alarm("channel_from_zero", type="motion", channel="1", occurred_at=MORNING),
    ],
    "dahua_door.txt": [alarm("channel_missing", type="io_input", occurred_at=MORNING.replace(microsecond=250_000))],
    "dahua_gb2312.txt": [alarm("charset_assumed", "channel_from_zero", type="left_object", rule="东门绊线")],
    "dahua_lone_stop.txt": [alarm("channel_from_zero", "time_missing", type="storage_full", active=False)],
}

ONVIF: Mapping[str, Outcome] = {
    "onvif_pull_motion.xml": [
        alarm(type="motion", raw_type="VideoSource/MotionAlarm", channel="VideoSource_1", occurred_at=MORNING)
    ],
    "onvif_pull_line.xml": [
        alarm("zone_assumed", type="line_crossing", rule="line", active=True, occurred_local=LOCAL)
    ],
    "onvif_pull_empty.xml": [heartbeat()],
    "onvif_notify_line.xml": [
        alarm("time_missing", "channel_missing", type="line_crossing", active=True, channel=None)
    ],
    "onvif_pull_several.xml": [
        alarm(type="motion", raw_type="RuleEngine/CellMotionDetector/Motion", active=False, rule="cells"),
        state("state_report", type="intrusion", channel="vsconf", rule="yard"),
        alarm(type="scene_change", channel="v1", active=True),
    ],
    "onvif_pull_objects.xml": [
        alarm(type="motion", target="human"),
        alarm(type="motion", target="human", channel="000", raw_type="RuleEngine/MyRuleDetector/PeopleDetect"),
        alarm(type="video_tamper", active=False, severity=2),
    ],
    "onvif_pull_device.xml": [
        alarm("channel_missing", type="io_input", rule="in-1", channel=None),
        alarm("channel_missing", type="disk_fault", rule="sd-1"),
        state("channel_missing", "state_report", raw_type="Monitoring/ProcessorUsage"),
        alarm("type_unknown", "state_assumed", raw_type="UserAlarm/IVA/SmokingDetect", channel="000"),
    ],
    "onvif_subscribed.xml": [ignored("not_an_event")],
    "onvif_cut.xml": "truncated",
}

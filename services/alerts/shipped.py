"""规则 that come with the product. People may change them like any other; what they changed stays."""

from typing import Any

from contracts.alerts import AlertType, Level, Rule, RuleMatch

T = AlertType

# somebody must look at what the picture shows; all else is the trouble of devices, or a record
DISPATCHING = [
    T.INTRUSION,
    T.LINE_CROSSING,
    T.REGION_ENTRANCE,
    T.REGION_EXITING,
    T.LOITERING,
    T.LEFT_OBJECT,
    T.OBJECT_REMOVED,
    T.CROWD_DENSITY,
    T.FAST_MOTION,
    T.WRONG_WAY,
    T.FIRE_SMOKE,
    T.FALL,
    T.ILLEGAL_PARKING,
    T.ROAD_OCCUPATION,
    T.GARBAGE_OVERFLOW,
    T.E_BIKE_IN_LIFT,
    T.MANUAL_ALARM,
    T.IO_INPUT,
    T.PIR,
    T.DEVICE_TAMPER,
    T.MOTION,
]


def _rule(id: str, name: str, order: int, types: list[AlertType], *, seen: bool = False, **told: Any) -> Rule:
    match = RuleMatch(types=types, seen=seen)
    return Rule.model_validate({"id": id, "name": name, "order": order, "match": match, "shipped": True, **told})


SHIPPED: tuple[Rule, ...] = (
    _rule(
        "at_once",
        "聚集、烟火立即成事件",
        10,
        [T.CROWD_DENSITY, T.FIRE_SMOKE],
        group_by=["grid", "family"],
        window_s=300,
        dispatch_to=Level.CHIEF,
    ),
    _rule(
        "channels_lost",
        "同一设备三成通道丢失视频",
        20,
        [T.VIDEO_LOSS],
        group_by=["device"],
        window_s=120,
        threshold=2,
        share=0.3,
        distinct_by="channel",
        mutes=True,
        resolve_on="ended",
    ),
    # a plate that passes three cameras is traffic until somebody says otherwise
    _rule(
        "same_plate",
        "同一车牌半小时内过三处",
        30,
        [T.PLATE_RECOGNISED],
        group_by=["subject"],
        window_s=1800,
        threshold=3,
        distinct_by="channel",
        create="candidate",
    ),
    # two of the three will do: not every camera knows them all
    _rule(
        "same_channel",
        "同一点位移动、入侵、越界",
        40,
        [T.MOTION, T.INTRUSION, T.LINE_CROSSING],
        group_by=["channel"],
        window_s=60,
        threshold=2,
        distinct_by="type",
    ),
    _rule(
        "three_channels",
        "同一网格三处点位",
        50,
        DISPATCHING,
        group_by=["grid", "family"],
        window_s=300,
        threshold=3,
        distinct_by="channel",
    ),
    _rule("single", "单条告警", 60, DISPATCHING, seen=True, group_by=["grid", "family"], window_s=300),
    _rule(
        "repeats",
        "同一点位一天五次 (未诉先办)",
        90,
        DISPATCHING,
        seen=True,
        group_by=["channel", "family"],
        window_s=86_400,
        threshold=5,
        governance=True,
    ),
)

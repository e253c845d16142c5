"""事件大类: which category of case a type of alert belongs to, and thereby which types are one family."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.alerts.models import AlertType

T = AlertType

CATEGORIES: Mapping[AlertType, str] = MappingProxyType(
    {
        T.MOTION: "safety.activity",
        T.INTRUSION: "safety.intrusion",
        T.LINE_CROSSING: "safety.intrusion",
        T.REGION_ENTRANCE: "safety.intrusion",
        T.REGION_EXITING: "safety.intrusion",
        T.LOITERING: "safety.loitering",
        T.LEFT_OBJECT: "safety.left_object",
        T.OBJECT_REMOVED: "safety.object_removed",
        T.CROWD_DENSITY: "safety.crowd",
        T.FALL: "safety.fall",
        T.MANUAL_ALARM: "safety.alarm",
        T.IO_INPUT: "safety.sensor",
        T.PIR: "safety.sensor",
        T.PLATE_RECOGNISED: "safety.activity",
        T.FACE_MATCH: "safety.activity",
        T.UNKNOWN: "safety.activity",
        T.FAST_MOTION: "traffic.fast_motion",
        T.WRONG_WAY: "traffic.wrong_way",
        T.ILLEGAL_PARKING: "traffic.parking",
        T.FIRE_SMOKE: "fire.smoke",
        T.E_BIKE_IN_LIFT: "fire.e_bike",
        T.ROAD_OCCUPATION: "appearance.road_occupation",
        T.GARBAGE_OVERFLOW: "appearance.garbage",
        T.VIDEO_LOSS: "facility.device",
        T.VIDEO_TAMPER: "facility.device",
        T.SCENE_CHANGE: "facility.device",
        T.DEFOCUS: "facility.device",
        T.DEVICE_TAMPER: "facility.device",
        T.STORAGE_FULL: "facility.device",
        T.DISK_FAULT: "facility.device",
        T.HIGH_TEMPERATURE: "facility.device",
        T.DEVICE_SILENT: "facility.device",
    }
)
"""Category 事件分类 by type: every type has one, since a rule may make an incident of any."""


def family_of(category: str) -> str:
    """The first part of a category: safety, traffic, fire, appearance, facility, …"""
    return category.partition(".")[0]


def family(type_: AlertType) -> str:
    """大类: what several alerts must share to be one matter."""
    return family_of(CATEGORIES[type_])

"""抑制: a camera that is lost sees nothing; what its motion says meanwhile is recorded and disturbs nobody. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from contracts.alerts import AlertType
from services.alerts.domain import UNASSIGNED

INHIBITING = frozenset({AlertType.DEVICE_SILENT, AlertType.VIDEO_LOSS})
MOTION_FAMILY = frozenset(
    {
        AlertType.MOTION,
        AlertType.INTRUSION,
        AlertType.LINE_CROSSING,
        AlertType.REGION_ENTRANCE,
        AlertType.REGION_EXITING,
        AlertType.LOITERING,
        AlertType.FAST_MOTION,
        AlertType.WRONG_WAY,
        AlertType.LEFT_OBJECT,
        AlertType.OBJECT_REMOVED,
        AlertType.CROWD_DENSITY,
        AlertType.PIR,
    }
)


class Lost(NamedTuple):
    """An open alert that mutes the motion of its device."""

    alert: str
    type: AlertType
    device: str
    channel: str

    def mutes(self, device: str, channel: str) -> bool:
        """A silent device all that it has; a lost picture its channel, or the device where it names none."""
        whole = self.type is AlertType.DEVICE_SILENT or self.channel == UNASSIGNED
        return self.device == device and (whole or self.channel == channel)


def inhibitor(type_: AlertType, device: str, channel: str, lost: Iterable[Lost]) -> str | None:
    """The alert that mutes one of this type there, the oldest of them."""
    if type_ not in MOTION_FAMILY:
        return None
    return min((one.alert for one in lost if one.mutes(device, channel)), default=None)

"""What the cameras of the synthetic city send within a minute, in the disorder in which a network delivers it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from deploy.local.synthetic.points import Camera
from services.cli import payloads
from services.cli.payloads import Payload


@dataclass(frozen=True)
class Series:
    """So many cameras of a vendor that report one thing so many times. `dispatching`: somebody has to look."""

    event: str
    cameras: int
    repeats: int
    dispatching: bool
    picture: bool = False


HIKVISION_SERIES = (
    Series("fielddetection", 24, 12, dispatching=True),
    Series("linedetection", 6, 2, dispatching=True, picture=True),
    Series("VMD", 10, 6, dispatching=False),
)
# 报警方式/报警类型: 5/6 入侵, 2/1 视频丢失
NATIONAL_SERIES = (Series("5/6", 10, 3, dispatching=True), Series("2/1", 4, 3, dispatching=False))
HEARTBEATS = 4
HEARTBEAT_EVERY = 3


def posts(cameras: Sequence[Camera], seed: int, now: datetime) -> list[Payload]:
    """A minute of the city's cameras, in the disorder in which a network delivers it. `now` is aware."""
    own = [camera for camera in cameras if camera.vendor == "hikvision"]
    national = [camera for camera in cameras if camera.vendor == "gb28181"]
    made = [*alarms(own, HIKVISION_SERIES, now), *alarms(national, NATIONAL_SERIES, now)]
    for camera in cameras[::HEARTBEAT_EVERY]:
        made += (payloads.heartbeat(camera, now - timedelta(seconds=10 * turn), turn) for turn in range(HEARTBEATS))
    made += payloads.garbage(own[0], now)
    Random(seed).shuffle(made)  # noqa: S311
    return made


def alarms(cameras: Sequence[Camera], series: Sequence[Series], now: datetime) -> Iterator[Payload]:
    """Each series by cameras of its own."""
    left = iter(cameras)
    for one in series:
        for camera, _ in zip(left, range(one.cameras), strict=False):
            for turn in range(1, one.repeats + 1):
                at = now - timedelta(seconds=one.repeats - turn)
                if camera.vendor == "hikvision":
                    yield payloads.hikvision(camera, one.event, at, turn, picture=one.picture)
                else:
                    yield payloads.gb(camera, one.event, at, turn)


def dispatching(sent: Sequence[Payload]) -> set[tuple[str, str]]:
    """The alarms that somebody has to look at: those of one grid are one incident with one case."""
    events = {one.event for one in (*HIKVISION_SERIES, *NATIONAL_SERIES) if one.dispatching}
    return {payload.alarm for payload in sent if payload.alarm and payload.alarm[1] in events}

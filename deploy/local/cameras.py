"""What the cameras of the synthetic city send: made-up Hikvision and GB/T 28181 payloads, as wild as real ones.

Alarms repeat every second with a growing counter, most never say that they stop, many cameras only say that they
live, and some send what nobody can read. Addresses are of the documentation range, pictures are one grey dot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Literal

from deploy.local.synthetic.points import Camera

Becomes = Literal["parsed", "heartbeat", "rejected"]

CHINA = timezone(timedelta(hours=8))
NAMESPACES = (
    'version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"',
    'version="1.0" xmlns="http://www.std-cgi.com/ver20/XMLSchema"',
    'version="2.0" xmlns="http://www.isapi.org/ver20/XMLSchema"',
    'version="1.0"',
)
BOUNDARY = "boundary-of-the-camera"
GREY_DOT = bytes.fromhex(
    f"ffd8 ffdb004300{'01' * 64} ffc0000b080001000101011100"
    f"ffc400140001{'00' * 15}00 ffc400141001{'00' * 15}00 ffda0008010100003f00 3f ffd9"
)
HIKVISION = """<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert {namespace}>
<ipAddress>192.0.2.{host}</ipAddress><portNo>80</portNo><protocol>HTTP</protocol>
<macAddress>02:00:00:00:00:{host:02x}</macAddress><channelID>{channel}</channelID><dateTime>{at}</dateTime>
<activePostCount>{count}</activePostCount><eventType>{event}</eventType><eventState>{state}</eventState>
<eventDescription>{event} alarm</eventDescription>{region}<channelName>{name}</channelName>
</EventNotificationAlert>"""
REGION = """
<DetectionRegionList><DetectionRegionEntry><regionID>1</regionID><sensitivityLevel>50</sensitivityLevel>
<RegionCoordinatesList><RegionCoordinates><positionX>120</positionX><positionY>400</positionY></RegionCoordinates>
<RegionCoordinates><positionX>880</positionX><positionY>400</positionY></RegionCoordinates></RegionCoordinatesList>
<detectionTarget>human</detectionTarget></DetectionRegionEntry></DetectionRegionList>
"""
NATIONAL = """<?xml version="1.0" encoding="GB2312"?>
<Notify><CmdType>Alarm</CmdType><SN>{serial}</SN><DeviceID>{device}</DeviceID><AlarmPriority>2</AlarmPriority>
<AlarmMethod>{method}</AlarmMethod><AlarmTime>{at}</AlarmTime><AlarmDescription>合成演示报警</AlarmDescription>
<Info><AlarmType>{kind}</AlarmType></Info></Notify>"""
KEEPALIVE = """<?xml version="1.0" encoding="GB2312"?>
<Notify><CmdType>Keepalive</CmdType><SN>{serial}</SN><DeviceID>{device}</DeviceID><Status>OK</Status></Notify>"""
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><EventNotificationAlert>&b;</EventNotificationAlert>'


@dataclass(frozen=True)
class Payload:
    """One post and what must become of it. `alarm` names what is seen: equal ones are one alert."""

    adapter: str
    source: str
    content_type: str
    body: bytes
    becomes: Becomes
    alarm: tuple[str, str] | None = None

    @property
    def path(self) -> str:
        """Where it is posted."""
        return f"/v1/intake/{self.adapter}/{self.source}"


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
        made += (heartbeat(camera, now - timedelta(seconds=10 * turn), turn) for turn in range(HEARTBEATS))
    made += garbage(own[0], now)
    Random(seed).shuffle(made)  # noqa: S311
    return made


def alarms(cameras: Sequence[Camera], series: Sequence[Series], now: datetime) -> Iterator[Payload]:
    """Each series by cameras of its own."""
    left = iter(cameras)
    for one in series:
        for camera, _ in zip(left, range(one.cameras), strict=False):
            for turn in range(1, one.repeats + 1):
                at = now - timedelta(seconds=one.repeats - turn)
                yield hikvision(camera, one, at, turn) if camera.vendor == "hikvision" else gb(camera, one, at, turn)


def dispatching(payloads: Sequence[Payload]) -> set[tuple[str, str]]:
    """The alarms that somebody has to look at: those of one grid are one incident with one case."""
    events = {one.event for one in (*HIKVISION_SERIES, *NATIONAL_SERIES) if one.dispatching}
    return {payload.alarm for payload in payloads if payload.alarm and payload.alarm[1] in events}


def hikvision(camera: Camera, series: Series, at: datetime, count: int) -> Payload:
    """The `count`-th repeat of an alarm that goes on."""
    xml = event(camera, series.event, at, count, region="" if series.event == "VMD" else REGION)
    content_type, body = ("application/xml", xml) if not series.picture else multipart(xml)
    return Payload("hikvision", camera.device, content_type, body, "parsed", (camera.device, series.event))


def heartbeat(camera: Camera, at: datetime, serial: int) -> Payload:
    """I live. Hikvision says so by a loss of video that is not active."""
    if camera.vendor == "gb28181":
        body = KEEPALIVE.format(serial=serial, device=camera.device).encode("gb2312")
        return Payload("gb28181", "gb-platform", "Application/MANSCDP+xml", body, "heartbeat")
    body = event(camera, "videoloss", at, 0, state="inactive", channel="0")
    return Payload("hikvision", camera.device, 'application/xml; charset="UTF-8"', body, "heartbeat")


def gb(camera: Camera, series: Series, at: datetime, serial: int) -> Payload:
    """An alarm that a platform hands over, GB2312, its time without a zone."""
    method, _, kind = series.event.partition("/")
    local = at.astimezone(CHINA).strftime("%Y-%m-%dT%H:%M:%S")
    body = NATIONAL.format(serial=serial, device=camera.device, method=method, kind=kind, at=local).encode("gb2312")
    return Payload("gb28181", "gb-platform", "Application/MANSCDP+xml", body, "parsed", (camera.device, series.event))


def garbage(camera: Camera, now: datetime) -> list[Payload]:
    """Cut off in the middle, and an attempt to declare entities."""
    whole = event(camera, "fielddetection", now, 1)
    broken = (whole[: len(whole) // 2], DOCTYPE)
    return [Payload("hikvision", camera.device, "application/xml", body, "rejected") for body in broken]


def event(
    camera: Camera,
    name: str,
    at: datetime,
    count: int,
    *,
    region: str = "",
    state: str = "active",
    channel: str | None = None,
) -> bytes:
    """One EventNotificationAlert in the dialect of this camera."""
    host = sum(map(ord, camera.device)) % 250
    return HIKVISION.format(
        namespace=NAMESPACES[host % len(NAMESPACES)],
        host=host,
        channel=channel or camera.channel,
        at=at.astimezone(CHINA).isoformat(timespec="seconds"),
        count=count,
        event=name,
        state=state,
        region=region,
        name=camera.name,
    ).encode()


def multipart(xml: bytes) -> tuple[str, bytes]:
    """The report with its picture."""
    parts = (("event.xml", "application/xml", xml), ("picture.jpg", "image/jpeg", GREY_DOT))
    body = b"".join(
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\nContent-Type: %b\r\n\r\n%b\r\n'
        % (BOUNDARY.encode(), name.encode(), kind.encode(), content)
        for name, kind, content in parts
    )
    return f"multipart/form-data; boundary={BOUNDARY}", body + f"--{BOUNDARY}--\r\n".encode()
